"""What isn't plausible although hashes match, and what is explained instead of listed."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from core.audit.plausibility import Plausibility, PlausibilityReport
from tests.support.audit_rows import hash_rows, log_row, replace_audit_trail
from tests.support.databases import SamplePractice, SampleServer
from tests.support.practice_rows import Row, log_hash
from tests.support.sealing import forge_hash, insert_entry, verify_hashes

USERS = {1: "Admin", 2: "Maria"}
three_databases = pytest.mark.parametrize("sample", ["SQLite", "24.3 MyISAM", "24.3 InnoDB"], indirect=True)


def check(
    numbers: Sequence[int] = (),
    moments: Sequence[int] | None = None,
    texts: Sequence[tuple[int, int, str]] = (),
    *,
    known: Sequence[int] = (),
    numbers_grow: bool = True,
    rolls_back: bool = False,
) -> PlausibilityReport:
    found = Plausibility(USERS, numbers_grow=numbers_grow, rolls_back=rolls_back)
    times = moments if moments is not None else [20241104100000 + place for place, _ in enumerate(numbers)]
    half = len(numbers) // 2
    found.add_order(numbers[:half], times[:half])
    found.add_order(numbers[half:], times[half:])
    found.add_texts(texts)
    found.add_known_removals(known)
    return found.report(None)


def status(number: int, before: str, after: str, user: str = "Admin", user_num: int = 1) -> tuple[int, int, str]:
    text = f"API key ****Gh78 #3f9a01 (Developer) changed from {before} to {after} by {user}"
    return number, user_num, text


# -- the six tamperings that the program was tried with --------------------------------------


def _six(sample: SamplePractice) -> None:
    by = "API key ****Gh78 #3f9a01 (Developer) changed from Enabled to Disabled by Customer by Admin"
    logs = [log_row(number, f"2024-11-{number:02d} 10:00:00", by if number == 3 else "A.") for number in range(1, 12)]
    replace_audit_trail(sample, logs, hash_rows((row["SecurityLogNum"], log_hash(row)) for row in logs))


@three_databases
def test_five_of_six_tamperings_are_found_without_seals(sample: SamplePractice) -> None:
    def change(column: str, value: object, *, number: int, with_hash: bool) -> None:
        sample.execute(f"UPDATE securitylog SET {column} = '{value}' WHERE SecurityLogNum = {number}")
        if with_hash:
            forge_hash(sample, number)

    def delete(*tables: str) -> None:
        for table in tables:
            sample.execute(f"DELETE FROM {table} WHERE SecurityLogNum = 6")

    back_dated: Row = log_row(12, "2024-11-02 09:00:00")
    tamperings: dict[str, Callable[[], None]] = {
        "text": lambda: change("LogText", "X", number=2, with_hash=False),
        "text and hash": lambda: change("LogText", "X", number=2, with_hash=True),
        "user and hash": lambda: change("UserNum", 2, number=3, with_hash=True),
        "row and hash deleted": lambda: delete("securitylog", "securityloghash"),
        "row deleted": lambda: delete("securitylog"),
        "back-dated": lambda: insert_entry(sample, back_dated),
    }
    found = set()
    for name, tamper in tamperings.items():
        _six(sample)
        tamper()
        with sample.office() as office:
            report = verify_hashes(office)
        if not report.clean or "missing" in " ".join(report.plausibility.notes):
            found.add(name)
    assert found == set(tamperings) - {"text and hash"}


# -- numbers -------------------------------------------------------------------------------


def test_a_gap_is_listed_with_the_times_around_it() -> None:
    assert check([1, 2, 5, 6]).findings == (
        "Numbers 3 to 4 are missing, between entries of 2024-11-04 10:00:01 and 2024-11-04 10:00:02.",
    )


def test_a_gap_whose_hashes_are_left_is_reported_as_deleted_and_not_twice() -> None:
    assert check([1, 2, 5, 6], known=[3, 4]).count == 0
    assert check([1, 2, 5, 6], known=[3]).count == 1


def test_a_gap_after_a_rollback_is_a_note() -> None:
    report = check([1, 2, 4], rolls_back=True)
    assert report.count == 0
    assert report.notes[-1] == "A change that was rolled back leaves such a gap, too."


def test_steps_of_replication_and_random_numbers_are_explained() -> None:
    assert check(range(1, 200, 2)).notes == ("Numbers grow in steps of 2, as with replication; gaps aren't checked.",)
    report = check([1, 99, 5_000], numbers_grow=False)
    assert (report.count, report.notes) == (
        0,
        ("Numbers are random in this practice, so gaps and the order of times can't be checked.",),
    )


# -- times -----------------------------------------------------------------------------------


def test_an_entry_dated_long_before_the_one_before_it_is_listed() -> None:
    assert check([1, 2], [20241104100000, 20241104084900]).findings == (
        "Entry 2 is dated 2024-11-04 08:49:00, but entry 1 before it is dated 2024-11-04 10:00:00.",
    )


def test_the_hour_that_comes_twice_is_a_note() -> None:
    report = check([1, 2], [20241103015930, 20241103010010])
    assert report.count == 0
    assert report.notes[0].startswith("1 entry is dated up to an hour before the entry before")


def test_an_entry_without_a_date_is_no_setback() -> None:
    assert check([1, 2, 3], [20241104100000, 0, 20241104100001]).count == 0


# -- users -----------------------------------------------------------------------------------


def test_a_text_that_names_another_user_is_listed() -> None:
    assert check(texts=[status(7, "Enabled", "Disabled by Customer", user_num=2)]).findings == (
        "Entry 7 belongs to the user Maria, but its text says Admin.",
    )


def test_a_renamed_user_is_a_note() -> None:
    report = check(texts=[status(7, "Enabled", "Disabled by Customer", user="Bob")])
    assert report.count == 0
    assert report.notes == (
        "Texts name users that no longer exist under that name: Bob. They were renamed or deleted.",
    )


# -- statuses of keys ------------------------------------------------------------------------


def test_a_status_that_does_not_continue_is_listed() -> None:
    texts = [status(3, "Enabled", "Disabled by Customer"), status(4, "Enabled", "Disabled by Customer")]
    assert check(texts=texts).findings == (
        "Entry 4 changes API key #3f9a01 from Enabled, but entry 3 left it Disabled by Customer.",
    )
    joined = [status(3, "Enabled", "Disabled by Customer"), status(4, "Disabled by Customer", "Enabled")]
    assert check(texts=joined).count == 0


def test_a_change_that_was_not_done_is_taken_back() -> None:
    made = status(1, "Enabled", "Disabled by Customer")
    not_done = (2, 1, f"NOT DONE: {made[2]}")
    assert check(texts=[made, not_done, status(3, "Enabled", "Disabled by Customer")]).count == 0


def test_a_status_at_headquarters_is_a_note() -> None:
    first, second = status(3, "Enabled", "Disabled by Customer"), status(5, "Enabled", "Disabled by Customer")
    asked = (2, 1, f"ASKED: {first[2]}")
    report = check(texts=[asked, first, second])
    assert report.count == 0
    assert "headquarters can change a status without an entry here" in report.notes[0]


@pytest.mark.parametrize("server_sample", ["24.3 MyISAM"], indirect=True)
def test_a_practice_with_random_numbers_is_clean(server_sample: SampleServer) -> None:
    server_sample.execute("UPDATE preference SET ValueString = '1' WHERE PrefName = 'RandomPrimaryKeys'")
    logs = [log_row(number * 7_919_000_017) for number in (1, 2, 5)]
    replace_audit_trail(server_sample, logs, hash_rows((row["SecurityLogNum"], log_hash(row)) for row in logs))
    with server_sample.office() as office:
        assert verify_hashes(office).clean
