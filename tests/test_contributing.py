"""CONTRIBUTING.md says where things are: every folder is listed, and every path that is named exists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
TEXT = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
TABLE = TEXT[TEXT.index("## Where things are") : TEXT.index("## Setup")]


@pytest.mark.parametrize("package", ["core", "tui", "tests"])
def test_each_folder_is_in_the_table(package: str) -> None:
    folders = {file.relative_to(ROOT / package).parts[0] for file in (ROOT / package).glob("*/**/*.py")}
    assert {folder for folder in folders if f"`{package}/{folder}/`" not in TABLE} == set()


def test_each_path_exists() -> None:
    named = re.findall(r"`((?:core|tui|tests|screenshots|\.ci|\.github)/[\w./]+)`", TEXT)
    # NAME and NOUN stand for what somebody adds.
    missing = [path for path in named if not re.search("NAME|NOUN", path) and not (ROOT / path).exists()]
    assert missing == []
