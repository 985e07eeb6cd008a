"""Verification of entries that Open Dental itself removed, or for which it never kept a hash."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import date

import pytest

from core.audit.filter import AuditFilter
from core.audit.verification import Verification
from core.audit.verification_report import VerificationReport
from core.opendental.removals import possible_days, removed_up_to
from tests.support.audit_pages import EVERYTHING
from tests.support.audit_rows import hash_rows, log_row, replace_audit_trail
from tests.support.databases import SamplePractice, SampleServer, database_user
from tests.support.practice_rows import Row, log_hash

both_engines = pytest.mark.parametrize("server_sample", ["24.3 MyISAM", "24.3 InnoDB"], indirect=True)
DBM_LOG = """CREATE TABLE dbmlog (DbmLogNum bigint NOT NULL PRIMARY KEY AUTO_INCREMENT, UserNum bigint NOT NULL,
    FKey bigint NOT NULL, FKeyType tinyint NOT NULL, ActionType tinyint NOT NULL,
    DateTimeEntry datetime NOT NULL DEFAULT '0001-01-01 00:00:00', MethodName varchar(255) NOT NULL,
    LogText text NOT NULL, KEY (FKey))"""
NOTE = "INSERT INTO dbmlog VALUES (0, 1, ?, ?, ?, ?, ?, 'Deleted.')"
DUPLICATES = "AuditTrailDeleteDuplicateApptCreate"
OLD_DATA = "SecurityLog and SecurityLogHashes on/before {} deleted."


@contextmanager
def dbm_log(sample: SampleServer, *notes: tuple[int, int, int, str, str]) -> Iterator[None]:
    """Create the table `dbmlog` with these notes: number, FKeyType, ActionType, time, method."""
    sample.execute(DBM_LOG)
    try:
        for note in notes:
            sample.execute(NOTE, *note)
        yield
    finally:
        sample.execute("DROP TABLE dbmlog")


def finish(verification: Verification) -> VerificationReport:
    while not (report := verification.run_batch()).done:
        pass
    return report


def verify(sample: SamplePractice, since: str | None = None, until: str | None = None) -> VerificationReport:
    first, last = (date.fromisoformat(day) if day else None for day in (since, until))
    days = AuditFilter(since=first, until=last)
    with sample.office() as office:
        return finish(office.audit.verification(days))


def keep(sample: SamplePractice, logs: list[Row], *, hashed: list[Row], orphans: tuple[int, ...] = ()) -> None:
    """Replace the Audit Trail by these entries, hashes of some of them, and hashes of deleted ones."""
    hashes = [(row["SecurityLogNum"], log_hash(row)) for row in hashed]
    replace_audit_trail(sample, logs, hash_rows([*hashes, *((number, "x") for number in orphans)]))


def daily(*numbers: int) -> list[Row]:
    """Return entries with these numbers, each on the day of November 2024 that has its number."""
    return [log_row(number, f"2024-11-{number:02} 10:00:00") for number in numbers]


def removal(number: int, day: str, moment: str = "2024-11-20 08:00:00") -> Row:
    return log_row(number, moment, OLD_DATA.format(day), PermType=28)


# --- from before Open Dental kept hashes


def test_entries_older_than_the_first_hash_are_no_failure(sample: SamplePractice) -> None:
    logs = daily(1, 2, 3, 4, 5)
    keep(sample, logs, hashed=logs[2:])
    report = verify(sample)
    assert (report.before_hashes, report.without_hash, report.hash_matches) == (2, 0, 3)
    assert report.first_hash == "2024-11-03 10:00:00"
    assert report.clean
    assert report.listed == ()


def test_they_are_told_apart_in_a_range_of_days_too(sample: SamplePractice) -> None:
    logs = daily(1, 2, 3, 4, 5)
    keep(sample, logs, hashed=[*logs[2:3], logs[4]])
    report = verify(sample, "2024-11-02", "2024-11-04")
    assert (report.before_hashes, report.without_hash, report.hash_matches) == (1, 1, 1)
    assert [entry.number for entry in report.listed] == [4]


@pytest.mark.parametrize(
    ("number", "moment"), [(9, "2024-11-01 09:00:00"), (1, "2024-11-09 09:00:00")], ids=["its date", "its number"]
)
def test_an_entry_without_a_hash_is_older_only_by_its_date_and_its_number(
    sample: SamplePractice, number: int, moment: str
) -> None:
    """An entry that was inserted with an old date has a new number."""
    logs = daily(3, 4)
    keep(sample, [log_row(number, moment), *logs], hashed=logs)
    report = verify(sample)
    assert (report.before_hashes, report.without_hash) == (0, 1)


def test_a_trail_without_any_hash_lost_them(sample: SamplePractice) -> None:
    keep(sample, daily(1, 2), hashed=[])
    report = verify(sample)
    assert (report.before_hashes, report.without_hash, report.first_hash) == (0, 2, "")


def test_with_random_numbers_only_the_date_tells(sample: SamplePractice) -> None:
    sample.execute("UPDATE preference SET ValueString = '1' WHERE PrefName = 'RandomPrimaryKeys'")
    logs = daily(9, 2, 5)
    logs[1]["LogDateTime"] = "2024-11-01 10:00:00"
    logs[2]["LogDateTime"] = "2024-11-12 10:00:00"
    keep(sample, logs, hashed=logs[:1])
    report = verify(sample)
    assert (report.before_hashes, report.without_hash) == (1, 1)
    assert [entry.number for entry in report.listed] == [5]


# --- deleted entries in a range of days


@pytest.mark.parametrize(
    ("since", "until", "found"),
    [
        ("2024-11-03", "2024-11-05", (4, 6)),
        ("2024-11-04", "2024-11-04", (4,)),
        ("2024-11-05", None, (4, 6, 12)),
        (None, "2024-11-05", (1, 4, 6)),
        ("2024-11-11", None, (12,)),
        ("2024-11-07", "2024-11-08", (6,)),
        ("2024-11-08", "2024-11-08", ()),
    ],
)
def test_deleted_entries_are_found_in_a_range(
    sample: SamplePractice, since: str | None, until: str | None, found: tuple[int, ...]
) -> None:
    """A deleted entry belongs to a range if it may be of one of its days, by the numbers before and after it."""
    logs = daily(2, 3, 5, 7, 8, 9, 11)
    keep(sample, logs, hashed=logs, orphans=(1, 4, 6, 12))
    report = verify(sample, since, until)
    assert (report.orphaned, report.orphaned_numbers) == (len(found), found)
    assert report.clean is not bool(found)


def test_with_random_numbers_a_range_counts_the_deleted_entries_of_all_days(sample: SamplePractice) -> None:
    sample.execute("UPDATE preference SET ValueString = '1' WHERE PrefName = 'RandomPrimaryKeys'")
    logs = daily(2, 3, 5)
    keep(sample, logs, hashed=logs, orphans=(4, 12))
    report = verify(sample, "2024-11-05")
    assert (report.orphaned, report.orphans_of_any_day) == (2, True)
    assert not verify(sample).orphans_of_any_day


# --- Database Maintenance


@both_engines
def test_duplicates_that_database_maintenance_removed_are_explained(server_sample: SampleServer) -> None:
    logs = daily(1, 2, 5, 8)
    keep(server_sample, logs, hashed=logs, orphans=(3, 4, 6, 7))
    notes = [
        (3, 24, 2, "2022-01-03 08:00:00", DUPLICATES),
        (4, 25, 2, "2024-05-02 08:00:00", DUPLICATES),
        (7, 25, 2, "2023-05-02 08:00:00", DUPLICATES),
        (7, 25, 2, "2023-05-02 08:00:00", DUPLICATES),
    ]
    with dbm_log(server_sample, *notes):
        report = verify(server_sample)
    removed = report.removed_duplicates
    assert (removed.count, removed.first, removed.last) == (3, date(2022, 1, 3), date(2024, 5, 2))
    assert (report.orphaned_numbers, report.maintenance_known, report.clean) == ((6,), True, False)


@pytest.mark.parametrize(
    "note",
    [
        (3, 25, 1, "2022-01-03 08:00:00", DUPLICATES),
        (3, 11, 2, "2022-01-03 08:00:00", DUPLICATES),
        (3, 25, 2, "2022-01-03 08:00:00", "AppointmentsNoPattern"),
        (4, 25, 2, "2022-01-03 08:00:00", DUPLICATES),
    ],
    ids=["an update", "another table", "another method", "another entry"],
)
def test_other_notes_explain_nothing(server_sample: SampleServer, note: tuple[int, int, int, str, str]) -> None:
    logs = daily(1, 2, 5)
    keep(server_sample, logs, hashed=logs, orphans=(3,))
    with dbm_log(server_sample, note):
        report = verify(server_sample)
    assert (report.orphaned_numbers, report.removed_duplicates.count) == ((3,), 0)


def test_without_the_table_the_report_says_that_maintenance_is_not_known(sample: SamplePractice) -> None:
    logs = daily(1, 2, 5)
    keep(sample, logs, hashed=logs, orphans=(3,))
    report = verify(sample)
    assert (report.orphaned, report.maintenance_known) == (1, False)
    keep(sample, logs, hashed=logs)
    assert verify(sample).maintenance_known


@both_engines
def test_without_the_right_the_report_says_that_maintenance_is_not_known(server_sample: SampleServer) -> None:
    logs = daily(1, 2, 5)
    keep(server_sample, logs, hashed=logs, orphans=(3,))
    rights = [f"SELECT ON {table}" for table in server_sample.practice_rows()]
    with (
        dbm_log(server_sample, (3, 25, 2, "2022-01-03 08:00:00", DUPLICATES)),
        database_user(server_sample, *rights) as account,
        closing(server_sample.open_as(account)) as office,
    ):
        report = finish(office.audit.verification(EVERYTHING))
    assert (report.orphaned, report.maintenance_known, report.done) == (1, False, True)


# --- Remove Old Data


def test_remove_old_data_is_reported_with_who_and_when(sample: SamplePractice) -> None:
    logs = [*daily(8, 9), removal(10, "11/5/2024"), removal(11, "11/7/2024", "2024-11-21 08:00:00")]
    keep(sample, logs, hashed=logs)
    report = verify(sample)
    assert report.clean
    assert [(each.number, each.written_day, each.user) for each in report.old_data_removals] == [
        (11, "11/7/2024", "Admin"),
        (10, "11/5/2024", "Admin"),
    ]


def test_hashes_that_it_left_are_explained_up_to_its_day(sample: SamplePractice) -> None:
    logs = [*daily(6, 8, 9), removal(10, "2024-11-07")]
    keep(sample, logs, hashed=logs, orphans=(2, 3, 7, 12))
    report = verify(sample)
    assert (report.removed_old, report.orphaned_numbers) == (3, (12,))


def test_an_altered_entry_about_it_explains_nothing(sample: SamplePractice) -> None:
    logs = [*daily(8, 9), removal(10, "11/7/2024")]
    keep(sample, logs, hashed=logs[:2], orphans=(3,))
    sample.execute("INSERT INTO securityloghash (SecurityLogHashNum, SecurityLogNum, LogHash) VALUES (900, 10, 'x')")
    report = verify(sample)
    assert (report.old_data_removals, report.removed_old, report.orphaned, report.altered) == ((), 0, 1, 1)


def test_only_removals_that_reach_into_the_days_verified_are_reported(sample: SamplePractice) -> None:
    logs = [*daily(8, 9), removal(10, "11/5/2024"), removal(11, "someday")]
    keep(sample, logs, hashed=logs)
    assert [each.number for each in verify(sample, "2024-11-06").old_data_removals] == [11]
    assert {each.number for each in verify(sample, "2024-11-05").old_data_removals} == {10, 11}


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("11/7/2024", ["2024-07-11", "2024-11-07"]),
        ("12/31/2023", ["2023-12-31"]),
        ("31.12.2023", ["2023-12-31"]),
        ("2023-12-31", ["2023-12-31"]),
        ("2023. 12. 31.", ["2023-12-31"]),
        ("5/5/2021", ["2021-05-05"]),
        ("1/1/0001", []),
        ("13/13/2021", []),
        ("yesterday", []),
    ],
)
def test_a_written_date_means_a_day_in_either_order(written: str, expected: list[str]) -> None:
    assert [str(day) for day in possible_days(written)] == expected


def test_only_the_vendors_sentence_is_about_remove_old_data() -> None:
    assert removed_up_to(OLD_DATA.format("6/1/2021")) == "6/1/2021"
    assert removed_up_to(f"{OLD_DATA.format('6/1/2021')} Not.") is None
    assert removed_up_to("Backup made.") is None
