"""Verifying the Audit Trail: the scope, the progress, the result, and continuing after a stop."""

from __future__ import annotations

import re
from datetime import date, datetime

import pytest

from core.audit import range_size
from core.audit import verification as audit_verification
from core.audit.removals import DuplicateRemovals, OldDataRemoval
from core.audit.service import AuditService
from core.audit.verification import Verification
from core.audit.verification_report import VerificationReport
from core.base.errors import StatementStopped
from core.offices.open_request import OpenRequest
from tests.support import embedded_rows as rows
from tests.support.gates import Gates
from tests.support.user_driver import User, run_program
from tests.support.waiting import until
from tests.tui.test_audit_trail import cells, open_trail
from tests.tui.test_trail_search import numbered_entries, search
from tui.flows.verification_report import format_progress, report_lines
from tui.modals.question import Question
from tui.screens.audit_entry import AuditEntryScreen
from tui.screens.verification import VerificationScreen


async def verify(user: User, answer: str = "e") -> None:
    """Verify everything, or the dates of the filter with the answer "r"."""
    await open_trail(user)
    await user.press("V")
    await user.at(Question)
    await user.press(answer)
    await user.at(VerificationScreen)


@pytest.fixture
def _small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make a verification check fifty entries in each step."""
    for name in ("FIRST_ROWS", "MIN_ROWS", "MAX_ROWS"):
        monkeypatch.setattr(range_size, name, 50)
    monkeypatch.setattr(audit_verification, "BATCH_SECONDS", 0)


small_batches = pytest.mark.usefixtures("_small_batches")


# -- the result ----------------------------------------------------------------------


async def test_entries_that_do_not_match_are_listed(demo: OpenRequest) -> None:
    rows.execute("DELETE FROM securityloghash WHERE SecurityLogNum = 20")
    async with run_program(demo) as user:
        await verify(user)
        assert "Verify the Audit Trail: everything" in user.text
        assert "Hash matches 416   Altered 1   Without hash 1" in user.text
        assert "No orphaned hashes." in user.text
        assert [row[5] for row in cells(user)] == [
            "altered: Payment of $20.00 entered.",
            f"no hash: {rows.query('SELECT LogText FROM securitylog WHERE SecurityLogNum = 20')[0][0]}",
        ]
        assert user.status_text == "Verification found 1 altered, 1 without hash."
        assert "100%" in user.text


async def test_only_the_dates_of_the_filter_can_be_verified(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await open_trail(user)
        await search(user, "until:2024-10-31 user:Maria")
        await user.press("V")
        await user.at(Question)
        assert "r The range until:2024-10-31" in user.flowing_text
        await user.press("r")
        await user.at(VerificationScreen)
        assert "Verify the Audit Trail: the first entry to 2024-10-31" in user.text
        [(count,)] = rows.query("SELECT count(*) FROM securitylog WHERE LogDateTime < '2024-11-01'")
        assert f"The hashes of all {count} entries match." in user.text
        assert "No orphaned hashes." in user.text
        assert user.status_text == "Verified."
        assert cells(user) == []


async def test_without_dates_in_the_filter_everything_is_verified_without_a_question(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await open_trail(user)
        await search(user, "user:Maria")
        await user.press("V")
        await user.at(VerificationScreen)
        assert "Hash matches 417   Altered 1   Without hash 0" in user.text


async def test_deleted_entries_are_counted_and_their_numbers_shown(demo: OpenRequest) -> None:
    rows.execute("DELETE FROM securitylog WHERE SecurityLogNum IN (3, 5, 8, 9, 11, 12)")
    async with run_program(demo) as user:
        await verify(user)
        assert "Deleted 6: their hashes are still there (numbers 3, 5, 8, 9, 11, …)." in user.text


async def test_a_range_without_entries_says_so(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await open_trail(user)
        await search(user, "since:2024-11-06")
        await user.press("V", "r")
        await user.at(VerificationScreen)
        assert "No entries in this range." in user.text
        assert user.status_text == "Verified."


async def test_a_listed_entry_can_be_opened(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await verify(user)
        await user.press("enter")
        await user.at(AuditEntryScreen)
        assert "Altered: the hash does not match." in user.flowing_text
        await user.press("escape")
        assert user.stack[-1] == "VerificationScreen"
        await user.press("escape")
        assert user.stack == ["ApiSetupScreen", "AuditTrailScreen"]


async def test_escape_in_the_question_verifies_nothing(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await open_trail(user)
        await user.press("V", "escape")
        assert user.stack == ["ApiSetupScreen", "AuditTrailScreen"]


@small_batches
async def test_an_entry_whose_hash_arrives_late_leaves_the_list(demo: OpenRequest, gate: Gates) -> None:
    rows.fill_trail(numbered_entries(300))
    [(stored_hash,)] = rows.query("SELECT LogHash FROM securityloghash WHERE SecurityLogNum = 20")
    rows.execute("DELETE FROM securityloghash WHERE SecurityLogNum = 20")
    async with run_program(demo) as user:
        held = gate(Verification, "run_batch", hold=2)
        await open_trail(user)
        user.send("V")
        await until(lambda: user.stack[-1] == "Question")
        user.send("e")
        await until(held.entered.is_set)
        assert [row[5].split(": ")[0] for row in cells(user)] == ["no hash"]
        rows.execute("INSERT INTO securityloghash VALUES (9000, 20, ?)", stored_hash)
        held.open()
        await user.settle()
        assert "The hashes of all 301 entries match." in user.text
        assert cells(user) == []


# -- progress, stopping and continuing -------------------------------------------------


async def test_what_makes_it_slow_is_shown_also_after_a_failure(
    demo: OpenRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_verification: Verification) -> VerificationReport:
        raise StatementStopped("The server did not respond in time.")

    # Only a practice on a server can lack an index.
    slowness = "Slow, because securityloghash has no index on SecurityLogNum. Outside office hours, run: ALTER TABLE …"
    monkeypatch.setattr(AuditService, "slowness", lambda _service: slowness)
    monkeypatch.setattr(Verification, "run_batch", fail)
    async with run_program(demo) as user:
        await verify(user)
        await until(lambda: "did not respond in time" in user.status_text)
        assert "ALTER TABLE" in user.text


@small_batches
async def test_the_progress_is_shown_while_verifying(demo: OpenRequest, gate: Gates) -> None:
    rows.fill_trail(numbered_entries(299))
    async with run_program(demo) as user:
        held = gate(Verification, "run_batch", hold=4)
        await open_trail(user)
        user.send("V")
        await until(lambda: user.stack[-1] == "Question")
        user.send("e")
        await until(held.entered.is_set)
        await until(lambda: "150 entries" in user.text)
        assert "[##################----------------------]  45%" in user.text
        assert re.search(r"150 entries, (.+ a second, )?.+ left ", user.text)
        assert user.status_text == "Verifying… Press Esc to stop."
        assert user.keys.startswith("Enter Open  Esc Back")
        held.open()
        await user.settle()
        assert "The hashes of all 300 entries match." in user.text


@small_batches
async def test_escape_stops_the_verification_and_r_continues_it(demo: OpenRequest, gate: Gates) -> None:
    rows.fill_trail(numbered_entries(299))
    async with run_program(demo) as user:
        held = gate(Verification, "run_batch", hold=3)
        await open_trail(user)
        user.send("V")
        await until(lambda: user.stack[-1] == "Question")
        user.send("e")
        await until(held.entered.is_set)
        user.send("escape")
        await until(lambda: user.status_text == "Stopped. Press r to continue, Esc to go back.")
        held.open()
        await user.settle()
        assert user.keys.startswith("r Retry")
        assert held.calls == 3
        await user.press("r")
        assert "The hashes of all 300 entries match." in user.text
        assert not user.keys.startswith("r ")


@small_batches
async def test_continuing_at_once_after_a_stop_counts_no_entry_twice(demo: OpenRequest, gate: Gates) -> None:
    rows.fill_trail(numbered_entries(299))
    async with run_program(demo) as user:
        first_step = gate(Verification, "_read_contents", hold=3)
        second_step = gate(Verification, "_read_contents", hold=5)
        await open_trail(user)
        user.send("V")
        await until(lambda: user.stack[-1] == "Question")
        user.send("e")
        await until(first_step.entered.is_set)
        user.send("escape")
        await until(lambda: user.status_text.startswith("Stopped"))
        user.send("r")
        await until(lambda: user.status_text.startswith("Verifying"))
        for _ in range(50):
            await user.pilot.pause()
        # The stopped step ends only now, after the next one was requested.
        first_step.open()
        await until(first_step.left.is_set)
        await until(second_step.entered.is_set)
        second_step.open()
        await user.settle()
        assert "The hashes of all 300 entries match." in user.text


@small_batches
async def test_escape_leaves_a_stopped_verification(demo: OpenRequest, gate: Gates) -> None:
    async with run_program(demo) as user:
        held = gate(Verification, "run_batch")
        await open_trail(user)
        user.send("V")
        await until(lambda: user.stack[-1] == "Question")
        user.send("e")
        await until(held.entered.is_set)
        user.send("escape")
        await until(lambda: user.status_text.startswith("Stopped"))
        user.send("escape")
        await until(lambda: user.stack == ["ApiSetupScreen", "AuditTrailScreen"])
        held.open()
        await user.settle()
        assert user.stack == ["ApiSetupScreen", "AuditTrailScreen"]


@small_batches
async def test_a_database_error_keeps_the_result_so_far(demo: OpenRequest, gate: Gates) -> None:
    rows.fill_trail(numbered_entries(299))
    rows.execute("DELETE FROM securityloghash WHERE SecurityLogNum = 20")
    async with run_program(demo) as user:
        held = gate(Verification, "run_batch", hold=3)
        await open_trail(user)
        user.send("V")
        await until(lambda: user.stack[-1] == "Question")
        user.send("e")
        await until(held.entered.is_set)
        with rows.locked():
            held.open()
            await user.settle()
            assert user.status_text.startswith("The SQLite file is locked by another program.")
            assert user.status_text.endswith("Checked entries are kept. Press r to continue.")
            assert "150 entries" in user.text
            assert [row[5].split(": ")[0] for row in cells(user)] == ["no hash"]
            await user.press("r")
            assert user.status_text.endswith("Checked entries are kept. Press r to continue.")
        await user.press("r")
        assert "Hash matches 299   Altered 0   Without hash 1" in user.text
        assert user.status_text == "Verification found 1 without hash."


async def test_a_database_error_at_the_start_can_be_retried(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await open_trail(user)
        await user.press("V")
        with rows.locked():
            await user.press("e")
            assert "locked by another program" in user.status_text
        await user.press("r")
        assert "Hash matches 417   Altered 1   Without hash 0" in user.text


# -- the text of the report ------------------------------------------------------------


@pytest.mark.parametrize(
    ("report", "seconds", "expected"),
    [
        (VerificationReport(checked=1_000, fraction=0.25), 2.0, "1,000 entries, 500 entries a second, 6 s left"),
        (VerificationReport(checked=1_000, fraction=0.01), 10.0, "1,000 entries, 100 entries a second, 16 min left"),
        (VerificationReport(checked=1_000, fraction=0.001), 20.0, "1,000 entries, 50 entries a second, 5.5 h left"),
        (VerificationReport(checked=1_000), 2.0, "1,000 entries, 500 entries a second"),
        (VerificationReport(), 0.0, "0 entries"),
        (
            VerificationReport(checked=9_000, fraction=1.0, done=True),
            3.0,
            "9,000 entries in 3 s, 3,000 entries a second",
        ),
        (VerificationReport(checked=5, fraction=1.0, done=True), 0.0, "5 entries in less than a second"),
        (VerificationReport(checked=1, fraction=1.0, done=True), 1.0, "1 entry in 1 s, 1 entry a second"),
    ],
)
def test_format_progress(report: VerificationReport, seconds: float, expected: str) -> None:
    assert format_progress(report, seconds) == expected


def test_the_report_says_if_not_all_entries_are_listed() -> None:
    report = VerificationReport(checked=5_000, altered=3_000, without_hash=1, orphaned=0, fraction=1.0, done=True)
    assert report_lines(report) == [
        "Hash matches 1,999   Altered 3,000   Without hash 1",
        "No orphaned hashes.",
        "The list has the first 0 of them.",
    ]


def test_the_report_about_one_matching_entry() -> None:
    report = VerificationReport(checked=1, orphaned=0, fraction=1.0, done=True)
    assert report_lines(report)[0] == "The hash of the only entry matches."


def test_the_report_about_deleted_entries() -> None:
    report = VerificationReport(checked=3, orphaned=1, orphaned_numbers=(7,), fraction=1.0, done=True)
    assert report_lines(report) == [
        "Hash matches 3   Altered 0   Without hash 0",
        "Deleted 1: their hashes are still there (numbers 7).",
    ]


def test_the_report_about_a_healthy_practice_has_five_lines() -> None:
    removals = [
        OldDataRemoval(9, datetime(2024, 6, 2, 8), "Admin", "6/1/2021", (date(2021, 1, 6),)),
        OldDataRemoval(4, datetime(2022, 6, 2, 8), "Admin", "6/1/2019", (date(2019, 1, 6),)),
    ]
    report = VerificationReport(
        checked=15_000,
        before_hashes=3_000,
        first_hash="2014-05-01 08:00:00",
        removed_duplicates=DuplicateRemovals(12, date(2022, 1, 3), date(2024, 5, 2)),
        removed_old=2,
        old_data_removals=tuple(removals),
        fraction=1.0,
        done=True,
    )
    assert report.clean
    assert report_lines(report) == [
        "The hashes of all 12,000 entries that have one match.",
        "3,000 entries older than the first hash (2014-05-01 08:00) have no hash.",
        "Entries up to 6/1/2021 were removed by Admin on 2024-06-02 (and 1 time before): Remove Old Data."
        " 2 of their hashes are left.",
        "12 duplicates were removed by Database Maintenance from 2022-01-03 to 2024-05-02 (dbmlog).",
        "No other orphaned hashes.",
    ]


def test_the_report_says_what_it_cannot_know_about_deleted_entries() -> None:
    report = VerificationReport(
        checked=3, orphaned=1, orphaned_numbers=(7,), maintenance_known=False, orphans_of_any_day=True, done=True
    )
    assert report_lines(report)[1:] == [
        "Deleted 1: their hashes are still there (numbers 7).",
        "Numbers are random in this practice, so deleted entries of all days are counted.",
        "Database Maintenance may have removed them: the database user can't read dbmlog, or there is none.",
    ]


def test_a_range_from_before_the_first_hash_has_none() -> None:
    report = VerificationReport(checked=3, before_hashes=3, first_hash="2014-05-01 08:00:00", fraction=1.0, done=True)
    assert report_lines(report)[:2] == [
        "No entry in this range has a hash.",
        "3 entries older than the first hash (2014-05-01 08:00) have no hash.",
    ]
