"""Help, key bar and palette show the keys that work on each screen."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

import pytest
from textual.widgets import Input

from core.offices.open_request import OpenRequest
from tests.support.user_driver import User, run_program
from tests.support.waiting import until
from tests.tui.test_assign import fill_form, open_license
from tests.tui.test_edit_key import open_key
from tui.bindings import keys
from tui.key_definition import Key
from tui.modals.help import HelpPanel
from tui.modals.palette import Palette
from tui.modals.permissions import PermissionChoice
from tui.modals.question import Question
from tui.platform.key_help import HelpSection
from tui.screens.audit_entry import AuditEntryScreen
from tui.screens.audit_trail import AuditTrailScreen
from tui.screens.manual import ManualScreen


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
        await assert_help_lists_no_key_twice(user)
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
    await user.press("ctrl+g")
    panel = await user.at(HelpPanel)
    listed = {entry.sentence for section in help_of(panel) for entry in section.entries}
    # A key whose names all do something else here is left out.
    names = {name for each in expected for name in each.keys.split(",")}
    assert {each.tooltip for each in expected if not names_of_others(each, expected)} <= listed, names
    await user.press("escape")
    assert user.stack == stack


async def assert_help_lists_no_key_twice(user: User) -> None:
    await user.press("ctrl+g")
    sections = help_of(await user.at(HelpPanel))
    apart = ("In fields", "While typing", "Not now")
    names = [
        name
        for section in sections
        if section.title not in apart
        for entry in section.entries
        for name in entry.names.split(", ")
    ]
    assert len(names) == len(set(names))
    sentences = [entry.sentence for section in sections for entry in section.entries]
    assert len(sentences) == len(set(sentences))
    await user.press("escape")


async def test_question_mark_in_a_text_field_is_only_a_character(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await fill_form(user, key="")
        user.field("key").focus()
        await user.press("question_mark")
        assert user.field("key").value == "?"


async def test_the_help_of_a_question_says_that_escape_changes_nothing(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await open_question(user)
        panel = await open_help(user)
        first = help_of(panel)[0].entries
        assert ("Esc", "Cancel. Nothing is changed.") in [(entry.names, entry.sentence) for entry in first]


# -- the help ------------------------------------------------------------------------


def help_of(panel: HelpPanel) -> tuple[HelpSection, ...]:
    return panel._sections


def names_of_others(each: Key, listed: Sequence[Key]) -> bool:
    """Return True if keys that are listed before this one take all of its names."""
    before = listed[: listed.index(each)]
    taken = {name for other in before for name in other.keys.split(",")}
    return set(each.keys.split(",")) <= taken


async def open_help(user: User) -> HelpPanel:
    await user.press("question_mark")
    return await user.at(HelpPanel)


async def test_the_help_lists_what_works_now_first(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await open_license(user)
        sections = help_of(await open_help(user))
        assert [section.title for section in sections] == ["Works now", "Lists", "Everywhere", "Not now"]
        assert "Decline the license agreement. Asks first." in [entry.sentence for entry in sections[0].entries]
        assert [entry.sentence for entry in sections[-1].entries] == ["Accept the license agreement."]


async def test_space_toggles_a_permission_and_does_not_scroll_too(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await open_permissions(user)
        sections = help_of(await open_help(user))
        spaces = [entry.sentence for section in sections for entry in section.entries if "Space" in entry.names]
        assert spaces == ["Toggle the permission or the group."]


async def test_a_screen_without_a_list_has_no_keys_of_lists(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await open_question(user)
        assert "Lists" not in [section.title for section in help_of(await open_help(user))]


async def test_typing_filters_the_help(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await open_help(user)
        await user.press(*"disable")
        assert "d, F7" in user.flowing_text
        assert "Add an API key" not in user.flowing_text
        await user.press("end", "ctrl+u", *"zzz")
        assert "No key matches" in user.flowing_text


async def test_the_filter_finds_a_key_by_its_name(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await open_help(user)
        await user.enter_text("^s")
        assert "Save the changes." in user.flowing_text
        assert "Add an API key" not in user.flowing_text


async def test_sentences_that_wrap_are_indented(demo: OpenRequest) -> None:
    async with run_program(demo, size=(60, 20)) as user:
        await open_help(user)
        lines = user.text.splitlines()
        row = next(index for index, line in enumerate(lines) if "Disable the key under the cursor," in line)
        assert lines[row + 1].index("or all selected keys") == lines[row].index("Disable the key")


async def test_the_arrow_keys_scroll_the_help(demo: OpenRequest) -> None:
    async with run_program(demo, size=(60, 20)) as user:
        await open_help(user)
        assert "Works now" in user.text
        await user.press("pagedown")
        assert "Works now" not in user.text
        await user.press("pageup")
        assert "Works now" in user.text


async def test_the_help_leads_to_the_manual_page_of_the_screen(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await open_trail(user)
        await open_help(user)
        await user.press("f1")
        await user.at(ManualScreen)
        assert user.panel("page").startswith("Audit Trail and filter language")
        await user.press("escape")
        assert user.stack == ["ApiSetupScreen", "AuditTrailScreen"]


async def test_help_does_not_open_above_help(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await user.press("question_mark", "question_mark", "ctrl+g")
        assert user.stack == ["ApiSetupScreen", "HelpPanel"]


# -- the palette ---------------------------------------------------------------------


async def open_palette(user: User) -> Palette:
    await user.press("ctrl+p")
    return await user.at(Palette)


async def test_the_palette_runs_the_chosen_command(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await open_palette(user)
        await user.enter_text("Audit")
        await user.press("enter")
        await user.at(AuditTrailScreen)


async def test_a_line_of_the_palette_has_name_key_and_sentence(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await open_palette(user)
        assert user.row == "Add | a | Add an API key for this practice."
        await user.press("down")
        assert user.row == "Edit | Enter | Open the selected API key."


async def test_the_first_match_in_the_palette_is_selected(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await open_palette(user)
        await user.press("down", "down", *"audit")
        assert user.row.startswith("Audit Trail | t | ")


async def test_a_key_finds_its_command_in_the_palette(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await open_palette(user)
        await user.press("E")
        assert user.row.startswith("Enable | E | ")


async def test_the_palette_offers_only_enabled_commands(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await open_license(user)
        assert "Decline the license agreement. Asks first." in await offered(user)
        assert "Accept the license agreement." not in await offered(user)
        await user.press("end")
        assert "Accept the license agreement." in await offered(user)


async def offered(user: User) -> list[str]:
    await open_palette(user)
    rows = user.list.rows
    sentences = [row.cells[2] for index in range(len(rows)) if (row := rows.row(index))]
    await user.press("escape")
    return sentences


async def test_the_palette_goes_to_a_place(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await open_first_key(user)
        await user.press("escape")
        await open_palette(user)
        await user.enter_text("go to the audit trail")
        await user.press("enter")
        await user.at(AuditTrailScreen)


async def test_escape_leaves_the_palette(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await open_palette(user)
        await user.press("escape")
        await until(lambda: user.stack == ["ApiSetupScreen"])


async def test_enter_without_a_match_does_nothing(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await open_palette(user)
        await user.press(*"zzzz", "enter")
        assert user.stack == ["ApiSetupScreen", "Palette"]
        assert "No command matches." in user.text


async def test_page_down_from_the_palette_scrolls_the_text_that_has_focus(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await open_license(user)
        before = user.text
        await open_palette(user)
        await user.enter_text("Scroll down by one page")
        await user.press("enter")
        assert user.stack[-1] == "LicenseScreen"
        assert user.text != before


async def test_page_down_from_the_palette_on_a_text_that_fits_does_nothing(demo: OpenRequest) -> None:
    async with run_program(demo, size=(100, 60)) as user:
        await open_license(user)
        await open_palette(user)
        await user.enter_text("Scroll down by one page")
        await user.press("enter")
        assert user.app.crash is None


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
