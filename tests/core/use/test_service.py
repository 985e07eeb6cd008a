"""The use of keys: what developers changed through the API, according to the Audit Trail."""

from __future__ import annotations

import itertools
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from core.base.errors import InvalidInput, NotPermitted
from core.model.api_key import ApiKey
from core.model.developer_use import DAYS, DeveloperUse
from core.office.office import Office
from core.opendental.key_status import KeyStatus
from core.use import reading
from tests.support.actors import ADMIN
from tests.support.audit_rows import log_row, replace_audit_trail
from tests.support.databases import SampleFile, SamplePractice
from tests.support.practice_rows import Row

CLEARPAY = "ClearPay"


def change(number: int, moment: datetime, name: str = CLEARPAY, **others: object) -> Row:
    """Return a row about a change that a developer made through the API."""
    text = f"Updated by {name} through API. "
    return log_row(number, f"{moment:%Y-%m-%d %H:%M:%S}", text, UserNum=0, LogSource=23, **others)


def now_of(sample: SamplePractice) -> datetime:
    """Return the time by the practice's clock."""
    with sample.practice() as practice, practice.read() as connection:
        return practice.now(connection)


def read_use(office: Office, today: date, *developers: str) -> dict[str, DeveloperUse]:
    """Read the whole Audit Trail for some developers and return what is known of them."""
    names = developers or (CLEARPAY,)
    running = office.use.reading(names)
    while running.read_on():
        pass
    return dict(office.use.known(names, today))


def write_trail(sample: SamplePractice, rows: Iterable[Row]) -> None:
    """Replace the Audit Trail by rows without hashes."""
    replace_audit_trail(sample, list(rows), [])


def a_key(office: Office, **changes: object) -> ApiKey:
    """Return a key of the developer."""
    return replace(office.keys.list().keys[0], developer=CLEARPAY, **changes)  # type: ignore[arg-type]


def test_use_has_the_first_and_last_change_and_the_changes_of_each_day(sample: SamplePractice) -> None:
    now = now_of(sample)
    moments = [now, now - timedelta(days=1), now - timedelta(days=1, seconds=5), now - timedelta(days=400)]
    write_trail(sample, (change(n, each) for n, each in enumerate(moments, start=1)))
    with sample.office() as office:
        use = read_use(office, now.date())[CLEARPAY]
    assert (use.first, use.last) == (moments[-1], now)
    assert (use.counts[-1], use.counts[-2], use.total, len(use.counts)) == (1, 2, 3, DAYS)
    assert use.read.complete


def test_use_has_kinds_and_computers_most_frequent_first(sample: SamplePractice) -> None:
    now = now_of(sample)
    rows = [
        change(1, now, PermType=54, CompName="ECONNECTOR"),
        change(2, now, PermType=54, CompName="ECONNECTOR"),
        change(3, now, PermType=15, CompName="FRONTDESK-2"),
    ]
    write_trail(sample, rows)
    with sample.office() as office:
        use = read_use(office, now.date())[CLEARPAY]
    assert list(use.kinds.items()) == [(54, 2), (15, 1)]
    assert use.computers == ("ECONNECTOR", "FRONTDESK-2")


@pytest.mark.parametrize(
    ("name", "written", "found"),
    [
        ("ClearPay", "ClearPay", True),
        ("ClearPay", "CLEARPAY", True),
        ("100%_Dental", "100%_Dental", True),
        ("100%_Dental", "100 or 1Dental", False),
        ("Clear", "ClearPay", False),
        ("Pay", "Clear Pay", False),
        ("Zähne\\GmbH", "Zähne\\GmbH", True),
        ("O'Neill", "O'Neill", True),
    ],
)
def test_use_is_found_by_the_developers_exact_name(
    sample: SamplePractice, name: str, written: str, found: bool
) -> None:
    now = now_of(sample)
    write_trail(sample, [change(1, now, written)])
    with sample.office() as office:
        assert (read_use(office, now.date(), name)[name].last is not None) is found


@pytest.mark.parametrize("others", [{"UserNum": 1}, {"LogSource": 0}], ids=["by a user", "from another source"])
def test_only_entries_of_the_api_count(sample: SamplePractice, others: dict[str, int]) -> None:
    now = now_of(sample)
    write_trail(sample, [change(1, now) | others])
    with sample.office() as office:
        assert read_use(office, now.date())[CLEARPAY].never


def test_a_later_reading_finds_new_entries_and_counts_none_twice(sample: SamplePractice) -> None:
    now = now_of(sample)
    rows = [change(1, now - timedelta(hours=1)), change(2, now - timedelta(days=3))]
    write_trail(sample, rows)
    with sample.office() as office:
        assert read_use(office, now.date())[CLEARPAY].total == 2
    write_trail(sample, [*rows, change(3, now - timedelta(minutes=1)), change(4, now)])
    with sample.office() as office:
        assert office.use.known([CLEARPAY], now.date())[CLEARPAY].total == 2
        assert read_use(office, now.date())[CLEARPAY].total == 4
        assert read_use(office, now.date())[CLEARPAY].total == 4


def test_a_developer_added_later_is_read_back_as_far(sample: SamplePractice) -> None:
    now = now_of(sample)
    write_trail(sample, [change(1, now - timedelta(days=9), "Canopy"), change(2, now - timedelta(days=8))])
    with sample.office() as office:
        read_use(office, now.date())
        both = read_use(office, now.date(), CLEARPAY, "Canopy")
    assert both["Canopy"].last == now - timedelta(days=9)
    assert both[CLEARPAY].total == 1


def test_any_length_of_the_windows_gives_the_same_result(
    sample: SamplePractice, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = now_of(sample)
    moments = [now - timedelta(hours=7 * n) for n in range(25)]
    write_trail(sample, [change(n, each) for n, each in enumerate(moments, start=1)])
    found = []
    for length in (timedelta(minutes=45), timedelta(hours=5), timedelta(days=3)):
        monkeypatch.setattr(reading, "_FIRST_WINDOW", length)
        monkeypatch.setattr(reading, "_SHORTEST", length)
        monkeypatch.setattr(reading, "_LONGEST", length)
        with closing(sqlite3.connect(sample.companion)) as companion, companion:
            for table in ("apisetup_use_day", "apisetup_use_range"):
                companion.execute(f"DELETE FROM {table}")
        with sample.office() as office:
            use = read_use(office, now.date())[CLEARPAY]
        found.append(replace(use, read=replace(use.read, until=now)))
    assert found[0] == found[1] == found[2]
    assert found[0].total == 25


def test_two_programs_that_read_at_once_count_nothing_twice(sample: SamplePractice) -> None:
    now = now_of(sample)
    write_trail(sample, [change(n + 1, now - timedelta(hours=n)) for n in range(60)])
    with sample.office() as office, sample.office() as other:
        readings = [office.use.reading([CLEARPAY]), other.use.reading([CLEARPAY])]
        for each in itertools.cycle(readings):
            if not each.read_on() and not readings[0].read_on():
                break
        assert office.use.known([CLEARPAY], now.date())[CLEARPAY].total == 60


def test_a_former_name_adds_its_changes(sample: SamplePractice) -> None:
    now = now_of(sample)
    write_trail(sample, [change(1, now - timedelta(days=2), "Old Pay"), change(2, now)])
    with sample.office() as office:
        assert office.use.set_former_names(ADMIN, CLEARPAY, (), [" Old Pay ", "clearpay", ""]) == ("Old Pay",)
        assert office.use.former_names("CLEARPAY") == ("Old Pay",)
        assert read_use(office, now.date())[CLEARPAY].total == 2
        office.use.set_former_names(ADMIN, CLEARPAY, ["Old Pay"], [])
        assert read_use(office, now.date())[CLEARPAY].total == 1


def test_too_many_former_names_are_refused(file_sample: SampleFile) -> None:
    with file_sample.office() as office, pytest.raises(InvalidInput):
        office.use.set_former_names(ADMIN, CLEARPAY, (), map(str, range(50)))


def test_a_developer_is_idle_only_if_the_trail_was_read_that_far(sample: SamplePractice) -> None:
    now = now_of(sample)
    write_trail(sample, [log_row(1, f"{now - timedelta(days=500):%Y-%m-%d %H:%M:%S}")])
    with sample.office() as office:
        running = office.use.reading([CLEARPAY])
        assert running.read_on()
        assert not office.use.known([CLEARPAY], now.date())[CLEARPAY].is_idle(now.date(), 90)
        use = read_use(office, now.date())[CLEARPAY]
    assert use.is_idle(now.date(), 90)
    assert use.never


def test_patients_are_counted_once_each(sample: SamplePractice) -> None:
    now = now_of(sample)
    patients = (5, 5, 6, 0, 7)
    moments = [now, now - timedelta(days=3), now - timedelta(days=3), now, now - timedelta(days=40)]
    rows = [change(n, m, PatNum=p) for n, (m, p) in enumerate(zip(moments, patients, strict=True), start=1)]
    write_trail(sample, rows)
    with sample.office() as office:
        details = office.use.details(a_key(office, status=KeyStatus.ENABLED, date_disabled=None))
    assert (details.patients, details.after_disabled) == (2, None)


def test_changes_after_a_key_was_disabled_are_counted(sample: SamplePractice) -> None:
    now = now_of(sample)
    disabled = datetime(now.year, now.month, now.day) - timedelta(days=2, hours=4)
    moments = [disabled - timedelta(hours=1), disabled, disabled + timedelta(hours=3), now]
    write_trail(sample, (change(n, each) for n, each in enumerate(moments, start=1)))
    with sample.office() as office:
        read_use(office, now.date())
        key = a_key(office, status=KeyStatus.DISABLED_BY_CUSTOMER, date_disabled=disabled)
        details = office.use.details(key)
    assert (details.after_disabled, details.last_after_disabled) == (2, now)


def test_the_floor_names_what_open_dental_removed(sample: SamplePractice) -> None:
    text = "SecurityLog and SecurityLogHashes on/before 1/2/2024 deleted."
    write_trail(sample, [log_row(1, "2024-02-01 08:00:00"), log_row(2, "2024-02-03 08:00:00", text, PermType=28)])
    with sample.office() as office:
        floor = office.use.known_now([]).floor
    assert floor.oldest == datetime(2024, 2, 1, 8)
    assert floor.removed == ""  # an entry without a matching hash proves nothing


def test_a_companion_that_cannot_be_written_is_not_needed(
    file_sample: SampleFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = now_of(file_sample)
    write_trail(file_sample, [change(1, now)])
    with file_sample.office() as office:

        def refuse() -> None:
            raise NotPermitted("The file can't be written.", "")

        monkeypatch.setattr(office._companion, "write", refuse)
        assert read_use(office, now.date())[CLEARPAY].total == 1
    with file_sample.office() as office:
        assert office.use.known([CLEARPAY], now.date()) == {}


def test_an_empty_trail_is_complete(sample: SamplePractice) -> None:
    write_trail(sample, [])
    with sample.office() as office:
        use = read_use(office, now_of(sample).date())[CLEARPAY]
    assert use.never


def test_the_use_of_300_developers_is_read_in_the_same_statements(sample: SamplePractice) -> None:
    now = now_of(sample)
    names = [f"Developer {number:03}" for number in range(300)]
    write_trail(sample, (change(n, now - timedelta(minutes=n), name) for n, name in enumerate(names, start=1)))
    with sample.office() as office:
        found = read_use(office, now.date(), *names)
    assert len(found) == 300
    assert all(use.last == now - timedelta(minutes=n) for n, use in enumerate(found.values(), start=1))
