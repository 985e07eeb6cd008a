"""The status line: hints on its right, and messages that are longer than it."""

from __future__ import annotations

import pytest

from core.offices.open_request import OpenRequest
from tests.support.user_driver import run_program
from tui.modals.notice import Notice
from tui.screens.api_setup import ApiSetupScreen
from tui.screens.payment_types import PaymentTypesScreen

LONG = " ".join(f"word{number}" for number in range(120)) + " end"


@pytest.mark.parametrize("key", ["m", "ctrl+n"])
async def test_a_message_that_is_cut_is_shown_whole_by_a_key_that_it_names(demo: OpenRequest, key: str) -> None:
    async with run_program(demo) as user:
        user.screen.show_status(LONG, "problem")
        await user.settle()
        assert "word119" not in user.text
        assert user.screen.status.hint == "m more"
        assert "m more" in user.text
        await user.press(key)
        await user.at(Notice)
        assert LONG in user.flowing_text
        await user.press("enter")
        assert user.stack == ["ApiSetupScreen"]


async def test_without_a_message_there_is_nothing_to_show(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        user.screen.show_status("")
        await user.press("m")
        assert user.stack == ["ApiSetupScreen"]


async def test_the_hint_stands_at_the_right_end_of_the_last_line(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        user.screen.show_status("Something that takes more than one line of the status line. " * 2, "ok", "^z undo")
        await user.settle()
        lines = user.text.splitlines()
        assert lines[-2].rstrip().endswith("^z undo")
        assert not lines[-3].rstrip().endswith("^z undo")


async def test_the_next_message_removes_the_hint(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        user.screen.show_status("Saved.", "ok", "^z undo")
        user.screen.show_status("Saved.", "ok")
        await user.settle()
        assert "^z undo" not in user.text.splitlines()[-2]


async def test_a_narrow_terminal_leaves_the_message_more_room_than_the_hint(demo: OpenRequest) -> None:
    async with run_program(demo, size=(60, 20)) as user:
        user.screen.show_status(LONG, "ok", "^z undo")
        await user.settle()
        line = user.text.splitlines()[-2]
        assert "m more  ^z undo" in line
        assert line.lstrip().startswith("word")


async def test_a_later_change_on_another_screen_removes_the_hint(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        user.screen.show_status("Saved.", "ok", "^z undo")
        await user.press("3")
        await user.at(PaymentTypesScreen)
        await user.press("J")
        assert "^z undo" in user.text.splitlines()[-2]
        await user.press("1")
        await user.at(ApiSetupScreen)
        assert (user.status_text, user.screen.status.hint) == ("Saved.", "")
