"""Random keys: nothing crashes, nothing falls silent, and nothing changes without its entry in the Audit Trail.

Each seed presses the same keys each time. The practice's triggers record every change in order, so that each one can be
compared with the audit entry that must come before it, in the same transaction.
"""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Iterator
from random import Random
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, event

from core.offices.open_request import OpenRequest
from tests.support import embedded_rows as rows
from tests.support.user_driver import SIZE, User
from tui.app import ApisetupApp
from tui.modals.prompt import Prompt
from tui.screens.api_setup import ApiSetupScreen

FIRST_SEED = int(os.environ.get("APISETUP_FUZZ_FIRST", "1"))
SEEDS = range(FIRST_SEED, FIRST_SEED + int(os.environ.get("APISETUP_FUZZ_SEEDS", "1")))
LENGTH = int(os.environ.get("APISETUP_FUZZ_KEYS", "120"))
"""The number of keys for each seed."""
SILENCE = 5.0
"""Seconds within which the program must have handled the keys before."""

_NAMED = (
    "enter escape tab shift+tab space backspace up down left right home end pageup pagedown slash question_mark plus"
    " f1 f2 f3 f4 f5 f6 f7 f8 f9 ctrl+y ctrl+y ctrl+y ctrl+s ctrl+n ctrl+o ctrl+t ctrl+p ctrl+r ctrl+f ctrl+b ctrl+u"
).split()
_LETTERS = [*"acdefgijklnoprtuvxEGLy", *"123"]
_KEYS = [*_NAMED, *_LETTERS, *_LETTERS]
_TEXTS = ["2024-05-06", "EXAMPLE-KEY-12345678", "Night Guard", "15", "only:ours", "Page down", "quit"]

_ROWS = [
    ["escape"] * 4,
    ["escape", "escape", "d", "ctrl+y", "enter"],
    ["escape", "escape", "E"],
    ["escape", "enter", "c", "ctrl+y", "v", "escape"],
    ["escape", "escape", "t", "down", "enter", "u", "ctrl+y"],
    ["escape", "escape", "escape", "tab", "space", "ctrl+s"],
    ["escape", "escape", "a"],
    ["end", "ctrl+y"],
]
"""Keys that together do something that single random keys would rarely do."""

_AUDIT = "securitylog"
_COMMIT = "commit"
_NOT_THE_PRACTICE = ("securityloghash", "signalod", "recorded_change", "apisetup_use_day", "apisetup_use_range")
"""Tables that belong to an entry or to a change, keep what was read from the Audit Trail, or belong to this test."""


def record_changes() -> None:
    """Make every change of a row in the practice record itself, in order."""
    tables = [name for (name,) in rows.query("SELECT name FROM sqlite_master WHERE type = 'table'")]
    rows.execute("CREATE TABLE recorded_change (number INTEGER PRIMARY KEY, place TEXT NOT NULL)")
    for table in tables:
        recorded = table not in _NOT_THE_PRACTICE and not table.startswith("sqlite_")
        for change in ("INSERT", "UPDATE", "DELETE") if recorded else ():
            rows.execute(
                f"CREATE TRIGGER record_{table}_{change} AFTER {change} ON {table}"
                f" BEGIN INSERT INTO recorded_change (place) VALUES ('{table}'); END"
            )


@pytest.fixture
def commits_recorded() -> Iterator[None]:
    """Make each transaction that changed something record its end."""
    changes_before: dict[int, int] = {}

    def record_commit(connection: Connection) -> None:
        driver: Any = connection.connection.dbapi_connection
        if driver.total_changes != changes_before.get(id(driver), 0):
            driver.execute("INSERT INTO recorded_change (place) VALUES (?)", (_COMMIT,))
            changes_before[id(driver)] = driver.total_changes

    event.listen(Engine, "commit", record_commit)
    yield
    event.remove(Engine, "commit", record_commit)


def unaudited_transactions() -> list[list[str]]:
    """Return the changes of each transaction that changed something without writing an audit entry first."""
    places = [place for (place,) in rows.query("SELECT place FROM recorded_change ORDER BY number")]
    transactions: list[list[str]] = [[]]
    for place in places:
        if place == _COMMIT:
            transactions.append([])
        else:
            transactions[-1].append(place)
    return [each for each in transactions if each and each[0] != _AUDIT]


class Keyboard:
    """Presses random keys.

    Args:
        random: Decides which keys they are.
    """

    def __init__(self, random: Random) -> None:
        self._random = random
        self.pressed: list[str] = []

    async def press(self, user: User) -> None:
        """Press a key, a row of keys that belong together, or paste a text."""
        kind = self._random.random()
        if kind < 0.05:
            text = self._random.choice(_TEXTS)
            self.pressed.append(f"paste {text!r}")
            await user.enter_text(text)
        elif kind < 0.15:
            for key in self._random.choice(_ROWS):
                await self._press(user, key, 1.0)
        elif kind < 0.2 and isinstance(user.app.screen, Prompt):
            for key in [*"".join(re.findall(r"\*{8}(\w{4})", user.text)[:1]), "enter"]:
                await self._press(user, key, 1.0)
        else:
            await self._press(user, self._random.choice(_KEYS), self._random.choice((0.0, 0.01, 0.2, 1.0, 1.0)))

    async def _press(self, user: User, key: str, pace: float) -> None:
        self.pressed.append(f"{key} after {pace}")
        user.type_at(pace, key)
        if pace and not user.app.is_exiting:
            async with asyncio.timeout(SILENCE):
                await user.settle()


async def run_until_it_ends(opening: OpenRequest, keyboard: Keyboard) -> None:
    """Press keys until the program was quit or enough keys were pressed."""
    app = ApisetupApp(opening)
    async with app.run_test(size=SIZE) as pilot:
        user = User(pilot)
        await user.at(ApiSetupScreen)
        while len(keyboard.pressed) < LENGTH and not app.is_exiting:
            await keyboard.press(user)
        if not app.is_exiting:
            async with asyncio.timeout(SILENCE):
                await user.settle()
    app.commits.close()
    assert app.crash is None, keyboard.pressed


@pytest.mark.usefixtures("commits_recorded")
@pytest.mark.parametrize("seed", SEEDS)
async def test_random_keys_neither_crash_nor_silence_the_program_nor_change_anything_unaudited(
    demo: OpenRequest, seed: int
) -> None:
    record_changes()
    keyboard = Keyboard(Random(seed))  # noqa: S311 - the same keys each time
    while len(keyboard.pressed) < LENGTH:
        await run_until_it_ends(demo, keyboard)
        assert unaudited_transactions() == [], keyboard.pressed
