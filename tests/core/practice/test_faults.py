"""Faults between any two statements of every kind of change: no change stands without its audit row."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest

from core.base.errors import ApiSetupError
from tests.support.change_kinds import KINDS, WORDS, Run
from tests.support.databases import Rows, SampleFile, SamplePractice, SampleServer
from tests.support.fault_injection import after_statement, cut
from tests.support.kill_driver import KillDriver
from tests.support.practice_rows import log_hash

PLACES = ("SQLite", "21.1 MyISAM", "24.3 MyISAM", "24.3 InnoDB")
# What a killed process leaves behind depends on the tables' engine, not on the version.
KILLED_AT = ("SQLite", "24.3 MyISAM", "24.3 InnoDB")
_LOG = ("securitylog", "securityloghash", "signalod")
# Kept for good: a text that nobody accepted in the end does no harm.
_HARMLESS = ("apisetup_license_text",)
_NEVER_THE_SAME = ("DateTFail", "date_disabled", "added", "accepted_at", "number", "APIKeyNum")


@pytest.fixture(params=PLACES)
def faulty_place(
    request: pytest.FixtureRequest, server_samples: Callable[[str], SampleServer], tmp_path: Path
) -> Iterator[SamplePractice]:
    """A practice that comes back whole after each fault."""
    sample: SamplePractice
    if request.param == "SQLite":
        sample = SampleFile(request.getfixturevalue("file_template"), tmp_path / "practice.sqlite3")
    else:
        server_sample = server_samples(request.param)
        server_sample.use(tmp_path)
        sample = server_sample
    yield sample
    sample.restore()


def prepare(sample: SamplePractice) -> Rows:
    """Bring the practice to its first state, with failed sign-ins that a sign-in resets."""
    sample.restore()
    sample.execute("UPDATE userod SET FailedAttempts = 3, DateTFail = '2020-01-01 00:00:00' WHERE UserNum = 1")
    return sample.all_rows()


def standing(before: Rows, after: Rows) -> set[str]:
    """The tables in which something was changed, besides the log."""
    return {table for table in after if table not in (*_LOG, *_HARMLESS) and after[table] != before[table]}


def effect(before: Rows, after: Rows) -> set[tuple[str, str, str | None]]:
    """What was changed besides the log, by table, column and new value; times and numbers of rows do not count."""
    return {
        (table, column, value)
        for table in standing(before, after)
        for key, row in after[table].items()
        for column, value in row.items()
        if row != before[table].get(key) and column not in _NEVER_THE_SAME
        if value != before[table].get(key, {}).get(column)
    }


def logged(before: Rows, after: Rows) -> list[str]:
    """The texts of new audit rows that are genuine."""
    hashes = {row["SecurityLogNum"]: row["LogHash"] for row in after["securityloghash"].values()}
    return [
        str(row["LogText"])
        for key, row in after["securitylog"].items()
        if key not in before["securitylog"] and hashes.get(key) == log_hash(row)
    ]


def assert_no_change_without_its_audit_rows(kind: str, before: Rows, after: Rows) -> None:
    if standing(before, after):
        texts = logged(before, after)
        for words in WORDS[kind]:
            assert any(words in text for text in texts), f"{standing(before, after)} changed without {words!r}"


def assert_can_be_done_now(sample: SamplePractice, kind: str, run: Run, before: Rows) -> None:
    """The next open works, and the same change can then be made, or stands already."""
    with sample.office() as office:
        run(office)
    after = sample.all_rows()
    assert logged(before, after)
    assert bool(standing(before, after)) is (kind in WORDS)


def kinds_at(sample: SamplePractice, kind: str) -> Run:
    if sample.on_server and kind == "open as account":
        pytest.skip("on a server, users sign in")
    return KINDS[kind]


@pytest.mark.parametrize("kind", KINDS)
def test_the_connection_cut_after_each_statement(faulty_place: SamplePractice, kind: str) -> None:
    sample, run = faulty_place, kinds_at(faulty_place, kind)
    before = prepare(sample)
    with sample.office() as office:
        run(office)
    whole = effect(before, sample.all_rows())
    for number in count(1):
        before = prepare(sample)
        failure: ApiSetupError | None = None
        with sample.office() as office, after_statement(office, number, cut(sample)) as strike:
            try:
                run(office)
            except ApiSetupError as error:
                failure = error
        if not strike.struck:
            assert failure is None
            assert number > 1
            break
        after = sample.all_rows()
        assert_no_change_without_its_audit_rows(kind, before, after)
        assert effect(before, after) in (whole, set()), "half a change"
        if failure is None:
            assert effect(before, after) == whole
        else:
            assert_failure_is_told_truly(sample, kind, failure, before, after)
        assert_can_be_done_now(sample, kind, run, before)


def assert_failure_is_told_truly(
    sample: SamplePractice, kind: str, failure: ApiSetupError, before: Rows, after: Rows
) -> None:
    if kind == "sign in":
        # Two changes, of which the first may stand where the second failed.
        return
    texts = [str(row["LogText"]) for key, row in after["securitylog"].items() if key not in before["securitylog"]]
    done = {text for text in texts if not text.startswith("NOT DONE: ")}
    undone = {text.removeprefix("NOT DONE: ") for text in texts if text.startswith("NOT DONE: ")}
    if "Nothing was changed" in failure.sentence:
        assert standing(before, after) == set()
    if standing(before, after):
        # It failed when the change was made, with reading it back.
        assert undone == set()
    else:
        # The server answers on a new connection, so what was logged ahead is taken back in so many words.
        assert done <= undone
    if sample.transactional and not sample.on_server:
        assert after == before or standing(before, after)


@pytest.mark.parametrize("faulty_place", KILLED_AT, indirect=True)
@pytest.mark.parametrize("kind", KINDS)
def test_the_process_killed_after_each_statement(faulty_place: SamplePractice, kind: str, driver: KillDriver) -> None:
    sample, run = faulty_place, kinds_at(faulty_place, kind)
    for number in count(1):
        before = prepare(sample)
        if not driver.killed(sample, kind, number):
            assert number > 1
            break
        assert_no_change_without_its_audit_rows(kind, before, sample.all_rows())
        assert_can_be_done_now(sample, kind, run, before)
