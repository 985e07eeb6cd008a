"""The README is true: what it lists is what the program has."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import pytest

from core.check.database import check_versions
from core.check.result import CheckStatus
from tui.bindings import KEYS, Key, display

if TYPE_CHECKING:
    from core.practice.inspection import DatabaseProfile

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("key", KEYS, ids=lambda key: key.id)
def test_every_key_is_listed_with_what_it_does(key: Key) -> None:
    names = " ".join(f"`{display(name)}`" for name in key.keys.split(","))
    assert f"| {names} | {key.tooltip} |" in README


@pytest.mark.parametrize(
    "command",
    ["", "audit verify", "audit export", "offices list", "offices add", "offices remove", "offices import"],
)
def test_every_option_is_listed(command: str) -> None:
    asked = [sys.executable, "-m", "tui", *command.split(), "--help"]
    shown = subprocess.run(asked, capture_output=True, text=True, check=True).stdout
    options = set(re.findall(r"--[a-z-]+[a-z]", shown))
    assert {option for option in options if f"`{option}" not in README} == set()


def test_every_environment_variable_of_the_program_is_listed() -> None:
    sources = "".join(
        path.read_text(encoding="utf-8") for name in ("core", "tui") for path in (ROOT / name).rglob("*.py")
    )
    variables = set(re.findall(r"\bAPISETUP_[A-Z_]+", sources))
    assert {variable for variable in variables if variable not in README} == set()


def test_every_picture_is_there() -> None:
    pictures = re.findall(r"\]\((screenshots/[^)]+)\)", README)
    assert [picture for picture in pictures if not (ROOT / picture).exists()] == []
    assert {ROOT / picture for picture in pictures} == set((ROOT / "screenshots").glob("*.png"))
    drawn = {file.with_suffix(".png") for file in (ROOT / "screenshots").glob("*.svg")}
    assert drawn == set((ROOT / "screenshots").glob("*.png"))


def versions(opendental: str, server: str) -> list[CheckStatus]:
    """Check the versions of Open Dental and of a server."""
    profile = SimpleNamespace(database_version=opendental, server=server, host="db")
    return [result.status for result in check_versions(cast("DatabaseProfile", profile))]


def test_the_supported_versions_are_those_that_the_check_accepts() -> None:
    supported = README.partition("Supported are ")[2].partition(", MyISAM")[0]
    numbers = re.fullmatch(
        r"Open Dental ([\d.]+) to ([\d.]+) on MySQL ([\d.]+) to (\d+) or MariaDB ([\d.]+) and later", supported
    )
    assert numbers is not None
    first, last, oldest, newest, mariadb = numbers.groups()
    for server in (f"MySQL {oldest}.0", "MySQL 8.4.0", f"MySQL {newest}.9.1", f"MariaDB {mariadb}.0", "MariaDB 13.0.1"):
        assert versions(first, server) == versions(last, server) == [CheckStatus.OK, CheckStatus.OK], server
    for server in ("MySQL 5.1.73", f"MySQL {int(newest) + 1}.0.0", "MariaDB 10.4.30"):
        assert versions(last, server) == [CheckStatus.OK, CheckStatus.WARNING], server
