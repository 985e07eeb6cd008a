"""The frame of the screens: places, key bar, details that follow the cursor."""

from __future__ import annotations

import pytest

from core.offices.open_request import OpenRequest
from core.settings.service import SettingsService
from tests.support import embedded_rows as rows
from tests.support.cases import case
from tests.support.gates import Gates
from tests.support.user_driver import User, run_program, running
from tests.support.waiting import until
from tui.app import ApisetupApp
from tui.modals.question import Question
from tui.screens.audit_entry import AuditEntryScreen
from tui.screens.audit_trail import AuditTrailScreen
from tui.screens.edit_key import EditKeyScreen

API_SETUP, TRAIL = ["ApiSetupScreen"], ["ApiSetupScreen", "AuditTrailScreen"]


def places(user: User) -> str:
    return user.text.splitlines()[1].strip()


async def test_digits_go_to_the_places(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        assert places(user) == "1 API Setup   2 Subscriptions   3 Pay types   4 Audit trail   5 Review"
        await user.press("4")
        await user.at(AuditTrailScreen)
        await user.press("enter")
        await user.at(AuditEntryScreen)
        await user.press("1")
        await user.at_api_setup()
        assert user.stack == API_SETUP
        await user.press("enter")
        await user.at(EditKeyScreen)
        await user.press("4")
        await user.at(AuditTrailScreen)
        assert user.stack == TRAIL
        await user.press("escape")
        assert user.stack == API_SETUP


async def test_all_places_fit_into_the_smallest_terminal(demo: OpenRequest) -> None:
    async with run_program(demo, size=(60, 20)) as user:
        assert places(user) == "1 API  2 Subscriptions  3 Pay  4 Audit  5 Review"


async def test_the_digit_of_the_current_place_closes_what_is_open_above_it(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await user.press("4", "enter")
        await user.at(AuditEntryScreen)
        await user.press("4")
        await user.at(AuditTrailScreen)
        assert user.stack == TRAIL
        await user.press("4")
        assert user.stack == TRAIL


async def test_a_digit_in_a_text_field_is_only_a_digit(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await user.press("slash", "4", "1", "0")
        assert user.field("filter").value == "410"
        assert user.stack == API_SETUP


async def test_a_place_is_left_after_a_question_about_unsaved_changes(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await user.press("enter")
        await user.at(EditKeyScreen)
        await user.fill("phone", "555-0199")
        user.list.focus()
        await user.press("4")
        await user.at(Question)
        assert "Unsaved changes: this key's fields." in user.flowing_text
        await user.press("escape")
        assert (user.stack, user.field("phone").value) == ([*API_SETUP, "EditKeyScreen"], "555-0199")
        await user.press("4")
        await user.at(Question)
        await user.press("ctrl+y")
        await user.at(AuditTrailScreen)
        assert user.stack == TRAIL


async def test_a_place_that_the_user_may_not_see_stays_closed(demo: OpenRequest) -> None:
    rows.execute("DELETE FROM grouppermission WHERE PermType = 122")
    async with run_program(demo) as user:
        await user.press("4")
        await user.settle()
        assert user.stack == API_SETUP
        assert user.status_text.startswith("The Audit Trail needs the permission")


async def test_the_current_place_is_recognizable_without_color(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await user.press("4")
        await user.at(AuditTrailScreen)
        styles = {text.strip(): style for text, style, _ in user.screen._compositor.render_strips()[1] if style}
        assert styles["4 Audit trail"].underline
        assert not styles["1 API Setup"].underline


async def test_the_key_bar_shows_as_many_keys_as_fit_and_the_help(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        for columns, count in ((60, 5), (80, 7), (120, 10), (200, 12)):
            with case(columns):
                await user.pilot.resize_terminal(columns, 24)
                await user.settle()
                assert user.keys.strip().endswith("Help")
                assert len(user.keys) <= columns - 2
                assert user.keys.count("  ") + 1 >= count


async def test_the_key_bar_says_what_a_field_does_with_enter(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        user.screen.query_one("#payment-type").focus()
        await user.settle()
        assert user.keys.startswith("Enter Choose")
        assert "Enter Edit" not in user.keys
        assert "e Edit" in user.keys
        user.screen.query_one("#enabled").focus()
        await user.settle()
        assert user.keys.startswith("Enter Switch")


async def test_the_details_follow_the_cursor_once_it_rests(demo: OpenRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    async with run_program(demo) as user:
        monkeypatch.setattr("tui.widgets.details_panel.DETAILS_DELAY", 0.05)
        user.list.cursor = 2
        user.list.cursor = 3
        await until(lambda: user.panel("details-panel") == "Dentist Finder")
        await user.settle()
        assert "○ Disabled by Customer" in user.text


async def test_a_wide_terminal_shows_what_happened_to_the_key(demo: OpenRequest) -> None:
    async with run_program(demo, size=(160, 50)) as user:
        await user.go_to("Dentist Finder")
        await until(lambda: "History" in user.text)
        assert "Enabled → Disabled by Customer by admin" in user.flowing_text
        assert "Added by admin" in user.flowing_text


async def test_no_column_takes_all_the_room(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        for columns in (60, 80, 100, 120, 160, 200):
            with case(columns):
                await user.pilot.resize_terminal(columns, 24)
                await user.settle()
                assert max(user.list._widths) <= 34
                text = user.text
                assert all(word in text for word in ("Appointment Bridge", "…780E", "● on"))


@pytest.mark.parametrize("key", ["enter", "a"])
async def test_a_place_chosen_before_a_screen_is_complete_leaves_it(demo: OpenRequest, key: str) -> None:
    async with run_program(demo) as user:
        user.send(key)
        user.send("4")
        await user.settle()
        assert user.app.crash is None


async def test_a_digit_during_opening_goes_to_its_place_afterwards(demo: OpenRequest, gate: Gates) -> None:
    held = gate(SettingsService, "load")
    async with running(ApisetupApp(demo)) as user:
        await until(held.entered.is_set)
        user.send("4")
        held.open()
        await user.at(AuditTrailScreen)
        assert user.stack == TRAIL


async def test_a_dialog_hides_the_keys_of_the_screen_below_it(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        keys = user.text.splitlines()[-1]
        assert "d Disable" in keys
        await user.press("d")
        await user.at(Question)
        assert user.text.splitlines()[-1].strip() == ""
        await user.press("escape")
        await user.at_api_setup()
        assert user.text.splitlines()[-1] == keys
