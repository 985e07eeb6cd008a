"""Keys that are typed while the office is still being opened."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from core.keys.service import KeyService
from core.offices.open_request import OpenRequest
from tests.support.gates import Gate, Gates
from tests.support.user_driver import User, running
from tests.support.waiting import until
from tui.app import ApisetupApp
from tui.modals.question import Question
from tui.platform import waiting
from tui.screens.connect import ConnectScreen
from tui.widgets.key_table import KeyTable

_PACE = 0.2
"""The seconds from key to key of somebody who types."""


@asynccontextmanager
async def opening(demo: OpenRequest, held: Gate) -> AsyncIterator[User]:
    """Run the program until it waits for the keys of its practice."""
    async with running(ApisetupApp(demo)) as user:
        await until(held.entered.is_set)
        await until(lambda: user.status_text.startswith("Opening"))
        yield user
        held.open()


async def type_filter(user: User, text: str) -> None:
    user.type_at(_PACE, "slash", *text)
    await until(lambda: user.screen.query_one(KeyTable).filter.value == text)


async def finish(user: User, held: Gate) -> None:
    held.open()
    await user.at_api_setup()


async def test_a_filter_finds_keys_as_soon_as_they_are_there(demo: OpenRequest, gate: Gates) -> None:
    held = gate(KeyService, "list")
    async with opening(demo, held) as user:
        await type_filter(user, "cle")
        await finish(user, held)
        assert "1 of 12 · 1 on" in user.text
        assert user.row.startswith("ClearPay")


async def test_the_key_that_was_found_can_be_disabled_at_once(demo: OpenRequest, gate: Gates) -> None:
    held = gate(KeyService, "list")
    async with opening(demo, held) as user:
        await type_filter(user, "cle")
        await finish(user, held)
        await user.press("enter", "d")
        assert isinstance(user.screen, Question)
        assert "ClearPay" in user.text


async def test_nothing_is_said_of_keys_that_are_not_known_yet(demo: OpenRequest, gate: Gates) -> None:
    held = gate(KeyService, "list")
    async with opening(demo, held) as user:
        await type_filter(user, "cle")
        user.draw()
        assert user.panel("keys-panel") == "Keys"
        assert "No key" not in user.text
        assert user.status_text == "Opening…"
        await finish(user, held)


async def test_a_filter_that_was_left_again_shows_all_keys(demo: OpenRequest, gate: Gates) -> None:
    held = gate(KeyService, "list")
    async with opening(demo, held) as user:
        await type_filter(user, "cle")
        user.type_at(_PACE, "escape")
        await until(lambda: not user.screen.query_one(KeyTable).filtered)
        assert user.panel("keys-panel") == "Keys"
        await finish(user, held)
        assert "12 · 9 on" in user.text


async def test_an_invalid_filter_is_refused_once_there_are_keys(demo: OpenRequest, gate: Gates) -> None:
    held = gate(KeyService, "list")
    async with opening(demo, held) as user:
        await type_filter(user, "status:x")
        user.type_at(_PACE, "enter")
        await finish(user, held)
        assert "12 · 9 on" in user.text
        await user.press("enter")
        assert "status" in user.status_text


async def test_esc_stops_the_opening_as_the_status_line_says(
    demo: OpenRequest, gate: Gates, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting, "SHOW_AFTER", 0.01)
    held = gate(KeyService, "list")
    async with opening(demo, held) as user:
        await type_filter(user, "cle")
        await until(lambda: user.status_text.endswith("Esc stops waiting."))
        user.type_at(_PACE, "escape")
        await until(lambda: isinstance(user.app.screen, ConnectScreen))
        held.open()
        await user.at(ConnectScreen)
        assert "Stopped waiting: opening the practice." in user.flowing_text
