"""Clicks and the wheel, as a terminal reports them once the configuration file has turned the mouse on."""

from __future__ import annotations

import pytest

from core.offices.open_request import OpenRequest
from tests.support.user_driver import User, run_program
from tests.tui.test_assign import open_license
from tui.modals.help import HelpPanel
from tui.screens.audit_trail import AuditTrailScreen
from tui.screens.edit_key import EditKeyScreen
from tui.widgets.key_bar import KeyBar
from tui.widgets.places_line import PlacesLine
from tui.widgets.row_list import RowList
from tui.widgets.text_lines import TextLines


async def click(user: User, widget: type[RowList | KeyBar | PlacesLine], x: int, y: int = 0, times: int = 1) -> None:
    await user.pilot.click(widget, offset=(x, y), times=times)
    await user.settle()


async def test_a_click_moves_the_cursor_and_a_second_one_opens_the_row(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await click(user, RowList, 5, 3)
        assert (user.stack, user.list.cursor) == (["ApiSetupScreen"], 2)
        await click(user, RowList, 5, 4, times=2)
        await user.at(EditKeyScreen)


@pytest.mark.parametrize("y", [0, 15])
async def test_a_click_beside_the_rows_does_nothing(demo: OpenRequest, y: int) -> None:
    async with run_program(demo, size=(80, 30)) as user:
        await user.press("down")
        await click(user, RowList, 5, y)
        assert user.list.cursor == 1


async def test_the_wheel_moves_the_cursor_of_a_list(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        user.list.on_mouse_scroll_down()
        user.list.on_mouse_scroll_down()
        user.list.on_mouse_scroll_up()
        await user.settle()
        assert user.list.cursor == 1


async def test_the_wheel_scrolls_a_text(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await open_license(user)
        text = user.screen.query_one(TextLines)
        text.on_mouse_scroll_down()
        await user.settle()
        assert text.scroll_offset.y == 3
        text.on_mouse_scroll_up()
        await user.settle()
        assert text.scroll_offset.y == 0


async def test_a_click_on_the_last_line_does_what_the_key_does(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await click(user, KeyBar, user.keys.index("? Help") + 3)
        await user.at(HelpPanel)


async def test_a_click_between_two_keys_does_nothing(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await click(user, KeyBar, user.keys.index("  Enter Edit") + 1)
        assert user.stack == ["ApiSetupScreen"]


async def test_a_click_goes_to_a_place(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        line = user.screen.query_one(PlacesLine).render_line(0).text
        await click(user, PlacesLine, line.index("4 Audit trail") + 1)
        await user.at(AuditTrailScreen)


async def test_a_click_in_a_terminal_that_is_too_small_does_nothing(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        assert user.keys.startswith("a Add")
        await user.pilot.resize_terminal(59, 24)
        await user.pilot.click(offset=(2, 23))
        await user.settle()
        assert user.stack == ["ApiSetupScreen"]
