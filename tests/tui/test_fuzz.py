"""Random keys: nothing crashes, nothing falls silent, and nothing changes without its entry in the Audit Trail.

Each seed presses the same keys each time. The practice's triggers record every change in order, so that each one can be
compared with the audit entry that must come before it, in the same transaction.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from contextlib import suppress
from random import Random
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, event
from textual import events

from core.offices.open_request import OpenRequest
from tests.support import embedded_rows as rows
from tests.support.user_driver import SIZE, User
from tui.app import ApisetupApp
from tui.screens.api_setup import ApiSetupScreen

SEEDS = range(int(os.environ.get("APISETUP_FUZZ_FIRST", "1")), 1 + int(os.environ.get("APISETUP_FUZZ_SEEDS", "4")))
LENGTH = int(os.environ.get("APISETUP_FUZZ_KEYS", "150"))
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

_AUDIT = "securitylog"
_COMMIT = "commit"
_NOT_THE_PRACTICE = ("securityloghash", "signalod", "recorded_change")
"""Tables that belong to an entry or to a change, or to this test."""


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
        user: Whose program gets them.
        seed: Decides which keys they are.
    """

    def __init__(self, user: User, seed: int) -> None:
        self._user = user
        self._random = Random(seed)  # noqa: S311 - the same keys each time
        self.pressed: list[str] = []

    async def press(self) -> None:
        """Press a key or paste a text, and in most cases wait until the program has handled it."""
        pace = self._random.choice((0.0, 0.01, 0.2, 1.0, 1.0))
        if self._random.random() < 0.05:
            text = self._random.choice(_TEXTS)
            self.pressed.append(f"paste {text!r}")
            self._user.app.post_message(events.Paste(text))
        else:
            key = self._random.choice(_KEYS)
            self.pressed.append(f"{key} after {pace}")
            self._user.type_at(pace, key)
        if pace:
            async with asyncio.timeout(SILENCE):
                await self._user.settle()


@pytest.mark.usefixtures("commits_recorded")
@pytest.mark.parametrize("seed", SEEDS)
async def test_random_keys_neither_crash_nor_silence_the_program_nor_change_anything_unaudited(
    demo: OpenRequest, seed: int
) -> None:
    record_changes()
    app = ApisetupApp(demo)
    async with app.run_test(size=SIZE) as pilot:
        user = User(pilot)
        await user.at(ApiSetupScreen)
        keyboard = Keyboard(user, seed)
        for _ in range(LENGTH):
            if app.is_exiting or app.crash is not None:
                break
            await keyboard.press()
        with suppress(TimeoutError):
            async with asyncio.timeout(SILENCE):
                await user.settle()
        assert app.crash is None, keyboard.pressed
    app.commits.close()
    assert app.crash is None, keyboard.pressed
    assert unaudited_transactions() == [], keyboard.pressed
