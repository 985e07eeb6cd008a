"""Searches of the Audit Trail: the results of each filter, and complete pages in both directions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.audit import search as audit_search
from core.audit.filter import Alternatives, AuditFilter
from core.audit.paging import Direction, PageCursor, after_day
from core.model.audit_entry import AuditEntry, HashStatus
from core.office.office import Office
from tests.support.actors import ADMIN
from tests.support.audit_exports import begin_export, finish
from tests.support.audit_pages import EVERYTHING, NEWEST_FIRST, all_entries, newest_entries
from tests.support.audit_rows import hash_rows, log_row, replace_audit_trail
from tests.support.databases import SampleFile, SamplePractice, SampleServer
from tests.support.practice_rows import NO_DATE, Row, log_hash
from tests.support.properties import examples

ZERO = "0000-00-00 00:00:00"
OURS = (
    "API/FHIR",
    "NOT DONE: API/FHIR",
    "API Setup: Enabled changed from off to on",
    "API key ********Gh78 #3f9a01 (Bridge) changed from Enabled to Disabled by Customer by Admin",
    "New API key ********Gh78 #3f9a01 (Bridge) added by Admin",
    "NOT DONE: Audit Trail export to trail.csv begun by Admin: all entries",
    "Open Dental API End User License accepted by Admin",
    "API Access Agreement accepted by Admin (SHA-256 0123456789ab)",
)
OTHERS = (
    "Payment of $20.00 entered.",
    "100% sure_thing",
    r"back\slash / slash",
    "José — 日本語",
    "Opened API/FHIR",
    "",
    None,
)


def numbers(entries: Sequence[AuditEntry]) -> list[int]:
    return [entry.number for entry in entries]


def find(sample: SamplePractice, audit_filter: AuditFilter) -> list[int]:
    with sample.office() as office:
        return numbers(all_entries(office.audit.search(audit_filter), Direction.OLDER))


@pytest.mark.parametrize(
    ("audit_filter", "expected"),
    [
        (AuditFilter(), NEWEST_FIRST),
        (AuditFilter(since=date(2024, 11, 5)), [10, 1]),
        (AuditFilter(until=date(2024, 11, 4)), [9, 8, 7, 6, 4, 3, 2, 5]),
        (AuditFilter(since=date(2020, 2, 29), until=date(2020, 2, 29)), [2]),
        (AuditFilter(since=date(1, 1, 1)), [10, 1, 9, 8, 7, 6, 4, 3, 2]),
        (AuditFilter(until=date(9999, 12, 31)), NEWEST_FIRST),
        (AuditFilter(since=date(2024, 11, 6)), []),
        (AuditFilter(permission=15), [4, 3]),
        (AuditFilter(permission=258), []),
        (AuditFilter(user=1), [10, 1, 6, 5]),
        (AuditFilter(user=5), [7]),
        (AuditFilter(user=0), [9, 8]),
        (AuditFilter(user=2**63 - 1), []),
        (AuditFilter(source=0), NEWEST_FIRST),
        (AuditFilter(source=23), []),
        (AuditFilter(computer="frontdesk"), NEWEST_FIRST),
        (AuditFilter(computer="DESK_"), []),
        (AuditFilter(text="PAYMENT"), [3]),
        (AuditFilter(text="one second"), [9, 8]),
        (AuditFilter(text="%"), []),
        (AuditFilter(text="日本"), [2]),
        (AuditFilter(ours=True), [10, 1]),
        (AuditFilter(suspect=True), [4, 3]),
        (AuditFilter(since=date(2024, 11, 4), user=2, permission=15, text="20.00", suspect=True), [3]),
        (AuditFilter(user=1, ours=True, until=date(2024, 11, 4)), []),
        (AuditFilter(more=(Alternatives("user", (5, 0)),)), [9, 8, 7]),
        (AuditFilter(more=(Alternatives("user", (0, 1), excluded=True),)), [7, 4, 3, 2]),
        (AuditFilter(more=(Alternatives("permission", (15, 258)),)), [4, 3]),
        (AuditFilter(more=(Alternatives("permission", (15,), excluded=True),)), [10, 1, 9, 8, 7, 6, 2, 5]),
        (AuditFilter(more=(Alternatives("source", (0, 23)),)), NEWEST_FIRST),
        (AuditFilter(more=(Alternatives("source", (0,), excluded=True),)), []),
        (AuditFilter(more=(Alternatives("text", ("PAYMENT", "one second")),)), [9, 8, 3]),
        (AuditFilter(text="second", more=(Alternatives("text", ("one",)),)), [9, 8]),
        (AuditFilter(user=2, more=(Alternatives("text", ("payment", "日本"), excluded=True),)), [4]),
        (AuditFilter(more=(Alternatives("computer", ("frontdesk",), excluded=True),)), []),
    ],
)
@pytest.mark.parametrize("sample", ["SQLite", "21.1 MyISAM", "24.3 InnoDB"], indirect=True)
@pytest.mark.parametrize("max_selective", [0, audit_search.MAX_SELECTIVE_ROWS], ids=["in slices", "by index"])
def test_a_search_finds_the_entries_that_meet_its_filter(
    sample: SamplePractice,
    monkeypatch: pytest.MonkeyPatch,
    audit_filter: AuditFilter,
    expected: list[int],
    max_selective: int,
) -> None:
    monkeypatch.setattr(audit_search, "MAX_SELECTIVE_ROWS", max_selective)
    assert find(sample, audit_filter) == expected


def test_a_page_can_start_at_the_end_of_a_day(sample: SamplePractice) -> None:
    with sample.office() as office:
        search = office.audit.search(EVERYTHING)
        assert numbers(search.page(Direction.OLDER, after_day(date(2024, 11, 5))).entries) == NEWEST_FIRST
        assert numbers(search.page(Direction.OLDER, after_day(date(2024, 11, 4))).entries) == [9, 8, 7, 6, 4, 3, 2, 5]
        assert numbers(search.page(Direction.OLDER, after_day(date(2020, 2, 28))).entries) == [5]
        assert numbers(search.page(Direction.OLDER, after_day(date(9999, 12, 31))).entries) == NEWEST_FIRST


def test_between_two_days_both_directions_together_have_every_entry_once(sample: SamplePractice) -> None:
    """An entry at midnight belongs to the day that starts."""
    sample.execute("UPDATE securitylog SET LogDateTime = '2024-11-05 00:00:00' WHERE SecurityLogNum IN (8, 9)")
    between = after_day(date(2024, 11, 4))
    with sample.office() as office:
        search = office.audit.search(EVERYTHING)
        assert numbers(search.page(Direction.OLDER, between).entries) == [7, 6, 4, 3, 2, 5]
        assert numbers(search.page(Direction.NEWER, between).entries) == [10, 1, 9, 8]


def test_a_page_of_newer_entries_has_those_written_meanwhile(sample: SamplePractice) -> None:
    with sample.office() as office:
        search = office.audit.search(EVERYTHING)
        newest = search.page(Direction.OLDER, size=3).entries[0]
        office.users.sign_out(ADMIN)
        newer = search.page(Direction.NEWER, PageCursor(newest.stored_moment, newest.number))
    assert [entry.text for entry in newer.entries] == ["User: Admin has logged off."]
    assert newer.next_cursor is None


@pytest.mark.parametrize("audit_filter", [AuditFilter(), AuditFilter(user=2), AuditFilter(text="e")])
def test_a_page_that_ends_with_the_last_entry_has_no_next_cursor(
    sample: SamplePractice, audit_filter: AuditFilter
) -> None:
    sample.execute("INSERT INTO securityloghash (SecurityLogHashNum, SecurityLogNum, LogHash) VALUES (900, 2, 'x')")
    with sample.office() as office:
        page = office.audit.search(audit_filter).page(Direction.OLDER)
    assert page.entries
    assert page.next_cursor is None


def test_an_empty_page_has_a_cursor_if_slices_follow(sample: SamplePractice, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit_search, "SLICE_SIZE", 1)
    with sample.office() as office:
        search = office.audit.search(AuditFilter(text="converted long ago"))
        first = search.page(Direction.OLDER)
        assert first.entries == ()
        assert first.next_cursor is not None
        assert numbers(all_entries(search, Direction.OLDER, first.next_cursor)) == [5]


def test_an_entry_with_more_hashes_than_the_page_size_has_all_of_them(sample: SamplePractice) -> None:
    right = sample.value("securityloghash", 110, "LogHash")
    for key in range(900, 905):
        hashed = right if key < 904 else "x"
        sample.execute("INSERT INTO securityloghash VALUES (?, 10, ?)", key, hashed)
    with sample.office() as office:
        entry, *_ = newest_entries(office, size=2)
    assert (entry.number, entry.hash_status, len(entry.stored_hashes)) == (10, HashStatus.ALTERED, 6)


# --- pages of any size, of any entries, in slices of any size


@dataclass(frozen=True)
class Scenario:
    """An Audit Trail, a filter, and the sizes with which pages are read."""

    logs: list[Row]
    hashes: list[tuple[int, str]]
    audit_filter: AuditFilter
    page_size: int
    slice_size: int
    slices_per_page: int
    max_selective: int
    can_compute: bool
    """True if the database can compute hashes."""
    day: date
    entry: int
    """The index of the entry from which reading continues."""

    @property
    def expected(self) -> list[tuple[int, HashStatus]]:
        """The correct result, computed in Python, newest first."""
        rows = sorted(self.logs, key=lambda row: (row["LogDateTime"], row["SecurityLogNum"]), reverse=True)
        checked = [(row, self._hash_status(row)) for row in rows]
        return [(row["SecurityLogNum"], hash_status) for row, hash_status in checked if self._meets(row, hash_status)]

    def moment(self, number: int) -> str:
        (moment,) = [row["LogDateTime"] for row in self.logs if row["SecurityLogNum"] == number]
        return str(moment)

    def _hash_status(self, row: Row) -> HashStatus:
        stored = {text for number, text in self.hashes if number == row["SecurityLogNum"]}
        if not stored:
            return HashStatus.NO_HASH
        return HashStatus.MATCHES if stored == {log_hash(row)} else HashStatus.ALTERED

    def _meets(self, row: Row, hash_status: HashStatus) -> bool:
        conditions, day, text = self.audit_filter, row["LogDateTime"][:10], row["LogText"]
        return (
            (conditions.since is None or day >= str(conditions.since))
            and (conditions.until is None or day <= str(conditions.until))
            and conditions.permission in (None, row["PermType"])
            and conditions.user in (None, row["UserNum"])
            and conditions.source in (None, row["LogSource"])
            and conditions.computer.casefold() in row["CompName"].casefold()
            and (not conditions.text or (text is not None and conditions.text.casefold() in text.casefold()))
            and (not conditions.ours or (text in OURS and row["PermType"] in (8, 122, 258)))
            and (not conditions.suspect or hash_status is not HashStatus.MATCHES)
        )


DAYS = [date(1, 1, 1), date(1850, 5, 6), date(2024, 11, 3), date(2024, 11, 4), date(2024, 11, 5), date(9999, 12, 31)]
MOMENTS = [
    ZERO,
    NO_DATE,
    "1850-05-06 07:08:09",
    "2024-11-04 00:00:00",
    "2024-11-04 12:00:00",
    "2024-11-04 23:59:59",
    "2024-11-05 00:00:00",
    "2024-11-05 00:00:01",
    "9999-12-31 23:59:59",
]
PREVIOUS = [NO_DATE, ZERO, "2020-02-28 12:30:01"]
# No accented letters: MariaDB's collation matches more of them than Python does.
TEXTS = ["", "", "payment", "API", "%", "_", "\\", "/", "日本", "e", "$20.00", "nothing like it"]


@st.composite
def scenarios(draw: st.DrawFn) -> Scenario:
    moments = draw(st.lists(st.sampled_from(MOMENTS), min_size=1, max_size=4))
    keys = st.one_of(st.integers(1, 40), st.integers(10_000, 2**63 - 1))
    logs, hashes = [], []
    for number in draw(st.lists(keys, unique=True, max_size=14)):
        row = log_row(
            number,
            draw(st.sampled_from(moments)),
            draw(st.sampled_from(OURS + OTHERS)),
            PermType=draw(st.sampled_from([8, 8, 15, 122, 258])),
            UserNum=draw(st.sampled_from([0, 1, 5])),
            CompName=draw(st.sampled_from(["FRONTDESK-2", "", "desk_1, 203.0.113.9"])),
            LogSource=draw(st.sampled_from([0, 23])),
            DateTPrevious=draw(st.sampled_from(PREVIOUS)),
        )
        logs.append(row)
        stored = draw(st.sampled_from([[True], [True], [], [False], [True, True], [True, True, False], [False, True]]))
        hashes += [(number, log_hash(row) if right else "x" * 44) for right in stored]
    return Scenario(
        logs,
        draw(st.permutations(hashes)),
        draw(filters),
        page_size=draw(st.integers(1, 7)),
        slice_size=draw(st.integers(1, 6)),
        slices_per_page=draw(st.integers(1, 4)),
        max_selective=draw(st.sampled_from([0, 2, 1_000])),
        can_compute=draw(st.booleans()),
        day=draw(st.sampled_from(DAYS)),
        entry=draw(st.integers(0, 13)),
    )


def sometimes(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(st.none(), st.none(), strategy)


dates = st.tuples(sometimes(st.sampled_from(DAYS)), sometimes(st.sampled_from(DAYS))).map(
    lambda pair: pair if None in pair else sorted(pair)
)
rarely = st.sampled_from([False, False, True])
filters = st.one_of(
    dates.map(lambda pair: AuditFilter(*pair)),
    st.builds(
        lambda pair, **others: AuditFilter(*pair, **others),
        dates,
        permission=sometimes(st.sampled_from([8, 15, 122])),
        user=sometimes(st.sampled_from([0, 1, 5, 6])),
        source=sometimes(st.sampled_from([0, 23])),
        computer=st.sampled_from(["", "", "desk", "_"]),
        text=st.sampled_from(TEXTS),
        ours=rarely,
        suspect=rarely,
    ),
)


@contextmanager
def prepared(sample: SamplePractice, scenario: Scenario) -> Iterator[None]:
    """Give the practice the scenario's entries, and the search the scenario's sizes."""
    replace_audit_trail(sample, scenario.logs, hash_rows(scenario.hashes))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(audit_search, "MAX_SELECTIVE_ROWS", scenario.max_selective)
        patch.setattr(audit_search, "SLICE_SIZE", scenario.slice_size)
        patch.setattr(audit_search, "HASHED_SLICE_SIZE", scenario.slice_size)
        patch.setattr(audit_search, "SLICES_PER_PAGE", scenario.slices_per_page)
        if not scenario.can_compute:
            patch.setattr(audit_search, "can_compute", lambda _connection: False)
        yield


def results(entries: Sequence[AuditEntry]) -> list[tuple[int, HashStatus]]:
    return [(entry.number, entry.hash_status) for entry in entries]


def check_paging(office: Office, scenario: Scenario) -> None:
    """Read the same entries in both directions from the end, from the end of a day, and from an entry."""
    expected, size = scenario.expected, scenario.page_size
    search = office.audit.search(scenario.audit_filter)
    assert results(all_entries(search, Direction.OLDER, size=size)) == expected
    assert results(all_entries(search, Direction.NEWER, size=size)) == expected[::-1]

    between = after_day(scenario.day)
    page = search.page(Direction.OLDER, between, size)
    older = list(page.entries) + (
        all_entries(search, Direction.OLDER, page.next_cursor, size) if page.next_cursor else []
    )
    newer = all_entries(search, Direction.NEWER, between, size) if between else []
    assert results(newer[::-1] + older) == expected
    assert all(entry.stored_moment[:10] <= str(scenario.day) for entry in older)

    if scenario.entry < len(expected):
        number, _ = expected[scenario.entry]
        start = PageCursor(scenario.moment(number), number)
        assert results(all_entries(search, Direction.OLDER, start, size)) == expected[scenario.entry + 1 :]
        assert results(all_entries(search, Direction.NEWER, start, size)) == expected[: scenario.entry][::-1]


def check_any_scenario(sample: SamplePractice, count: int) -> None:
    with sample.office() as office:

        @examples(count)
        @given(scenarios())
        def check(scenario: Scenario) -> None:
            with prepared(sample, scenario):
                check_paging(office, scenario)

        check()


def test_the_largest_number_that_a_random_primary_key_can_have_is_paged_like_others(file_sample: SampleFile) -> None:
    largest = 2**63 - 1
    logs = [log_row(number, ZERO, "API/FHIR") for number in (1, largest)]
    hashes = [(row["SecurityLogNum"], log_hash(row)) for row in logs]
    with file_sample.office() as office:
        for entry in (0, 1):
            scenario = Scenario(
                logs,
                hashes,
                AuditFilter(),
                page_size=1,
                slice_size=1,
                slices_per_page=1,
                max_selective=0,
                can_compute=False,
                day=DAYS[0],
                entry=entry,
            )
            with prepared(file_sample, scenario):
                check_paging(office, scenario)


def test_paging_neither_skips_nor_repeats_an_entry_in_a_file(file_sample: SampleFile) -> None:
    check_any_scenario(file_sample, 40)


@pytest.mark.parametrize("server_sample", ["24.3 MyISAM", "24.3 InnoDB"], indirect=True)
def test_paging_neither_skips_nor_repeats_an_entry_on_a_server(server_sample: SampleServer) -> None:
    try:
        check_any_scenario(server_sample, 15)
    finally:
        # After the largest possible key the server has no next one.
        replace_audit_trail(server_sample, [], [])
        server_sample.execute("ALTER TABLE securitylog AUTO_INCREMENT = 1")


@pytest.mark.parametrize("text", ["\N{GRINNING FACE}", "日本語", "José"])
def test_a_character_that_old_columns_cannot_hold_can_be_searched_for(sample: SamplePractice, text: str) -> None:
    expected = [] if text == "\N{GRINNING FACE}" else [2]
    assert find(sample, AuditFilter(text=text)) == expected
    assert find(sample, AuditFilter(computer=text)) == []


def test_a_text_is_not_found_in_the_filter_of_an_earlier_export(sample: SamplePractice, tmp_path: Path) -> None:
    with sample.office() as office:
        finish(begin_export(office, tmp_path / "trail.csv", AuditFilter(text="Payment of")))
        finish(begin_export(office, tmp_path / "payment of.csv", AuditFilter(text="Payment of")))

        def found(text: str) -> list[str]:
            return [
                entry.text.split(" by ")[0]
                for entry in all_entries(office.audit.search(AuditFilter(text=text)), Direction.OLDER)
            ]

        about_exports = [text for text in found("PAYMENT OF") if "export" in text]
        # The name of the second file contains the text.
        assert about_exports == [
            "Audit Trail export to payment of.csv finished",
            "Audit Trail export to payment of.csv begun",
        ]
        assert len(found("Audit Trail export")) == 4
        assert len(found("begun")) == 2
