"""Verification of the Audit Trail: counts and lists, with ranges of any size and after any fault."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import date
from itertools import count, pairwise
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, true

from core.audit import range_size, unindexed_hashes, verification_report
from core.audit import verification as audit_verification
from core.audit.filter import AuditFilter
from core.audit.verification import Verification
from core.audit.verification_report import VerificationReport
from core.base.errors import ConnectionLost, PracticeUnavailable
from core.database.address import ServerAddress
from core.model.audit_entry import HashStatus
from tests.support.audit_pages import EVERYTHING, newest_entries
from tests.support.audit_rows import (
    after_matching_statement,
    executed_statements,
    hash_rows,
    log_row,
    nth,
    replace_audit_trail,
    without_index,
)
from tests.support.counting_proxy import CountingProxy
from tests.support.databases import SamplePractice, SampleServer, database_user
from tests.support.fault_injection import cut_connection
from tests.support.practice_rows import BRIDGE_KEY, NO_DATE, Row, log_hash
from tests.support.properties import examples
from tests.support.row_diff import Written, writing

ALL_DAYS = AuditFilter(until=date(9999, 12, 31))
"""All entries as well, but scanned by date."""
three_databases = pytest.mark.parametrize("sample", ["SQLite", "24.3 MyISAM", "24.3 InnoDB"], indirect=True)
both_engines = pytest.mark.parametrize("server_sample", ["24.3 MyISAM", "24.3 InnoDB"], indirect=True)
both_scans = pytest.mark.parametrize("audit_filter", [EVERYTHING, ALL_DAYS], ids=["by number", "by date"])


@pytest.fixture(autouse=True)
def one_range_per_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    """End each batch after its first range."""
    monkeypatch.setattr(audit_verification, "BATCH_SECONDS", 0)


@contextmanager
def ranges_of(size: int) -> Iterator[None]:
    """Give all ranges a fixed size."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("FIRST_ROWS", "MIN_ROWS", "MAX_ROWS"):
            patch.setattr(range_size, name, size)
        yield


def finish(verification: Verification) -> VerificationReport:
    """Run all remaining batches and return the result."""
    while not (report := verification.run_batch()).done:
        pass
    return report


def batches(verification: Verification) -> list[VerificationReport]:
    """Run all batches and return the report of each one."""
    reports = [verification.run_batch()]
    while not reports[-1].done:
        reports.append(verification.run_batch())
    return reports


def verify(sample: SamplePractice, audit_filter: AuditFilter = EVERYTHING) -> VerificationReport:
    with sample.office() as office:
        return finish(office.audit.verification(audit_filter))


def numbers(report: VerificationReport, hash_status: HashStatus) -> list[int]:
    return [entry.number for entry in report.listed if entry.hash_status is hash_status]


def counts(report: VerificationReport) -> tuple[int, int, int, int, int]:
    return report.checked, report.hash_matches, report.altered, report.without_hash, report.orphaned


def matching_hashes(*logs: Row) -> list[tuple[int, str]]:
    return [(row["SecurityLogNum"], log_hash(row)) for row in logs]


def test_all_entries_are_counted_by_hash_status(sample: SamplePractice) -> None:
    report = verify(sample)
    assert counts(report) == (10, 8, 1, 1, 0)
    assert (report.done, report.fraction, report.clean) == (True, 1.0, False)


def test_a_verification_writes_nothing(sample: SamplePractice) -> None:
    with sample.office() as office, writing(sample) as written:
        finish(office.audit.verification(EVERYTHING))
    assert written == Written()


def test_the_altered_entries_are_listed_before_those_without_a_hash(sample: SamplePractice) -> None:
    sample.execute("UPDATE securitylog SET PatNum = 99 WHERE SecurityLogNum IN (9, 10)")
    sample.execute("DELETE FROM securityloghash WHERE SecurityLogNum = 2")
    listed = [(entry.number, entry.hash_status) for entry in verify(sample).listed]
    assert listed == [
        (3, HashStatus.ALTERED),
        (9, HashStatus.ALTERED),
        (10, HashStatus.ALTERED),
        (2, HashStatus.NO_HASH),
        (4, HashStatus.NO_HASH),
    ]


def test_by_date_the_newest_are_listed_first(sample: SamplePractice) -> None:
    sample.execute("UPDATE securitylog SET PatNum = 99 WHERE SecurityLogNum IN (2, 10)")
    with ranges_of(1):
        assert numbers(verify(sample, ALL_DAYS), HashStatus.ALTERED) == [10, 3, 2]


def test_listed_entries_are_the_same_as_in_a_search(sample: SamplePractice) -> None:
    sample.execute("UPDATE securitylog SET PatNum = 99")
    with sample.office() as office:
        found = {entry.number: entry for entry in newest_entries(office)}
        assert {entry.number: entry for entry in finish(office.audit.verification(EVERYTHING)).listed} == found


def test_api_keys_in_listed_entries_are_masked(sample: SamplePractice) -> None:
    sample.execute("UPDATE securitylog SET PatNum = 99 WHERE SecurityLogNum = 10")
    (found,) = [entry for entry in verify(sample).listed if entry.number == 10]
    assert BRIDGE_KEY not in repr(found)
    assert found.text_masked


def test_the_list_is_limited_and_the_counts_are_not(sample: SamplePractice, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verification_report, "MAX_LISTED", 2)
    logs = [log_row(number) for number in range(1, 16)]
    wrong = [(row["SecurityLogNum"], "x") for row in logs[:5]]
    replace_audit_trail(sample, logs, hash_rows([*wrong, *((number, "x") for number in range(101, 106))]))
    with ranges_of(2):
        report = verify(sample)
    assert counts(report) == (15, 0, 5, 10, 5)
    assert numbers(report, HashStatus.ALTERED) == [1, 2]
    assert numbers(report, HashStatus.NO_HASH) == [6, 7]
    assert report.orphaned_numbers == (101, 102)


def test_hashes_of_deleted_entries_are_orphaned(sample: SamplePractice) -> None:
    sample.execute("DELETE FROM securitylog WHERE SecurityLogNum IN (1, 7, 10)")
    report = verify(sample)
    assert (report.orphaned, report.orphaned_numbers) == (3, (1, 7, 10))
    assert report.checked == 7
    assert not replace(report, altered=0, without_hash=0).clean


def test_several_hashes_of_one_deleted_entry_count_once(sample: SamplePractice) -> None:
    sample.execute("INSERT INTO securityloghash (SecurityLogHashNum, SecurityLogNum, LogHash) VALUES (900, 10, 'x')")
    sample.execute("DELETE FROM securitylog WHERE SecurityLogNum = 10")
    for size in (1, 100):
        with ranges_of(size):
            assert verify(sample).orphaned == 1


@pytest.mark.parametrize("outside", [-5, 5, 1005])
def test_an_orphaned_hash_is_found_before_between_and_after_all_entries(sample: SamplePractice, outside: int) -> None:
    logs = [log_row(number) for number in (1, 2, 8, 9)]
    replace_audit_trail(sample, logs, hash_rows([*matching_hashes(*logs), (outside, "x")]))
    with ranges_of(2):
        assert verify(sample).orphaned_numbers == (outside,)


def test_an_audit_trail_with_matching_entries_only_is_clean(sample: SamplePractice) -> None:
    logs = [log_row(number) for number in range(1, 8)]
    replace_audit_trail(sample, logs, hash_rows(matching_hashes(*logs)))
    with ranges_of(3):
        report = verify(sample)
    assert counts(report) == (7, 7, 0, 0, 0)
    assert report.clean
    assert report.listed == ()


@pytest.mark.parametrize(
    ("which", "expected"),
    [("right right", (1, 1, 0, 0, 0)), ("right wrong", (1, 0, 1, 0, 0)), ("wrong wrong", (1, 0, 1, 0, 0))],
)
def test_an_entry_with_two_hashes_counts_once(sample: SamplePractice, which: str, expected: tuple[int, ...]) -> None:
    row = log_row(1)
    stored = {"right": log_hash(row), "wrong": log_hash(row).swapcase()}
    replace_audit_trail(sample, [row], hash_rows([(1, stored[each]) for each in which.split()]))
    for audit_filter in (EVERYTHING, ALL_DAYS):
        assert counts(verify(sample, audit_filter))[:4] == expected[:4]


@pytest.mark.parametrize(
    ("since", "until", "checked", "altered", "without_hash"),
    [
        ("2024-11-04", None, 8, 1, 1),
        ("2024-11-05", None, 2, 0, 0),
        ("2024-11-04", "2024-11-04", 6, 1, 1),
        ("2020-02-29", "2020-02-29", 1, 0, 0),
        ("2024-11-06", None, 0, 0, 0),
        (None, "2020-02-28", 1, 0, 0),
        (None, "2024-11-04", 8, 1, 1),
        (None, "1800-01-01", 1, 0, 0),
        ("0001-01-01", None, 9, 1, 1),
    ],
)
def test_a_filters_dates_limit_a_verification(
    sample: SamplePractice, since: str | None, until: str | None, checked: int, altered: int, without_hash: int
) -> None:
    first, last = (None if day is None else date.fromisoformat(day) for day in (since, until))
    report = verify(sample, AuditFilter(since=first, until=last))
    assert counts(report) == (checked, checked - altered - without_hash, altered, without_hash, 0)
    assert report.orphaned_numbers == ()


def test_a_filters_other_conditions_are_ignored(sample: SamplePractice) -> None:
    other_conditions = AuditFilter(user=2, permission=15, source=23, computer="x", text="x", ours=True, suspect=True)
    assert counts(verify(sample, other_conditions)) == counts(verify(sample))
    some_days = AuditFilter(since=date(2024, 11, 4))
    assert counts(verify(sample, replace(other_conditions, since=some_days.since))) == counts(verify(sample, some_days))


@both_scans
def test_an_empty_audit_trail_is_clean(sample: SamplePractice, audit_filter: AuditFilter) -> None:
    replace_audit_trail(sample, [], [])
    report = verify(sample, audit_filter)
    assert counts(report) == (0, 0, 0, 0, 0)
    assert report.done
    assert report.clean
    assert report.fraction == 1.0


def test_all_hashes_are_orphaned_if_all_entries_were_deleted(sample: SamplePractice) -> None:
    sample.execute("DELETE FROM securitylog")
    assert verify(sample).orphaned == 9


def test_a_second_with_more_entries_than_a_range_is_counted_once(sample: SamplePractice) -> None:
    logs = [log_row(number, "2024-11-04 10:00:00") for number in range(1, 30)]
    replace_audit_trail(sample, logs, hash_rows(matching_hashes(*logs[:20])))
    with ranges_of(3):
        assert counts(verify(sample, ALL_DAYS)) == (29, 20, 0, 9, 0)


@both_scans
def test_the_progress_never_decreases(sample: SamplePractice, audit_filter: AuditFilter) -> None:
    with ranges_of(1), sample.office() as office:
        fractions = [report.fraction for report in batches(office.audit.verification(audit_filter))[:-1]]
    assert len(fractions) > 5
    assert fractions == sorted(fractions)
    assert 0.0 <= min(fractions)
    assert max(fractions) <= 1.0


@both_scans
def test_each_batch_checks_at_least_one_range_however_slow_the_server_is(
    sample: SamplePractice, audit_filter: AuditFilter
) -> None:
    with ranges_of(2), sample.office() as office:
        verification = office.audit.verification(audit_filter)
        assert 0 < verification.run_batch().checked < verification.run_batch().checked < 10


def test_a_batch_ends_when_its_time_is_over(sample: SamplePractice, monkeypatch: pytest.MonkeyPatch) -> None:
    ticks = count()
    monkeypatch.setattr(audit_verification, "BATCH_SECONDS", 0.4)
    monkeypatch.setattr(audit_verification, "time", SimpleNamespace(perf_counter=lambda: next(ticks) / 15))
    with ranges_of(1), sample.office() as office:
        # The clock is read once per range, so that a batch has time for a few of the ten ranges only.
        assert 1 < office.audit.verification(EVERYTHING).run_batch().checked < 10


@pytest.mark.parametrize(
    ("statement_seconds", "rows"),
    [
        (1e9, [10, 20, 40, 60, 60]),
        (0.0, [10, 2, 2, 2, 2]),
    ],
    ids=["fast", "slow"],
)
def test_ranges_grow_on_a_fast_server_and_shrink_on_a_slow_one(
    sample: SamplePractice, monkeypatch: pytest.MonkeyPatch, statement_seconds: float, rows: list[int]
) -> None:
    monkeypatch.setattr(range_size, "FIRST_ROWS", 10)
    monkeypatch.setattr(range_size, "MIN_ROWS", 2)
    monkeypatch.setattr(range_size, "MAX_ROWS", 60)
    # Any time at all is short compared with this target, or long.
    monkeypatch.setattr(range_size, "STATEMENT_SECONDS", statement_seconds)
    replace_audit_trail(sample, [log_row(number) for number in range(1, 1_000)], [])
    with sample.office() as office:
        verification = office.audit.verification(EVERYTHING)
        checked = [0, *(verification.run_batch().checked for _ in rows)]
    assert [after - before for before, after in pairwise(checked)] == rows


@pytest.mark.parametrize("size", [1, 3, 1_000])
@both_scans
def test_the_result_is_the_same_with_ranges_of_any_size(
    sample: SamplePractice, audit_filter: AuditFilter, size: int
) -> None:
    sample.execute("UPDATE securitylog SET PatNum = 99 WHERE SecurityLogNum IN (2, 10)")
    sample.execute("DELETE FROM securitylog WHERE SecurityLogNum = 7")
    adapted = verify(sample, audit_filter)
    with ranges_of(size):
        fixed = verify(sample, audit_filter)
    # Within a range, entries are listed by number.
    assert set(fixed.listed) == set(adapted.listed)
    assert replace(fixed, listed=()) == replace(adapted, listed=())


def test_a_slow_line_to_the_server_does_not_shrink_ranges(
    server_sample: SampleServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    logs = [log_row(number) for number in range(1, 3_000)]
    replace_audit_trail(server_sample, logs, hash_rows(matching_hashes(*logs)))
    assert isinstance(server_sample.address, ServerAddress)
    with CountingProxy(server_sample.server, delay=0.05) as proxy:
        monkeypatch.setattr(server_sample, "address", replace(server_sample.address, port=proxy.port))
        with server_sample.office() as office:
            verification = office.audit.verification(EVERYTHING)
            first, second = (verification.run_batch().checked for _ in range(2))
    # If the round trips of 100 ms counted, the second range would have 200 rows.
    assert second - first > 250


# --- any rows


@dataclass(frozen=True)
class Trail:
    """The rows of both tables."""

    logs: list[Row]
    hashes: list[tuple[int, str]]

    def expected(self, audit_filter: AuditFilter) -> dict[str, object]:
        """Return the findings of a correct verification, computed without a database."""
        low = f"{audit_filter.since} 00:00:00" if audit_filter.since else ""
        high = f"{audit_filter.until} 23:59:59" if audit_filter.until else "9999-99-99"
        logs = [row for row in self.logs if low <= row["LogDateTime"] <= high]
        stored: dict[int, set[str]] = {}
        for number, each in self.hashes:
            stored.setdefault(number, set()).add(each)
        matching, altered, unhashed = set(), set(), set()
        for row in logs:
            number = row["SecurityLogNum"]
            if number not in stored:
                unhashed.add(number)
            elif stored[number] != {log_hash(row)}:
                altered.add(number)
            else:
                matching.add(number)
        before_hashes = {number for number in unhashed if self._is_before_hashes(number, stored)}
        orphaned = sorted(stored.keys() - {row["SecurityLogNum"] for row in self.logs})
        lower, upper = self._numbers_around(low, high)
        if lower < upper:
            orphaned = [number for number in orphaned if lower < number < upper]
        return {
            "checked": len(logs),
            "hash_matches": len(matching),
            "altered": altered,
            "without hash": unhashed - before_hashes,
            "before hashes": len(before_hashes),
            "orphaned": len(orphaned),
            "orphaned numbers": tuple(orphaned),
        }

    def _is_before_hashes(self, number: int, stored: dict[int, set[str]]) -> bool:
        moments = {row["SecurityLogNum"]: row["LogDateTime"] for row in self.logs}
        first = min((each for each in moments if each in stored), default=None)
        return first is not None and number < first and moments[number] <= max(moments[first], "1880")

    def _numbers_around(self, low: str, high: str) -> tuple[float, float]:
        """Return the last number before a range of times, and the first one after it."""
        in_order = sorted((row["LogDateTime"], row["SecurityLogNum"]) for row in self.logs)
        before = [number for moment, number in in_order if moment < low]
        after = [each for each in in_order if each[0] > high]
        return before[-1] if before else -math.inf, after[0][1] if after else math.inf


def findings(report: VerificationReport) -> dict[str, object]:
    altered, unhashed = numbers(report, HashStatus.ALTERED), numbers(report, HashStatus.NO_HASH)
    assert (report.altered, report.without_hash) == (len(altered), len(unhashed))
    return {
        "checked": report.checked,
        "hash_matches": report.hash_matches,
        "altered": set(altered),
        "without hash": set(unhashed),
        "before hashes": report.before_hashes,
        "orphaned": report.orphaned,
        "orphaned numbers": tuple(sorted(report.orphaned_numbers)),
    }


MOMENTS = (
    "0000-00-00 00:00:00",
    NO_DATE,
    "1850-06-07 08:09:10",
    "2024-11-03 23:59:59",
    "2024-11-04 00:00:00",
    "2024-11-04 10:00:00",
    "2024-11-04 10:00:01",
    "2024-11-05 00:00:00",
)
KEYS = st.one_of(st.integers(1, 30), st.integers(-(2**63), 2**63 - 1).filter(bool))
"""Consecutive numbers, and random ones as in practices with replication; MySQL replaces 0 by a new number."""
DAYS = st.none() | st.dates(date(2024, 11, 2), date(2024, 11, 6)) | st.sampled_from([date.min, date.max])


@st.composite
def trails(draw: st.DrawFn) -> Trail:
    logs: list[Row] = []
    hashes: list[tuple[int, str]] = []
    for number in draw(st.lists(KEYS, unique=True, max_size=25)):
        previous = draw(st.sampled_from([NO_DATE, "0000-00-00 00:00:00", "2024-11-04 09:00:00"]))
        text = draw(st.sampled_from([None, "", "A", "a", "déplacé 日本"]))
        row = log_row(number, draw(st.sampled_from(MOMENTS)), text, DateTPrevious=previous)
        right = log_hash(row)
        kinds = {"right": right, "case": right.swapcase(), "blank": f"{right} ", "empty": "", "x": "x"}
        logs.append(row)
        chosen = draw(st.sampled_from(["right", "right", "right", "none", "twice", "other", "any"]))
        if chosen in ("right", "twice"):
            hashes += [(number, right)] * (2 if chosen == "twice" else 1)
        elif chosen == "other":
            hashes.append((number, kinds[draw(st.sampled_from(["case", "blank", "empty", "x"]))]))
        elif chosen == "any":
            hashes += [(number, kinds[each]) for each in draw(st.lists(st.sampled_from(sorted(kinds)), max_size=3))]
    hashes += [(number, "x") for number in draw(st.lists(KEYS, max_size=4))]
    return Trail(logs, draw(st.permutations(hashes)))


def check_any_rows(sample: SamplePractice) -> None:
    """Compare the findings in any rows with a computation in Python."""
    with sample.office() as office:

        @examples(20)
        @given(trails(), st.integers(1, 12), DAYS, DAYS, st.booleans())
        def check(trail: Trail, size: int, since: date | None, until: date | None, computes: bool) -> None:
            replace_audit_trail(sample, trail.logs, hash_rows(trail.hashes))
            with pytest.MonkeyPatch.context() as patch, ranges_of(size):
                patch.setattr(unindexed_hashes, "MAX_NUMBERS", 3 * size)
                if not computes:
                    patch.setattr(audit_verification, "can_compute", lambda _connection: False)
                for audit_filter in (EVERYTHING, AuditFilter(since=since, until=until)):
                    report = finish(office.audit.verification(audit_filter))
                    assert findings(report) == trail.expected(audit_filter)

        check()


@three_databases
def test_days_without_a_hash_have_no_orphans_although_numbers_are_negative(sample: SamplePractice) -> None:
    log = log_row(-2, "1850-06-07 08:09:10")
    replace_audit_trail(sample, [log], hash_rows([(-2, log_hash(log)), (-1, "x")]))
    with sample.office() as office:
        report = finish(office.audit.verification(AuditFilter(until=date(1, 1, 1))))
    assert (report.checked, report.orphaned) == (0, 0)


@three_databases
def test_any_rows_give_the_same_findings_as_a_computation_in_python(sample: SamplePractice) -> None:
    check_any_rows(sample)


@both_engines
def test_any_rows_give_the_same_findings_without_the_index_on_numbers(server_sample: SampleServer) -> None:
    with without_index(server_sample, "securityloghash", "SecurityLogNum"):
        check_any_rows(server_sample)


@pytest.mark.parametrize("server_sample", ["24.3 MyISAM"], indirect=True)
@both_scans
def test_without_the_index_hashes_are_read_in_one_pass_and_not_joined(
    server_sample: SampleServer, audit_filter: AuditFilter
) -> None:
    logs = [log_row(number) for number in range(1, 3_000)]
    replace_audit_trail(server_sample, logs, hash_rows(matching_hashes(*logs)))
    with (
        without_index(server_sample, "securityloghash", "SecurityLogNum"),
        ranges_of(500),
        server_sample.office() as office,
        executed_statements(office) as executed,
    ):
        report = finish(office.audit.verification(audit_filter))
    assert (report.checked, report.clean) == (2_999, True)
    joins = [each for each in executed if "JOIN securityloghash" in each]
    # Only the few entries about Remove Old Data are read with their hashes.
    assert all("`LogText` LIKE" in each for each in joins)
    assert len([each for each in executed if "BETWEEN" in each]) == 6


@both_scans
def test_a_database_that_cannot_compute_hashes_gives_the_same_result(
    sample: SamplePractice, audit_filter: AuditFilter, monkeypatch: pytest.MonkeyPatch
) -> None:
    sample.execute("INSERT INTO securityloghash (SecurityLogHashNum, SecurityLogNum, LogHash) VALUES (900, 1, 'x')")
    sample.execute("DELETE FROM securitylog WHERE SecurityLogNum = 10")
    computed_by_database = verify(sample, audit_filter)
    monkeypatch.setattr(audit_verification, "can_compute", lambda _connection: False)
    with ranges_of(3):
        assert verify(sample, audit_filter) == computed_by_database


def test_an_entry_that_the_database_suspects_wrongly_matches(
    sample: SamplePractice, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server may format a value differently, so `log_hash` decides."""
    monkeypatch.setattr(audit_verification, "seems_suspect", lambda _dialect: true())
    with ranges_of(4):
        assert counts(verify(sample)) == (10, 8, 1, 1, 0)


# --- faults


@both_engines
@both_scans
def test_a_verification_continues_after_a_lost_connection(
    server_sample: SampleServer, audit_filter: AuditFilter
) -> None:
    server_sample.execute("DELETE FROM securitylog WHERE SecurityLogNum = 10")
    with ranges_of(4), server_sample.office() as office:
        expected = finish(office.audit.verification(audit_filter))
        hints = []
        for number in count(1):
            verification = office.audit.verification(audit_filter)
            with after_matching_statement(office, nth(number), cut_connection(server_sample)) as hit:
                try:
                    report = finish(verification)
                except ConnectionLost as error:
                    hints.append(error.hint)
                    report = finish(verification)
            assert report == expected
            if not hit.triggered:
                break
    assert len(hints) > 5
    assert all(hints)


def test_a_verification_continues_after_a_disk_error(file_sample: SamplePractice) -> None:
    with ranges_of(4), file_sample.office() as office:
        expected = finish(office.audit.verification(EVERYTHING))
        verification = office.audit.verification(EVERYTHING)
        with (
            after_matching_statement(office, nth(5), cut_connection(file_sample)),
            pytest.raises(PracticeUnavailable, match="disk reported"),
        ):
            finish(verification)
        assert finish(verification) == expected


def late_hash(row: Row) -> str:
    """Return the statement with which Open Dental writes the hash, just after the entry."""
    return (
        "INSERT INTO securityloghash (SecurityLogHashNum, SecurityLogNum, LogHash)"
        f" VALUES (5000, {row['SecurityLogNum']}, '{log_hash(row)}')"
    )


@three_databases
@both_scans
def test_an_entry_that_gets_its_hash_between_two_batches_matches(
    sample: SamplePractice, audit_filter: AuditFilter
) -> None:
    logs = [log_row(number, f"2024-11-04 10:00:{number:02}") for number in range(1, 9)]
    late = logs[1] if audit_filter is EVERYTHING else logs[-1]
    replace_audit_trail(sample, logs, hash_rows(matching_hashes(*(row for row in logs if row is not late))))
    with ranges_of(3), sample.office() as office:
        verification = office.audit.verification(audit_filter)
        assert verification.run_batch().without_hash == 1
        sample.execute(late_hash(late))
        report = finish(verification)
    assert counts(report)[:4] == (8, 8, 0, 0)
    assert report.clean
    assert report.listed == ()


@both_engines
@both_scans
def test_an_entry_that_gets_its_hash_while_its_range_is_checked_matches(
    server_sample: SampleServer, audit_filter: AuditFilter
) -> None:
    """A transaction sees only what existed when it started."""
    logs = [log_row(number) for number in range(1, 6)]
    replace_audit_trail(server_sample, logs, hash_rows(matching_hashes(*logs[:-1])))

    def write_hash(_: Connection) -> None:
        server_sample.execute(late_hash(logs[-1]))

    with server_sample.office() as office:
        verification = office.audit.verification(audit_filter)
        with after_matching_statement(office, lambda _, statement: "securityloghash" in statement, write_hash) as hit:
            report = finish(verification)
    assert hit.triggered
    assert counts(report)[:4] == (5, 5, 0, 0)


@three_databases
@both_scans
def test_an_entry_that_gets_its_hash_matches_even_if_too_many_others_have_none(
    sample: SamplePractice, audit_filter: AuditFilter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The newest entries are read again even if they are not listed."""
    monkeypatch.setattr(verification_report, "MAX_LISTED", 2)
    logs = [log_row(number, f"2024-11-{number:02} 10:00:00") for number in range(1, 9)]
    # Random primary keys: the newest entry has a number in the middle.
    logs[-1]["SecurityLogNum"], logs[4]["SecurityLogNum"] = 5, 8
    replace_audit_trail(sample, logs, [])
    with ranges_of(3), sample.office() as office:
        verification = office.audit.verification(audit_filter)
        verification.run_batch()
        verification.run_batch()
        sample.execute(late_hash(logs[-1]))
        report = finish(verification)
    assert counts(report)[:4] == (8, 1, 0, 7)
    assert 5 not in [entry.number for entry in report.listed]


@both_engines
@both_scans
def test_an_entry_that_gets_a_wrong_hash_meanwhile_is_altered(
    server_sample: SampleServer, audit_filter: AuditFilter
) -> None:
    logs = [log_row(number) for number in range(1, 3)]
    replace_audit_trail(server_sample, logs, hash_rows(matching_hashes(logs[0])))

    def write_wrong_hash(_: Connection) -> None:
        server_sample.execute(late_hash(logs[1]).replace("='", "=x'"))

    with server_sample.office() as office:
        verification = office.audit.verification(audit_filter)
        with after_matching_statement(office, lambda _, statement: "securityloghash" in statement, write_wrong_hash):
            report = finish(verification)
    assert counts(report)[:4] == (2, 1, 1, 0)
    assert numbers(report, HashStatus.ALTERED) == [2]


@both_engines
def test_a_database_user_with_read_access_can_verify(server_sample: SampleServer) -> None:
    with database_user(server_sample, "SELECT") as account, closing(server_sample.open_as(account)) as office:
        assert counts(finish(office.audit.verification(EVERYTHING))) == (10, 8, 1, 1, 0)
        assert counts(finish(office.audit.verification(ALL_DAYS))) == (10, 8, 1, 1, 0)


@three_databases
@both_scans
def test_a_verification_continues_after_a_missing_table(sample: SamplePractice, audit_filter: AuditFilter) -> None:
    with sample.office() as office:
        sample.execute("ALTER TABLE securityloghash RENAME TO elsewhere")
        try:
            with pytest.raises(PracticeUnavailable) as caught:
                finish(office.audit.verification(audit_filter))
        finally:
            sample.execute("ALTER TABLE elsewhere RENAME TO securityloghash")
        assert caught.value.sentence.endswith(".")
        # The same verification continues once the table exists again.
        assert finish(office.audit.verification(audit_filter)).checked == 10


def test_very_many_orphaned_hashes_are_counted_in_ranges_and_not_kept(
    sample: SamplePractice, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verification_report, "MAX_LISTED", 5)
    replace_audit_trail(sample, [log_row(5_000)], hash_rows((number, "x") for number in range(1, 1_001)))
    with ranges_of(50):
        report = verify(sample)
    assert (report.orphaned, report.orphaned_numbers) == (1_000, (1, 2, 3, 4, 5))
    assert (report.checked, report.without_hash) == (1, 1)
