"""Undoing the last change of the session with Ctrl+Z, from every place."""

from __future__ import annotations

import pytest

from core.offices.open_request import OpenRequest
from tests.support import embedded_rows as rows
from tests.support.cases import case
from tests.support.user_driver import User, run_program
from tui.modals.assign_key import AssignKeyScreen
from tui.modals.license import LicenseScreen
from tui.modals.notice import Notice
from tui.modals.prompt import Prompt
from tui.modals.question import Question
from tui.screens.api_setup import ApiSetupScreen
from tui.screens.audit_trail import AuditTrailScreen
from tui.screens.edit_key import EditKeyScreen


async def save_interval(user: User, minutes: str) -> None:
    await user.fill("interval", minutes)
    await user.press("ctrl+s")


async def test_ctrl_z_and_u_undo_a_save_after_a_question(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        for undo in ("ctrl+z", "u"):
            with case(undo):
                await save_interval(user, "30")
                assert rows.settings()[1] == "30"
                assert user.screen.status.hint == "^z undo"
                assert "^z undo" in user.text
                user.list.focus()
                await user.press(undo)
                await user.at(Question)
                assert "Undo the last change?" in user.text
                assert "subscription interval: from 30 minutes back to 5 minutes" in user.flowing_text
                await user.press("ctrl+y")
                await user.at(ApiSetupScreen)
                assert rows.settings()[1] == "5"
                assert user.field("interval").value == "5"
                assert "(undoing entry " in rows.audit_texts()[-1]


async def test_ctrl_z_works_in_a_text_field_and_keeps_what_is_typed_there(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await save_interval(user, "30")
        await user.fill("interval", "45")
        await user.press("ctrl+z")
        await user.at(Question)
        await user.press("escape")
        assert user.field("interval").value == "45"
        assert rows.settings()[1] == "30"


async def test_without_a_change_there_is_nothing_to_undo(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await user.press("ctrl+z")
        assert user.stack == ["ApiSetupScreen"]
        assert user.status_text == "Nothing to undo: you haven't changed anything in this session."


async def test_the_key_bar_offers_undo_only_after_a_change(demo: OpenRequest) -> None:
    async with run_program(demo, size=(200, 50)) as user:
        assert "^z Undo" not in user.keys
        await save_interval(user, "30")
        user.list.focus()
        await user.settle()
        assert "^z Undo" in user.keys


async def test_a_disabled_key_is_enabled_again_after_its_end_was_typed(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await user.go_to("ClearPay")
        await user.press("d", "ctrl+y", "enter")
        assert user.screen.status.hint == "^z undo"
        await user.press("ctrl+z")
        await user.at(Prompt)
        text = rows.key_text("ClearPay")
        await user.press(*str(text)[-4:], "ctrl+y")
        await user.at(Notice)
        await user.press("enter")
        assert rows.query("SELECT status FROM apisetup_key WHERE developer = 'ClearPay'") == [(1,)]


async def test_an_edit_of_a_key_is_undone_on_its_own_screen(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await user.go_to("ClearPay")
        await user.press("enter")
        await user.at(EditKeyScreen)
        before = user.field("email").value
        await user.fill("email", "new@example.test")
        await user.press("ctrl+s", "ctrl+z")
        await user.at(Question)
        assert f"e-mail: from new@example.test back to {before}" in user.flowing_text
        await user.press("ctrl+y")
        await user.at(EditKeyScreen)
        assert user.field("email").value == before


async def test_the_audit_trail_undoes_the_last_change_and_shows_the_new_entry(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await save_interval(user, "30")
        user.list.focus()
        await user.press("t")
        await user.at(AuditTrailScreen)
        await user.press("ctrl+z", "ctrl+y")
        await user.at(AuditTrailScreen)
        assert rows.settings()[1] == "5"
        newest = user.list.rows.row(0)
        assert newest is not None
        assert "subscription interval changed from 30 minutes to 5 minutes" in newest.cells[-1]


async def test_u_in_the_audit_trail_undoes_the_entry_under_the_cursor(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await save_interval(user, "30")
        await save_interval(user, "45")
        user.list.focus()
        await user.press("t")
        await user.at(AuditTrailScreen)
        await user.press("down", "u")
        await user.at(Notice)
        assert "subscription interval: was 30 minutes" in user.flowing_text
        await user.press("enter", "up", "u")
        await user.at(Question)
        assert "Undo this entry?" in user.text
        assert "subscription interval: from 45 minutes back to 30 minutes" in user.flowing_text


async def test_an_added_key_is_removed_after_its_end_was_typed(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await user.press("a")
        await user.at(AssignKeyScreen)
        await user.fill("key", "Qq11Ww22Ee33Rr44")
        await user.fill("developer", "New Wave")
        await user.fill("agreement", "2024-01-02")
        await user.press("ctrl+s")
        await user.at(LicenseScreen)
        await user.press("end", "ctrl+y")
        await user.at(Notice)
        await user.press("enter", "ctrl+z")
        await user.at(Prompt)
        assert "Only adding the key again brings it back." in user.flowing_text
        await user.press(*"Rr44", "ctrl+y")
        await user.at(Notice)
        await user.press("enter")
        assert rows.query("SELECT count(*) FROM apisetup_key WHERE developer = 'New Wave'") == [(0,)]
        assert user.screen.status.hint == ""


@pytest.mark.usefixtures("refused_writes")
async def test_a_read_only_practice_says_why_nothing_is_undone(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await user.press("ctrl+z")
        assert user.status_text.startswith("Read-only: The practice's file cannot be written.")
