"""Keys that arrive together, as over a slow connection: each one goes to the screen that the key before it left."""

from __future__ import annotations

import asyncio

from textual.widgets import Input

from core.offices.open_request import OpenRequest
from tests.support.thorough import first_of
from tests.support.user_driver import User, run_program
from tests.support.waiting import until
from tui.modals.notice import Notice
from tui.modals.prompt import Prompt
from tui.screens.edit_key import EditKeyScreen


async def _press_after(user: User, first: str, steps: int, second: str) -> None:
    """Press a key when the program has made some steps since the key before."""
    user.send(first)
    for _ in range(steps):
        await asyncio.sleep(0)
    user.send(second)


@first_of(1, "closing", ["enter", "escape"])
async def test_a_key_right_after_one_that_closes_a_dialog_is_not_lost(demo: OpenRequest, closing: str) -> None:
    async with run_program(demo) as user:
        screen = await user.at_api_setup()
        user.list.focus()
        await user.settle()
        lost = []
        for steps in range(30):
            screen.open_screen(Notice("Disabled", ["The key is disabled."]))
            await user.settle()
            await _press_after(user, closing, steps, "question_mark")
            await user.settle()
            if user.app.screen is screen:
                lost.append(steps)
            else:
                await user.press("escape")
            await until(lambda: user.app.screen is screen)
        assert not lost


async def test_a_key_pressed_twice_does_not_type_into_the_dialog_that_it_opens(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await user.at_api_setup()
        user.list.focus()
        await user.settle()
        user.send("N", "N")
        await user.at(Prompt)
        await user.settle()
        assert user.app.screen.query_one(Input).value == ""
        await user.press("N")
        assert user.app.screen.query_one(Input).value == "N"


async def test_a_key_pressed_twice_does_nothing_on_the_screen_below_the_one_that_it_closes(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        screen = await user.at_api_setup()
        user.list.focus()
        await user.press("d")
        assert user.app.screen is not screen
        user.send("enter", "enter")
        await until(lambda: user.app.screen is screen)
        await user.settle()
        assert user.app.screen is screen
        await user.press("enter")
        await user.at(EditKeyScreen)


async def test_quick_escapes_leave_a_screen_each(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        screen = await user.at_api_setup()
        user.list.focus()
        await user.press("enter", "question_mark")
        user.send("escape", "escape")
        await until(lambda: user.app.screen is screen)
