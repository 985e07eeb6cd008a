"""The JSON documents of the commands have the names that the manual lists."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from core.model.agreement import default_agreement
from tests.support.command_line import CommandLine
from tui.manual.pages import page

FREE = {"kinds", "by_rule"}
"""The names of objects whose own names are values."""
COMMANDS = (
    ("keys", "list"),
    ("keys", "show", "--key", "AD92"),
    ("keys", "use"),
    ("keys", "disable", "--key", "AD92", "--end-subscriptions", "--yes"),
    ("keys", "add", "--developer", "A", "--no-baa", "--accept-license", default_agreement().sha256, "--yes"),
    ("settings", "get"),
    ("settings", "set", "--api", "off", "--yes"),
    ("subscriptions", "list"),
    ("subscriptions", "end", "1", "--yes"),
    ("payment-types", "list"),
    ("payment-types", "move", "Cash", "up", "--yes"),
    ("why",),
    ("review", "due"),
    ("review", "status"),
    ("review", "list"),
    ("review", "show"),
    ("review", "decide", "--key", "AD92", "--keep-until", "2099-12-31", "--yes"),
    ("review", "end", "--with-open", "--yes"),
    ("keys", "note", "--key", "AD92", "--owner", "Ann", "--yes"),
    ("audit", "search"),
    ("audit", "verify"),
    ("report", "--month", "this"),
)


def documented() -> set[str]:
    """Return the names in code on the manual's page."""
    return set(re.findall(r"`([a-z0-9_]+)`", page("json").text))


def names(value: Any) -> Iterator[str]:
    """Yield the names of all objects in a document."""
    if isinstance(value, dict):
        for name, nested in value.items():
            yield name
            if name not in FREE:
                yield from names(nested)
    elif isinstance(value, list):
        for nested in value:
            yield from names(nested)


@pytest.mark.parametrize("arguments", COMMANDS, ids=" ".join)
def test_every_name_is_in_the_manual(arguments: tuple[str, ...], tmp_path: Path) -> None:
    completed = CommandLine(tmp_path).run(*arguments, "--demo", "--json", stdin="Zz9Yy8Xx7Ww6Vv5U")
    assert completed.document["command"] == " ".join(arguments[: 1 if arguments[0] in ("why", "report") else 2])
    assert completed.document["offices"][0]["error"] is None
    assert set(names(completed.document)) - documented() == set()


def test_the_names_of_check_grants_and_offices_are_in_the_manual(tmp_path: Path) -> None:
    line = CommandLine(tmp_path)
    line.make_practice()
    for arguments in (["check"], ["grants"], ["audit", "export", str(tmp_path / "trail.csv")]):
        assert set(names(line.run(*arguments, "--json").document)) - documented() == set()
    line.configure('[offices.A]\nhost = "h"\ndatabase = "d"\nuser = "u"\n')
    assert set(names(line.run("offices", "list", "--json").document)) - documented() == set()
