"""Undoing a change from its audit entry: the question, the outcome and the refusals."""

from __future__ import annotations

import pytest

from core.offices.open_request import OpenRequest
from tests.support import embedded_rows as rows
from tests.support.cases import case
from tests.support.user_driver import User, run_program
from tui.modals.notice import Notice
from tui.modals.prompt import Prompt
from tui.modals.question import Question
from tui.screens.api_setup import ApiSetupScreen
from tui.screens.audit_entry import AuditEntryScreen
from tui.screens.audit_trail import AuditTrailScreen
from tui.screens.edit_key import EditKeyScreen


async def open_entry(user: User, text: str) -> None:
    """Open the newest entry of API Setup whose text contains this."""
    await user.press("t")
    await user.at(AuditTrailScreen)
    await user.fill("filter", f'only:ours text:"{text}"')
    await user.press("enter", "enter")
    await user.at(AuditEntryScreen)


async def test_undo_restores_the_settings(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        assert rows.settings() == (1, "5", "3")
        before = rows.last_entry()
        await open_entry(user, "payment type")
        await user.press("u")
        await user.at(Question)
        assert "payment type: from Credit Card back to Check" in user.flowing_text
        await user.press("ctrl+y")
        await user.at(AuditEntryScreen)
        assert user.status_text.startswith("Undone: Enabled from on to off; ")
        assert rows.settings() == (0, "", "1")
        (text,) = rows.audit_texts(before)
        undone = int(text.rpartition("(undoing entry ")[2].rstrip(")"))
        assert (
            "payment type from Check to Credit Card"
            in dict(rows.query("SELECT SecurityLogNum, LogText FROM securitylog"))[undone]
        )
        await user.press("escape", "escape")
        await user.at(ApiSetupScreen)
        assert user.field("interval").value == ""


async def test_undo_without_confirmation_changes_nothing(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        before = rows.last_entry()
        await open_entry(user, "payment type")
        await user.press("u")
        await user.at(Question)
        await user.press("enter")
        await user.at(AuditEntryScreen)
        assert user.status_text == "Nothing was changed."
        assert rows.last_entry() == before


async def test_a_later_change_prevents_undo_and_is_shown_with_its_author(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await user.fill("interval", "30")
        await user.press("ctrl+s")
        user.list.focus()
        await open_entry(user, "payment type")
        await user.press("u")
        await user.at(Notice)
        assert "subscription interval: was 5 minutes now 30 minutes yours blank" in user.flowing_text
        assert "admin: API Setup: subscription interval changed from 5 minutes to 30 minutes" in user.flowing_text
        assert rows.settings() == (1, "30", "3")


async def test_undo_enables_a_disabled_key_from_its_entries(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await user.go_to("ClearPay")
        await user.press("d", "ctrl+y")
        await user.at(Notice)
        await user.press("enter", "enter")
        await user.at(EditKeyScreen)
        await user.press("enter")
        await user.at(AuditEntryScreen)
        await user.press("u")
        # Enabling a key by undoing needs the same confirmation as enabling it.
        await user.at(Prompt)
        assert "status: from Disabled by Customer back to Enabled" in user.flowing_text
        await user.press("ctrl+y")
        assert "Not the key's last four characters." in user.status_text
        key = rows.key_text("ClearPay")
        await user.press(*key[-4:], "ctrl+y")
        await user.at(Notice)
        assert "ClearPay may use this key again from now on" in user.flowing_text
        await user.press("enter", "escape")
        await user.at(EditKeyScreen)
        assert "Key Status       ● Enabled" in user.text
        assert "(undoing entry " in rows.audit_texts()[-1]


async def test_other_entries_offer_no_undo(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        for text in ("accepted by", "New API key"):
            with case(text):
                await open_entry(user, text)
                assert "u Undo" not in user.keys
                await user.press("u")
                assert isinstance(user.screen, AuditEntryScreen)
                await user.press("escape", "escape")
                await user.at(ApiSetupScreen)


@pytest.mark.usefixtures("refused_writes")
async def test_undo_is_refused_in_a_read_only_practice(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await open_entry(user, "payment type")
        await user.press("u")
        assert user.status_text.startswith("Read-only: The practice's file cannot be written.")
        assert user.screen.status.kind == "problem"
