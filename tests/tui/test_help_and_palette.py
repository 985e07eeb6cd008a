"""Help, key bar and palette show the keys that work on each screen."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest
from textual.command import CommandPalette
from textual.widgets import Input, OptionList

from core.offices.open_request import OpenRequest
from tests.support.user_driver import User, run_program
from tests.support.waiting import until
from tests.tui.test_assign import fill_form, open_license
from tests.tui.test_edit_key import open_key
from tui.bindings import keys
from tui.modals.permissions import PermissionChoice
from tui.modals.question import Question
from tui.screens.audit_entry import AuditEntryScreen
from tui.screens.audit_trail import AuditTrailScreen
from tui.screens.help import HelpScreen, help_lines


async def stay(user: User) -> None:
    pass


async def open_first_key(user: User) -> None:
    await open_key(user)


async def open_trail(user: User) -> None:
    await user.press("t")
    await user.at(AuditTrailScreen)


async def open_entry(user: User) -> None:
    await open_trail(user)
    await user.press("enter")
    await user.at(AuditEntryScreen)


async def open_permissions(user: User) -> None:
    await open_key(user)
    await user.press("p")
    await user.at(PermissionChoice)


async def open_question(user: User) -> None:
    await user.press("d")
    await user.at(Question)


SCREENS: dict[str, Callable[[User], Awaitable[object]]] = {
    "API Setup": stay,
    "Assign": fill_form,
    "license": open_license,
    "Edit": open_first_key,
    "Audit Trail": open_trail,
    "entry": open_entry,
    "permissions": open_permissions,
    "question": open_question,
}
on_each_screen = pytest.mark.parametrize("open_screen", SCREENS.values(), ids=SCREENS)


@on_each_screen
async def test_help_key_bar_and_size_of_each_screen(
    demo: OpenRequest, open_screen: Callable[[User], Awaitable[object]]
) -> None:
    async with run_program(demo, size=(60, 20)) as user:
        await open_screen(user)
        assert_fits_smallest_terminal(user)
        await user.pilot.resize_terminal(80, 24)
        await user.settle()
        if "help" in user.screen.KEYS:
            assert "Help" in user.keys
        fields = user.screen.query(Input)
        if fields:
            fields.last().focus()
            await user.settle()
            assert_no_letters_in_key_bar(user)
        await user.pilot.resize_terminal(100, 60)
        await assert_help_lists_keys_of_screen_below(user)


def assert_fits_smallest_terminal(user: User) -> None:
    for widget in user.screen.query("*"):
        shown = all(getattr(each, "display", True) for each in widget.ancestors_with_self)
        if widget.can_focus and shown and not widget.is_disabled:
            assert widget.region.width > 0
            assert widget.region.bottom <= 20, widget


def assert_no_letters_in_key_bar(user: User) -> None:
    names = user.keys.split("  ")
    assert all(len(name.split(" ")[0]) > 1 for name in names)


async def assert_help_lists_keys_of_screen_below(user: User) -> None:
    expected, stack = keys(user.screen.help_keys), user.stack
    await user.press("f1")
    await user.at(HelpScreen)
    for each in expected:
        assert each.tooltip in user.flowing_text
    await user.press("escape")
    assert user.stack == stack


async def test_question_mark_in_a_text_field_is_only_a_character(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await fill_form(user, key="")
        user.field("key").focus()
        await user.press("question_mark")
        assert user.field("key").value == "?"


async def test_help_does_not_open_above_help(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await user.press("question_mark", "question_mark", "f1")
        assert user.stack == ["ApiSetupScreen", "HelpScreen"]


def test_help_explains_text_fields_and_the_mouse() -> None:
    text = " ".join(help_lines(("save",)))
    assert "Letter keys work when no text field has the focus" in text
    assert "The mouse belongs to the terminal" in text


# -- the palette ---------------------------------------------------------------------


async def open_palette(user: User) -> OptionList:
    await user.press("ctrl+p")
    await until(lambda: isinstance(user.app.screen, CommandPalette))
    options = user.app.screen.query_one(OptionList)
    await until(lambda: options.option_count > 0)
    return options


async def test_the_palette_runs_the_chosen_command(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        options = await open_palette(user)
        await user.enter_text("Open the Audit")
        await until(lambda: options.option_count == 1)
        await until(lambda: options.highlighted == 0)
        await user.press("enter")
        await until(lambda: isinstance(user.app.screen, AuditTrailScreen))


async def test_the_palette_offers_only_enabled_commands(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await open_license(user)
        offered = [command.title for command in user.app.get_system_commands(user.screen)]
        assert "Decline the license agreement. Asks first" in offered
        assert "Accept the license agreement" not in offered
        await user.press("end")
        assert "Accept the license agreement" in [
            command.title for command in user.app.get_system_commands(user.screen)
        ]


async def test_the_palette_does_not_blink(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await open_palette(user)
        assert not user.app.screen.query_one(Input).cursor_blink


async def test_escape_leaves_the_palette(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await open_palette(user)
        await user.press("escape")
        await until(lambda: user.stack == ["ApiSetupScreen"])


# -- the size of the terminal --------------------------------------------------------


async def test_a_terminal_that_is_too_small_accepts_only_quitting(demo: OpenRequest) -> None:
    async with run_program(demo, size=(59, 24)) as user:
        assert (
            user.flowing_text
            == "This terminal is 59x24; apisetup needs at least 60x20. Make the window larger, or press ^q to quit."
        )
        await user.press("d", "a", "t", "ctrl+s")
        assert user.stack == ["ApiSetupScreen"]
        await user.pilot.resize_terminal(60, 20)
        assert "Keys  12 ·" in user.text
        await user.press("d")
        assert user.stack == ["ApiSetupScreen", "Question"]
        await user.pilot.resize_terminal(40, 10)
        await user.press("ctrl+y")
        assert user.stack == ["ApiSetupScreen", "Question"]
        user.send("ctrl+q")
        await until(lambda: user.app.is_exiting)


async def test_page_down_from_the_palette_scrolls_the_text_that_has_focus(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await user.press("question_mark")
        await user.at(HelpScreen)
        before = user.text
        await open_palette(user)
        await user.enter_text("Scroll down by one page")
        options = user.app.screen.query_one(OptionList)
        await until(lambda: options.option_count == 1 and options.highlighted == 0)
        await user.press("enter")
        await user.at(HelpScreen)
        assert user.text != before


@pytest.mark.parametrize("key", ["pagedown", "pageup", "ctrl+home", "ctrl+end", "down", "up"])
async def test_a_key_for_results_that_are_not_drawn_yet_does_nothing(demo: OpenRequest, key: str) -> None:
    async with run_program(demo) as user:
        options = await open_palette(user)
        options.styles.display = "none"
        await until(lambda: not options.scrollable_content_region)
        options.clear_options()
        options.add_option("Found")
        options.highlighted = 0
        await user.press(key)
        assert user.app.crash is None
        assert user.app.is_running


async def test_page_down_from_the_palette_on_a_text_that_fits_does_nothing(demo: OpenRequest) -> None:
    async with run_program(demo, size=(100, 60)) as user:
        await open_license(user)
        await open_palette(user)
        await user.enter_text("Scroll down by one page")
        options = user.app.screen.query_one(OptionList)
        await until(lambda: options.option_count == 1 and options.highlighted == 0)
        await user.press("enter")
        await user.settle()
        assert user.app.crash is None
