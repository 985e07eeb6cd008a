"""The README is true: its links lead somewhere, and its keys are those of the program."""

from __future__ import annotations

import re
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import pytest

from core.check.database import check_versions
from core.check.result import CheckStatus
from tui.bindings import KEYS, key
from tui.key_names import display

if TYPE_CHECKING:
    from core.practice.inspection import DatabaseProfile

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
MANUAL = ROOT / "tui" / "manual"


def links(text: str) -> list[str]:
    """Return the targets of links and pictures within the repository."""
    return re.findall(r"\]\((?!https?:)([^)#]+)(?:#[^)]*)?\)", text)


def test_every_link_leads_to_a_file() -> None:
    assert [link for link in links(README) if not (ROOT / link).is_file()] == []


def test_every_page_of_the_manual_is_linked() -> None:
    assert {MANUAL / Path(link).name for link in links(README) if link.endswith(".md")} >= set(MANUAL.glob("*.md"))


def test_a_picture_comes_first() -> None:
    assert README.split("\n\n")[1].startswith("![")


@pytest.mark.parametrize("id_", ["help", "manual", "filter", "palette", "back"])
def test_the_keys_to_know_are_those_of_the_program(id_: str) -> None:
    assert f"| `{display(key(id_))}` |" in README


@pytest.mark.parametrize("id_", ["add-key", "choose-permissions", "save-choice", "continue", "accept", "disable-here"])
def test_the_first_key_is_added_with_the_keys_of_the_program(id_: str) -> None:
    assert f"`{display(key(id_))}`" in README.partition("## Your first key")[2].partition("\n## ")[0]


def test_the_readme_names_no_key_that_does_not_exist() -> None:
    existing = {display(name) for each in KEYS for name in each.keys.split(",")} | {"^y"}
    named = set(re.findall(r"`(\^[a-z]|F\d|[a-zA-Z?/=])`", README))
    assert named <= existing


def versions(opendental: str, server: str) -> list[CheckStatus]:
    """Check the versions of Open Dental and of a server."""
    profile = SimpleNamespace(database_version=opendental, server=server, host="db")
    return [result.status for result in check_versions(cast("DatabaseProfile", profile))]


@pytest.mark.parametrize(
    "text", [README, (MANUAL / "connecting.md").read_text(encoding="utf-8")], ids=["README", "manual"]
)
def test_the_supported_versions_are_those_that_the_check_accepts(text: str) -> None:
    supported = re.search(
        r"supports Open Dental ([\d.]+) to ([\d.]+) on MySQL ([\d.]+) to (\d+) and on MariaDB ([\d.]+) and later", text
    )
    assert supported is not None
    first, last, oldest, newest, mariadb = supported.groups()
    for server in (f"MySQL {oldest}.0", "MySQL 8.4.0", f"MySQL {newest}.9.1", f"MariaDB {mariadb}.0", "MariaDB 13.0.1"):
        assert versions(first, server) == versions(last, server) == [CheckStatus.OK, CheckStatus.OK], server
    for server in ("MySQL 5.1.73", f"MySQL {int(newest) + 1}.0.0", "MariaDB 10.4.30"):
        assert versions(last, server) == [CheckStatus.OK, CheckStatus.WARNING], server


def test_every_picture_is_shown_somewhere() -> None:
    texts = [README, *(page.read_text(encoding="utf-8") for page in MANUAL.glob("*.md"))]
    shown = {Path(link).name for text in texts for link in links(text) if "screenshots/" in link}
    assert shown == {picture.name for picture in (ROOT / "screenshots").glob("*.png")}
    drawn = {file.with_suffix(".png").name for file in (ROOT / "screenshots").glob("*.svg")}
    assert drawn == shown
