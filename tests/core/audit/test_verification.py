"""Verifying the whole Audit Trail: what is counted and listed, in ranges of any size and through any fault."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import date
from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection

from core.audit import verification as audit_verification
from core.audit.filter import AuditFilter
from core.audit.paging import Direction
from core.audit.verification import Verification, VerificationReport
from core.base.errors import ConnectionLost, PracticeUnavailable
from core.model.audit_entry import Genuineness
from core.office.office import Office
from tests.support.audit_rows import after_query, fill, hash_rows, log_row, nth, slow_clock
from tests.support.databases import SamplePractice, SampleServer, database_user
from tests.support.fault_injection import cut_connection
from tests.support.practice_rows import BRIDGE_KEY, NO_DATE, Row, log_hash
from tests.support.row_diff import Written, writing

EVERYTHING = AuditFilter()
SINCE_EVER = AuditFilter(until=date(9999, 12, 31))
"""All entries too, but by their dates."""
three_shapes = pytest.mark.parametrize("sample", ["SQLite", "24.3 MyISAM", "24.3 InnoDB"], indirect=True)
both_engines = pytest.mark.parametrize("server_sample", ["24.3 MyISAM", "24.3 InnoDB"], indirect=True)
both_ways = pytest.mark.parametrize("wanted", [EVERYTHING, SINCE_EVER], ids=["by number", "by date"])


@contextmanager
def ranges_of(size: int) -> Iterator[None]:
    """Ranges of a fixed size."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("_FIRST_SIZE", "_SMALLEST", "_LARGEST"):
            patch.setattr(audit_verification, name, size)
        yield


def begun(office: Office, wanted: AuditFilter = EVERYTHING) -> Verification:
    """A verification that looks at one range in each step."""
    return Verification(office._practice, wanted, office.audit.search(wanted).maker, slow_clock())


def finish(verification: Verification) -> VerificationReport:
    """All steps that are left; the last one's result."""
    while not (told := verification.step()).done:
        pass
    return told


def verified(sample: SamplePractice, wanted: AuditFilter = EVERYTHING) -> VerificationReport:
    with sample.office() as office:
        return finish(office.audit.verification(wanted))


def numbers(told: VerificationReport, genuineness: Genuineness) -> list[int]:
    return [entry.number for entry in told.listed if entry.genuineness is genuineness]


def counts(told: VerificationReport) -> tuple[int, int, int, int, int | None]:
    return told.checked, told.genuine, told.altered, told.without_hash, told.gone


def genuine_rows(*logs: Row) -> list[tuple[int, str]]:
    return [(row["SecurityLogNum"], log_hash(row)) for row in logs]


def test_what_a_practice_has(sample: SamplePractice) -> None:
    told = verified(sample)
    assert counts(told) == (10, 8, 1, 1, 0)
    assert (told.done, told.fraction, told.clean) == (True, 1.0, False)


def test_it_writes_nothing(sample: SamplePractice) -> None:
    with sample.office() as office, writing(sample) as written:
        finish(office.audit.verification(EVERYTHING))
    assert written == Written()


def test_the_altered_entries_are_listed_before_those_without_a_hash(sample: SamplePractice) -> None:
    sample.execute("UPDATE securitylog SET PatNum = 99 WHERE SecurityLogNum IN (9, 10)")
    sample.execute("DELETE FROM securityloghash WHERE SecurityLogNum = 1")
    listed = [(entry.number, entry.genuineness) for entry in verified(sample).listed]
    assert listed == [
        (3, Genuineness.ALTERED),
        (9, Genuineness.ALTERED),
        (10, Genuineness.ALTERED),
        (1, Genuineness.NO_HASH),
        (4, Genuineness.NO_HASH),
    ]


def test_by_date_the_newest_are_listed_first(sample: SamplePractice) -> None:
    sample.execute("UPDATE securitylog SET PatNum = 99 WHERE SecurityLogNum IN (2, 10)")
    with ranges_of(1):
        assert numbers(verified(sample, SINCE_EVER), Genuineness.ALTERED) == [10, 3, 2]


def test_what_is_listed_is_as_the_audit_trail_shows_it(sample: SamplePractice) -> None:
    sample.execute("UPDATE securitylog SET PatNum = 99")
    with sample.office() as office:
        shown = {entry.number: entry for entry in office.audit.search(EVERYTHING).page(Direction.OLDER).entries}
        assert {entry.number: entry for entry in finish(begun(office)).listed} == shown


def test_api_keys_in_what_is_listed_are_masked(sample: SamplePractice) -> None:
    sample.execute("UPDATE securitylog SET PatNum = 99 WHERE SecurityLogNum = 10")
    (found,) = [entry for entry in verified(sample).listed if entry.number == 10]
    assert BRIDGE_KEY not in repr(found)
    assert found.text_masked


def test_only_so_many_are_listed_and_all_are_counted(sample: SamplePractice, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit_verification, "LISTED", 2)
    logs = [log_row(number) for number in range(1, 16)]
    wrong = [(row["SecurityLogNum"], "x") for row in logs[:5]]
    fill(sample, logs, hash_rows([*wrong, *((number, "x") for number in range(101, 106))]))
    with ranges_of(2):
        told = verified(sample)
    assert counts(told) == (15, 0, 5, 10, 5)
    assert numbers(told, Genuineness.ALTERED) == [1, 2]
    assert numbers(told, Genuineness.NO_HASH) == [6, 7]
    assert told.gone_numbers == (101, 102)


def test_hashes_whose_entry_is_gone(sample: SamplePractice) -> None:
    sample.execute("DELETE FROM securitylog WHERE SecurityLogNum IN (1, 7, 10)")
    told = verified(sample)
    assert (told.gone, told.gone_numbers) == (3, (1, 7, 10))
    assert told.checked == 7
    assert not replace(told, altered=0, without_hash=0).clean


def test_several_hashes_of_one_entry_that_is_gone_count_once(sample: SamplePractice) -> None:
    sample.execute("INSERT INTO securityloghash (SecurityLogHashNum, SecurityLogNum, LogHash) VALUES (900, 10, 'x')")
    sample.execute("DELETE FROM securitylog WHERE SecurityLogNum = 10")
    for size in (1, 100):
        with ranges_of(size):
            assert verified(sample).gone == 1


@pytest.mark.parametrize("outside", [-5, 5, 1005])
def test_a_hash_before_between_and_after_all_entries_is_found(sample: SamplePractice, outside: int) -> None:
    logs = [log_row(number) for number in (1, 2, 8, 9)]
    fill(sample, logs, hash_rows([*genuine_rows(*logs), (outside, "x")]))
    with ranges_of(2):
        assert verified(sample).gone_numbers == (outside,)


def test_a_table_where_all_is_well_is_clean(sample: SamplePractice) -> None:
    logs = [log_row(number) for number in range(1, 8)]
    fill(sample, logs, hash_rows(genuine_rows(*logs)))
    with ranges_of(3):
        told = verified(sample)
    assert counts(told) == (7, 7, 0, 0, 0)
    assert told.clean
    assert told.listed == ()


@pytest.mark.parametrize(
    ("which", "expected"),
    [("right right", (1, 1, 0, 0, 0)), ("right wrong", (1, 0, 1, 0, 0)), ("wrong wrong", (1, 0, 1, 0, 0))],
)
def test_an_entry_with_two_hashes_counts_once(sample: SamplePractice, which: str, expected: tuple[int, ...]) -> None:
    row = log_row(1)
    stored = {"right": log_hash(row), "wrong": log_hash(row).swapcase()}
    fill(sample, [row], hash_rows([(1, stored[each]) for each in which.split()]))
    for wanted in (EVERYTHING, SINCE_EVER):
        assert counts(verified(sample, wanted))[:4] == expected[:4]


@pytest.mark.parametrize(
    ("since", "until", "checked", "altered", "bare"),
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
def test_only_some_days(
    sample: SamplePractice, since: str | None, until: str | None, checked: int, altered: int, bare: int
) -> None:
    first, last = (None if day is None else date.fromisoformat(day) for day in (since, until))
    told = verified(sample, AuditFilter(since=first, until=last))
    assert counts(told) == (checked, checked - altered - bare, altered, bare, None)
    assert told.gone_numbers == ()


def test_the_filters_other_conditions_do_not_count(sample: SamplePractice) -> None:
    everything = AuditFilter(user=2, permission=15, source=23, computer="x", text="x", ours=True, suspect=True)
    assert counts(verified(sample, everything)) == counts(verified(sample))
    some_days = AuditFilter(since=date(2024, 11, 4))
    assert counts(verified(sample, replace(everything, since=some_days.since))) == counts(verified(sample, some_days))


@both_ways
def test_an_empty_table(sample: SamplePractice, wanted: AuditFilter) -> None:
    fill(sample, [], [])
    told = verified(sample, wanted)
    assert counts(told) == (0, 0, 0, 0, 0 if wanted is EVERYTHING else None)
    assert told.done
    assert told.clean
    assert told.fraction == 1.0


def test_an_empty_table_with_hashes_that_were_left(sample: SamplePractice) -> None:
    sample.execute("DELETE FROM securitylog")
    assert verified(sample).gone == 9


def test_a_second_with_more_entries_than_a_range(sample: SamplePractice) -> None:
    logs = [log_row(number, "2024-11-04 10:00:00") for number in range(1, 30)]
    fill(sample, logs, hash_rows(genuine_rows(*logs[:20])))
    with ranges_of(3):
        assert counts(verified(sample, SINCE_EVER)) == (29, 20, 0, 9, None)


@both_ways
def test_how_far_it_is_never_goes_back(sample: SamplePractice, wanted: AuditFilter) -> None:
    seen = []
    with ranges_of(1), sample.office() as office:
        verification = begun(office, wanted)
        while not (told := verification.step()).done:
            seen.append(told.fraction)
    assert len(seen) > 5
    assert seen == sorted(seen)
    assert 0.0 <= min(seen)
    assert max(seen) <= 1.0


@both_ways
def test_each_step_gets_on_however_slow_the_server_is(sample: SamplePractice, wanted: AuditFilter) -> None:
    with ranges_of(2), sample.office() as office:
        verification = begun(office, wanted)
        assert 0 < verification.step().checked < verification.step().checked < 10


def test_a_step_ends_when_its_time_is_over(sample: SamplePractice) -> None:
    with ranges_of(1), sample.office() as office:
        ticks = count()
        verification = Verification(
            office._practice, EVERYTHING, office.audit.search(EVERYTHING).maker, lambda: next(ticks) / 20
        )
        # Three looks at the clock for a range: eight of them fit in, and no more.
        assert 1 < verification.step().checked < 10


def test_ranges_grow_where_the_server_is_quick_and_shrink_where_it_is_slow(sample: SamplePractice) -> None:
    fill(sample, [log_row(number) for number in range(1, 1300)], [])
    with sample.office() as office:
        quick = Verification(office._practice, EVERYTHING, office.audit.search(EVERYTHING).maker, lambda: 0.0)
        finish(quick)
        assert quick._size >= 4 * audit_verification._FIRST_SIZE * 4
        slow = begun(office)
        finish(slow)
        assert slow._size == audit_verification._SMALLEST


# --- any rows at all


@dataclass(frozen=True)
class Trail:
    """Rows of both tables."""

    logs: list[Row]
    hashes: list[tuple[int, str]]

    def expected(self, wanted: AuditFilter) -> dict[str, object]:
        """What a verification has to find, without a database."""
        low = f"{wanted.since} 00:00:00" if wanted.since else ""
        high = f"{wanted.until} 23:59:59" if wanted.until else "9999-99-99"
        logs = [row for row in self.logs if low <= row["LogDateTime"] <= high]
        stored: dict[int, set[str]] = {}
        for number, each in self.hashes:
            stored.setdefault(number, set()).add(each)
        said = Counter[str]()
        altered, bare = set(), set()
        for row in logs:
            number = row["SecurityLogNum"]
            if number not in stored:
                bare.add(number)
            elif stored[number] != {log_hash(row)}:
                altered.add(number)
            else:
                said["genuine"] += 1
        gone = sorted(stored.keys() - {row["SecurityLogNum"] for row in self.logs})
        whole = wanted.since is None and wanted.until is None
        return {
            "checked": len(logs),
            "genuine": said["genuine"],
            "altered": altered,
            "bare": bare,
            "gone": len(gone) if whole else None,
            "gone numbers": tuple(gone) if whole else (),
        }


def found(told: VerificationReport) -> dict[str, object]:
    altered, bare = numbers(told, Genuineness.ALTERED), numbers(told, Genuineness.NO_HASH)
    assert (told.altered, told.without_hash) == (len(altered), len(bare))
    return {
        "checked": told.checked,
        "genuine": told.genuine,
        "altered": set(altered),
        "bare": set(bare),
        "gone": told.gone,
        "gone numbers": told.gone_numbers,
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
"""Numbers in a row, and random ones as replicating offices have them; MySQL numbers a zero anew."""
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


@three_shapes
def test_any_rows_are_counted_as_plain_python_counts_them(sample: SamplePractice) -> None:
    with sample.office() as office:

        @settings(max_examples=60, deadline=None, derandomize=True, database=None)
        @given(trails(), st.integers(1, 12), DAYS, DAYS, st.booleans())
        def check(trail: Trail, size: int, since: date | None, until: date | None, computes: bool) -> None:
            fill(sample, trail.logs, hash_rows(trail.hashes))
            with pytest.MonkeyPatch.context() as patch, ranges_of(size):
                if not computes:
                    patch.setattr(audit_verification, "can_compute", lambda _session: False)
                for wanted in (EVERYTHING, AuditFilter(since=since, until=until)):
                    assert found(finish(begun(office, wanted))) == trail.expected(wanted)

        check()


@both_ways
def test_a_server_that_cannot_compute_the_hash_gets_the_same_result(
    sample: SamplePractice, wanted: AuditFilter, monkeypatch: pytest.MonkeyPatch
) -> None:
    sample.execute("INSERT INTO securityloghash (SecurityLogHashNum, SecurityLogNum, LogHash) VALUES (900, 1, 'x')")
    sample.execute("DELETE FROM securitylog WHERE SecurityLogNum = 10")
    by_server = verified(sample, wanted)
    monkeypatch.setattr(audit_verification, "can_compute", lambda _session: False)
    with ranges_of(3):
        assert verified(sample, wanted) == by_server


def test_what_the_database_suspects_wrongly_is_not_counted(
    sample: SamplePractice, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server may spell a value in another way; what `log_hash` says counts."""
    monkeypatch.setattr("core.opendental.log_hash_sql._HASH", "'never this'")
    monkeypatch.setattr("core.opendental.log_hash_sql._stored_log_hash", lambda *_values: "never this")
    with ranges_of(4):
        assert counts(verified(sample)) == (10, 8, 1, 1, 0)


# --- faults


@both_engines
@both_ways
def test_a_connection_killed_after_any_statement(server_sample: SampleServer, wanted: AuditFilter) -> None:
    server_sample.execute("DELETE FROM securitylog WHERE SecurityLogNum = 10")
    with ranges_of(4), server_sample.office() as office:
        whole = finish(begun(office, wanted))
        hints = []
        for number in count(1):
            verification = begun(office, wanted)
            with after_query(office, nth(number), cut_connection(server_sample)) as hit:
                try:
                    told = finish(verification)
                except ConnectionLost as error:
                    hints.append(error.hint)
                    told = finish(verification)
            assert told == whole
            if not hit.triggered:
                break
    assert len(hints) > 5
    assert all(hints)


def test_a_file_that_fails_in_the_middle_can_be_read_on(file_sample: SamplePractice) -> None:
    with ranges_of(4), file_sample.office() as office:
        whole = finish(begun(office))
        verification = begun(office)
        with (
            after_query(office, nth(5), cut_connection(file_sample)),
            pytest.raises(PracticeUnavailable, match="disk refused"),
        ):
            finish(verification)
        assert finish(verification) == whole


def late_hash(row: Row) -> str:
    """The statement by which Open Dental writes the hash, a moment after the entry."""
    return (
        "INSERT INTO securityloghash (SecurityLogHashNum, SecurityLogNum, LogHash)"
        f" VALUES (5000, {row['SecurityLogNum']}, '{log_hash(row)}')"
    )


@three_shapes
@both_ways
def test_an_entry_that_gets_its_hash_between_two_steps(sample: SamplePractice, wanted: AuditFilter) -> None:
    logs = [log_row(number, f"2024-11-04 10:00:{number:02}") for number in range(1, 9)]
    late = logs[0] if wanted is EVERYTHING else logs[-1]
    fill(sample, logs, hash_rows(genuine_rows(*(row for row in logs if row is not late))))
    with ranges_of(3), sample.office() as office:
        verification = begun(office, wanted)
        assert verification.step().without_hash == 1
        sample.execute(late_hash(late))
        told = finish(verification)
    assert counts(told)[:4] == (8, 8, 0, 0)
    assert told.clean
    assert told.listed == ()


@both_engines
@both_ways
def test_an_entry_that_gets_its_hash_while_its_range_is_checked(
    server_sample: SampleServer, wanted: AuditFilter
) -> None:
    """With transactions one goes on seeing what was there when the reading began."""
    logs = [log_row(number) for number in range(1, 6)]
    fill(server_sample, logs, hash_rows(genuine_rows(*logs[:-1])))

    def write_hash(_: Connection) -> None:
        server_sample.execute(late_hash(logs[-1]))

    with server_sample.office() as office:
        verification = begun(office, wanted)
        with after_query(office, lambda _, words: "securityloghash" in words, write_hash) as hit:
            told = finish(verification)
    assert hit.triggered
    assert counts(told)[:4] == (5, 5, 0, 0)


@three_shapes
@both_ways
def test_an_entry_that_gets_its_hash_where_thousands_have_none(
    sample: SamplePractice, wanted: AuditFilter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The newest entry is looked at again even where it is not one of those that are listed."""
    monkeypatch.setattr(audit_verification, "LISTED", 2)
    logs = [log_row(number, f"2024-11-{number:02} 10:00:00") for number in range(1, 9)]
    # Random primary keys: the newest entry is in the middle.
    logs[-1]["SecurityLogNum"], logs[4]["SecurityLogNum"] = 5, 8
    fill(sample, logs, [])
    with ranges_of(3), sample.office() as office:
        verification = begun(office, wanted)
        verification.step()
        verification.step()
        sample.execute(late_hash(logs[-1]))
        told = finish(verification)
    assert counts(told)[:4] == (8, 1, 0, 7)
    assert 5 not in [entry.number for entry in told.listed]


@both_engines
@both_ways
def test_an_entry_that_gets_a_wrong_hash_meanwhile_is_altered(server_sample: SampleServer, wanted: AuditFilter) -> None:
    logs = [log_row(number) for number in range(1, 3)]
    fill(server_sample, logs, hash_rows(genuine_rows(logs[0])))

    def write_wrong_hash(_: Connection) -> None:
        server_sample.execute(late_hash(logs[1]).replace("='", "=x'"))

    with server_sample.office() as office:
        verification = begun(office, wanted)
        with after_query(office, lambda _, words: "securityloghash" in words, write_wrong_hash):
            told = finish(verification)
    assert counts(told)[:4] == (2, 1, 1, 0)
    assert numbers(told, Genuineness.ALTERED) == [2]


@both_engines
def test_a_user_who_may_only_read(server_sample: SampleServer) -> None:
    with database_user(server_sample, "SELECT") as account, closing(server_sample.open_as(account)) as office:
        assert counts(finish(begun(office))) == (10, 8, 1, 1, 0)
        assert counts(finish(begun(office, SINCE_EVER))) == (10, 8, 1, 1, None)


@three_shapes
@both_ways
def test_a_table_of_hashes_that_is_not_there(sample: SamplePractice, wanted: AuditFilter) -> None:
    with sample.office() as office:
        sample.execute("ALTER TABLE securityloghash RENAME TO elsewhere")
        try:
            with pytest.raises(PracticeUnavailable) as caught:
                finish(begun(office, wanted))
        finally:
            sample.execute("ALTER TABLE elsewhere RENAME TO securityloghash")
        assert caught.value.sentence.endswith(".")
        # The same verification goes on when the table is there again.
        assert finish(begun(office, wanted)).checked == 10


def test_hashes_of_very_many_entries_that_are_gone_are_counted_in_ranges_and_not_kept(
    sample: SamplePractice, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit_verification, "LISTED", 5)
    fill(sample, [log_row(5_000)], hash_rows((number, "x") for number in range(1, 1_001)))
    with ranges_of(50), sample.office() as office:
        found = finish(Verification(office._practice, EVERYTHING, office.audit.search(EVERYTHING).maker))
    assert (found.gone, found.gone_numbers) == (1_000, (1, 2, 3, 4, 5))
    assert (found.checked, found.without_hash) == (1, 1)
