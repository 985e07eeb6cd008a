"""Ranges of entries that a server reads beside their hashes, without joining them: what must not pass for a pair."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

import pytest
from sqlalchemy import Connection

from core.audit import paired_reading, range_size
from core.audit import verification as audit_verification
from core.audit.verification import Verification
from core.audit.verification_report import VerificationReport
from core.model.audit_entry import HashStatus
from tests.support.audit_pages import EVERYTHING
from tests.support.audit_rows import (
    after_matching_statement,
    executed_statements,
    hash_rows,
    log_row,
    replace_audit_trail,
)
from tests.support.databases import SampleServer
from tests.support.practice_rows import Row, log_hash

both_engines = pytest.mark.parametrize("server_sample", ["24.3 MyISAM", "24.3 InnoDB"], indirect=True)
myisam = pytest.mark.parametrize("server_sample", ["24.3 MyISAM"], indirect=True)

COUNT, SIZE = 60, 10


@pytest.fixture(autouse=True)
def small_ranges(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("FIRST_ROWS", "MIN_ROWS", "MAX_ROWS"):
        monkeypatch.setattr(range_size, name, SIZE)
    monkeypatch.setattr(audit_verification, "BATCH_SECONDS", 0)


def entries(*left_out: int) -> list[Row]:
    return [log_row(number, text=f"Entry {number}.") for number in range(1, COUNT + 1) if number not in left_out]


def hashes(rows: Sequence[Row]) -> list[tuple[int, str]]:
    return [(row["SecurityLogNum"], log_hash(row)) for row in rows]


def finish(verification: Verification) -> VerificationReport:
    while not (report := verification.run_batch()).done:
        pass
    return report


def verify(sample: SampleServer) -> VerificationReport:
    with sample.office() as office:
        return finish(office.audit.verification(EVERYTHING))


def without_hash(report: VerificationReport) -> list[int]:
    return [entry.number for entry in report.listed if entry.hash_status is HashStatus.NO_HASH]


def is_entries(_number: int, statement: str) -> bool:
    return "GROUP_CONCAT(securitylog.SecurityLogNum, ':'" in statement


@both_engines
def test_matching_pairs_are_not_joined(server_sample: SampleServer) -> None:
    replace_audit_trail(server_sample, entries(), hash_rows(hashes(entries())))
    with server_sample.office() as office, executed_statements(office) as executed:
        report = finish(office.audit.verification(EVERYTHING))
    assert (report.checked, report.clean, report.fraction) == (COUNT, True, 1.0)
    # The first range has no beginning, so it is read with all hashes up to its end.
    assert len([each for each in executed if "group_concat" in each and "LEFT OUTER JOIN" in each]) == 1


@both_engines
def test_an_altered_entry_is_found_among_pairs(server_sample: SampleServer) -> None:
    replace_audit_trail(server_sample, entries(), hash_rows(hashes(entries())))
    server_sample.execute("UPDATE securitylog SET LogText = 'entry 35.' WHERE SecurityLogNum = 35")
    report = verify(server_sample)
    assert (report.altered, report.without_hash, report.orphaned) == (1, 0, 0)
    assert [entry.number for entry in report.listed] == [35]


@both_engines
def test_hashes_of_two_entries_in_each_others_place_are_found(server_sample: SampleServer) -> None:
    stored = dict(hashes(entries()))
    stored[34], stored[35] = stored[35], stored[34]
    replace_audit_trail(server_sample, entries(), hash_rows(stored.items()))
    assert verify(server_sample).altered == 2


@both_engines
def test_a_second_hash_does_not_stand_for_a_missing_one_of_an_equal_entry(server_sample: SampleServer) -> None:
    rows = [log_row(number) for number in range(1, COUNT + 1)]
    stored = [(34 if number == 35 else number, each) for number, each in hashes(rows)]
    replace_audit_trail(server_sample, rows, hash_rows(stored))
    assert without_hash(verify(server_sample)) == [35]


@both_engines
def test_an_entry_without_a_hash_and_a_hash_without_an_entry_in_one_range_are_both_found(
    server_sample: SampleServer,
) -> None:
    stored = [each for each in hashes(entries()) if each[0] != 33]
    replace_audit_trail(server_sample, entries(37), hash_rows(stored))
    report = verify(server_sample)
    assert (without_hash(report), report.orphaned_numbers) == ([33], (37,))


@both_engines
@pytest.mark.parametrize("deleted", [1, 2, 15, 30, 31, 32, 40, 59, 60])
def test_a_deleted_entry_is_found_wherever_its_range_is(server_sample: SampleServer, deleted: int) -> None:
    replace_audit_trail(server_sample, entries(deleted), hash_rows(hashes(entries())))
    report = verify(server_sample)
    assert (report.checked, report.without_hash, report.orphaned_numbers) == (COUNT - 1, 0, (deleted,))


@both_engines
def test_hashes_of_many_deleted_entries_are_not_read_at_once(server_sample: SampleServer) -> None:
    kept = [row for row in entries() if not 21 <= row["SecurityLogNum"] <= 55]
    replace_audit_trail(server_sample, kept, hash_rows(hashes(entries())))
    with server_sample.office() as office, executed_statements(office) as executed:
        report = finish(office.audit.verification(EVERYTHING))
    assert (report.checked, report.orphaned) == (COUNT - 35, 35)
    # One range has entries, and one has none. In the next one, their numbers are far apart.
    assert sum("GROUP_CONCAT(securityloghash" in each for each in executed) == 2


@both_engines
def test_numbers_that_neither_an_entry_nor_a_hash_has_are_done_with_the_entries(server_sample: SampleServer) -> None:
    kept = [row for row in entries() if not 21 <= row["SecurityLogNum"] <= 30]
    replace_audit_trail(server_sample, kept, hash_rows(hashes(kept)))
    with server_sample.office() as office, executed_statements(office) as executed:
        report = finish(office.audit.verification(EVERYTHING))
    assert (report.checked, report.orphaned) == (COUNT - 10, 0)
    # Two for the hashes up to the end of the first range, and one for those after the last entry.
    assert len([each for each in executed if "DISTINCT" in each]) == 3


@myisam
def test_a_hash_that_names_another_entry_does_not_stand_for_two(server_sample: SampleServer) -> None:
    """A NULL isn't in the text that is compared, so that the number of hashes would be right."""
    stored = dict(hashes(entries()))
    rows = hash_rows(
        (number, f"{each},35:{stored[35]}" if number == 34 else each) for number, each in stored.items() if number != 35
    )
    replace_audit_trail(server_sample, entries(), rows)
    server_sample.execute("ALTER TABLE securityloghash MODIFY LogHash varchar(255) NULL")
    try:
        server_sample.execute("INSERT INTO securityloghash (SecurityLogNum, LogHash) VALUES (34, NULL)")
        report = verify(server_sample)
    finally:
        server_sample.execute("DELETE FROM securityloghash")
        server_sample.execute("ALTER TABLE securityloghash MODIFY LogHash varchar(255) NOT NULL")
    assert without_hash(report) == [35]
    assert 34 in [entry.number for entry in report.listed]


@both_engines
def test_a_text_that_the_server_would_cut_off_proves_nothing(
    server_sample: SampleServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paired_reading, "_LONGEST", 2**24)
    replace_audit_trail(server_sample, entries(37), hash_rows(hashes(entries())))
    report = verify(server_sample)
    assert (report.checked, report.without_hash, report.orphaned_numbers) == (COUNT - 1, 0, (37,))


@both_engines
@pytest.mark.parametrize(
    ("left_out", "written", "orphaned"),
    [
        ((), "UPDATE securityloghash SET LogHash = 'x' WHERE SecurityLogNum = 1", ()),
        ((15,), "INSERT INTO securityloghash (SecurityLogNum, LogHash) VALUES (15, 'x')", (15,)),
        ((), f"INSERT INTO securityloghash (SecurityLogNum, LogHash) VALUES ({COUNT + 1}, 'x')", (COUNT + 1,)),
    ],
    ids=["elsewhere", "among the range", "after the last entry"],
)
def test_a_hash_that_is_written_between_the_two_statements_is_judged_like_any_other(
    server_sample: SampleServer, left_out: tuple[int, ...], written: str, orphaned: tuple[int, ...]
) -> None:
    replace_audit_trail(server_sample, entries(*left_out), hash_rows(hashes(entries(*left_out))))
    report = verify_while(server_sample, lambda _: server_sample.execute(written))
    assert (report.altered, report.without_hash, report.orphaned_numbers) == (0, 0, orphaned)


@both_engines
def test_an_entry_that_is_written_between_the_two_statements_is_not_missing(server_sample: SampleServer) -> None:
    late = log_row(15)
    replace_audit_trail(server_sample, entries(15), hash_rows(hashes(entries(15))))

    def write(_: Connection) -> None:
        columns, values = ", ".join(late), ", ".join(f"'{value}'" for value in late.values())
        server_sample.execute(f"INSERT INTO securitylog ({columns}) VALUES ({values})")
        server_sample.execute(f"INSERT INTO securityloghash (SecurityLogNum, LogHash) VALUES (15, '{log_hash(late)}')")

    report = verify_while(server_sample, write)
    assert (report.checked, report.altered, report.without_hash, report.orphaned) == (COUNT - 1, 0, 0, 0)


def verify_while(sample: SampleServer, act: Callable[[Connection], None]) -> VerificationReport:
    """Verify, and do something right after the entries of the second range were read."""
    with sample.office() as office, after_matching_statement(office, is_entries, act) as hit:
        report = finish(office.audit.verification(EVERYTHING))
    assert hit.triggered
    return report


@both_engines
def test_where_hashes_are_missing_ranges_are_soon_read_only_once(server_sample: SampleServer) -> None:
    replace_audit_trail(server_sample, entries(), hash_rows(hashes(entries())[:1]))
    with server_sample.office() as office, executed_statements(office) as executed:
        report = finish(office.audit.verification(EVERYTHING))
    assert (report.checked, report.without_hash) == (COUNT, COUNT - 1)
    assert sum(is_entries(0, each) for each in executed) == 2


@both_engines
def test_the_progress_grows_to_the_end(server_sample: SampleServer) -> None:
    replace_audit_trail(server_sample, entries(18, 44), hash_rows(hashes(entries())))
    with server_sample.office() as office:
        verification = office.audit.verification(EVERYTHING)
        fractions = [0.0]
        while not (report := verification.run_batch()).done:
            fractions.append(report.fraction)
    assert fractions == sorted(fractions)
    assert max(after - before for before, after in pairwise(fractions)) < 1.5 * SIZE / COUNT
    assert report.fraction == 1.0
