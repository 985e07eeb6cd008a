"""Sealing from the Audit Trail, verifying seals on the screen, and sealing once a day in the background."""

from __future__ import annotations

from dataclasses import replace

from core.offices.open_request import OpenRequest
from core.offices.seal_settings import ConfiguredSeals
from tests.support import embedded_rows as rows
from tests.support.user_driver import run_program
from tests.support.waiting import until
from tests.tui.test_audit_trail import cells, open_trail
from tui.modals.question import Question
from tui.screens.audit_trail import AuditTrailScreen
from tui.screens.verification import VerificationScreen


async def test_a_forged_entry_is_listed_after_the_trail_was_sealed(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await open_trail(user)
        await user.press("S")
        await user.at(Question)
        assert "No seals yet. The first one covers all entries and creates the seal key." in user.flowing_text
        await user.press("ctrl+s")
        await user.at(AuditTrailScreen)
        await until(lambda: "Seal 1 made: " in user.status_text)
        rows.execute("UPDATE securitylog SET CompName = 'ELSEWHERE' WHERE SecurityLogNum = 20")
        rows.execute("DELETE FROM securitylog WHERE SecurityLogNum = 21")
        rows.execute("DELETE FROM securityloghash WHERE SecurityLogNum = 21")
        await user.press("V")
        await user.at(Question)
        await user.press("e")
        await user.at(VerificationScreen)
        await until(lambda: "not as sealed" in user.status_text)
        assert "As sealed 416   Altered 1   Inserted 0   Deleted 1" in user.text
        assert "Deleted since they were sealed: 21" in user.text
        assert any(row[5].startswith("altered since it was sealed (seal 1); its hash matches: ") for row in cells(user))


async def test_nothing_is_sealed_without_a_confirmation(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await open_trail(user)
        await user.press("S")
        await user.at(Question)
        await user.press("escape")
        await user.at(AuditTrailScreen)
        assert rows.query("SELECT count(*) FROM apisetup_seal") == [(0,)]


async def test_the_trail_is_sealed_once_a_day_in_the_background(demo: OpenRequest) -> None:
    daily = replace(demo, office=replace(demo.office, seals=ConfiguredSeals(daily=True)))
    async with run_program(daily):
        await until(lambda: rows.query("SELECT count(*) FROM apisetup_seal") == [(1,)])
