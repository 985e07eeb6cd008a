"""Finding audit entries: what each filter finds, and that pages in either direction neither skip nor repeat any."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import event

from core.audit import search as audit_search
from core.audit.activity import Activity
from core.audit.filter import AuditFilter
from core.audit.paging import Direction, PageCursor, after_day
from core.base.errors import EntryGone
from core.model.audit_entry import AuditEntry, Genuineness, Subject
from core.office.office import Office
from tests.support.actors import ADMIN
from tests.support.audit_pages import EVERYTHING, latest, walked
from tests.support.audit_rows import fill, hash_rows, log_row
from tests.support.databases import NOW, SampleFile, SamplePractice, SampleServer, make_server_practice
from tests.support.opendental_columns import NEW
from tests.support.practice_rows import BRIDGE_KEY, NO_DATE, Row, log_hash
from tests.support.server import Server

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


def found(sample: SamplePractice, wanted: AuditFilter) -> list[int]:
    with sample.office() as office:
        return numbers(walked(office.audit.search(wanted), Direction.OLDER))


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (AuditFilter(), [10, 1, 9, 8, 7, 6, 4, 3, 2, 5]),
        (AuditFilter(since=date(2024, 11, 5)), [10, 1]),
        (AuditFilter(until=date(2024, 11, 4)), [9, 8, 7, 6, 4, 3, 2, 5]),
        (AuditFilter(since=date(2020, 2, 29), until=date(2020, 2, 29)), [2]),
        (AuditFilter(since=date(1, 1, 1)), [10, 1, 9, 8, 7, 6, 4, 3, 2]),
        (AuditFilter(until=date(9999, 12, 31)), [10, 1, 9, 8, 7, 6, 4, 3, 2, 5]),
        (AuditFilter(since=date(2024, 11, 6)), []),
        (AuditFilter(permission=15), [4, 3]),
        (AuditFilter(permission=258), []),
        (AuditFilter(user=1), [10, 1, 6, 5]),
        (AuditFilter(user=5), [7]),
        (AuditFilter(user=0), [9, 8]),
        (AuditFilter(user=2**63 - 1), []),
        (AuditFilter(source=0), [10, 1, 9, 8, 7, 6, 4, 3, 2, 5]),
        (AuditFilter(source=23), []),
        (AuditFilter(computer="frontdesk"), [10, 1, 9, 8, 7, 6, 4, 3, 2, 5]),
        (AuditFilter(computer="DESK_"), []),
        (AuditFilter(text="PAYMENT"), [3]),
        (AuditFilter(text="one second"), [9, 8]),
        (AuditFilter(text="%"), []),
        (AuditFilter(text="日本"), [2]),
        (AuditFilter(ours=True), [10, 1]),
        (AuditFilter(suspect=True), [4, 3]),
        (AuditFilter(since=date(2024, 11, 4), user=2, permission=15, text="20.00", suspect=True), [3]),
        (AuditFilter(user=1, ours=True, until=date(2024, 11, 4)), []),
    ],
)
@pytest.mark.parametrize("sample", ["SQLite", "21.1 MyISAM", "24.3 InnoDB"], indirect=True)
@pytest.mark.parametrize("few", [0, audit_search.FEW], ids=["in slices", "by index"])
def test_what_each_filter_finds(
    sample: SamplePractice, monkeypatch: pytest.MonkeyPatch, wanted: AuditFilter, expected: list[int], few: int
) -> None:
    monkeypatch.setattr(audit_search, "FEW", few)
    assert found(sample, wanted) == expected


def test_a_day_and_before_it(sample: SamplePractice) -> None:
    with sample.office() as office:
        search = office.audit.search(EVERYTHING)
        assert numbers(search.page(Direction.OLDER, after_day(date(2024, 11, 5))).entries) == [
            10,
            1,
            9,
            8,
            7,
            6,
            4,
            3,
            2,
            5,
        ]
        assert numbers(search.page(Direction.OLDER, after_day(date(2024, 11, 4))).entries) == [9, 8, 7, 6, 4, 3, 2, 5]
        assert numbers(search.page(Direction.OLDER, after_day(date(2020, 2, 28))).entries) == [5]
        assert numbers(search.page(Direction.OLDER, after_day(date(9999, 12, 31))).entries) == [
            10,
            1,
            9,
            8,
            7,
            6,
            4,
            3,
            2,
            5,
        ]


def test_from_between_two_days_each_direction_gives_what_the_other_does_not(sample: SamplePractice) -> None:
    """An entry of midnight belongs to the day that begins."""
    sample.execute("UPDATE securitylog SET LogDateTime = '2024-11-05 00:00:00' WHERE SecurityLogNum IN (8, 9)")
    between = after_day(date(2024, 11, 4))
    with sample.office() as office:
        search = office.audit.search(EVERYTHING)
        assert numbers(search.page(Direction.OLDER, between).entries) == [7, 6, 4, 3, 2, 5]
        assert numbers(search.page(Direction.NEWER, between).entries) == [10, 1, 9, 8]


def test_after_a_days_last_entry_no_row_of_the_next_day_is_looked_at(server_sample: SampleServer) -> None:
    with server_sample.office() as office:
        search = office.audit.search(EVERYTHING)
        ((statement, values),) = page_statements(
            office, lambda: search.page(Direction.OLDER, after_day(date(2024, 11, 4)))
        )
        assert "LogDateTime` < " in statement.replace("securitylog.`", "`")
        assert "2024-11-05 00:00:00" in values.values()


def test_going_on_where_new_entries_came_meanwhile(sample: SamplePractice) -> None:
    with sample.office() as office:
        search = office.audit.search(EVERYTHING)
        newest = search.page(Direction.OLDER, size=3).entries[0]
        office.users.sign_out(ADMIN)
        newer = search.page(Direction.NEWER, PageCursor(newest.stored_moment, newest.number))
    assert [entry.text for entry in newer.entries] == ["User: Admin has logged off."]
    assert newer.next_cursor is None


@pytest.mark.parametrize("wanted", [AuditFilter(), AuditFilter(user=2), AuditFilter(text="e")])
def test_a_page_that_ends_with_the_last_entry_is_the_last(sample: SamplePractice, wanted: AuditFilter) -> None:
    sample.execute("INSERT INTO securityloghash (SecurityLogHashNum, SecurityLogNum, LogHash) VALUES (900, 2, 'x')")
    with sample.office() as office:
        page = office.audit.search(wanted).page(Direction.OLDER)
    assert page.entries
    assert page.next_cursor is None


def test_an_empty_slice_says_where_to_go_on(sample: SamplePractice, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit_search, "SLICE", 1)
    with sample.office() as office:
        search = office.audit.search(AuditFilter(text="converted long ago"))
        first = search.page(Direction.OLDER)
        assert first.entries == ()
        assert first.next_cursor is not None
        assert numbers(walked(search, Direction.OLDER, first.next_cursor)) == [5]


def test_an_entry_with_more_hashes_than_a_page_has_rows_keeps_them_all(sample: SamplePractice) -> None:
    right = sample.value("securityloghash", 110, "LogHash")
    for key in range(900, 905):
        hashed = right if key < 904 else "x"
        sample.execute("INSERT INTO securityloghash VALUES (?, 10, ?)", key, hashed)
    with sample.office() as office:
        entry, *_ = latest(office, size=2)
    assert (entry.number, entry.genuineness, len(entry.stored_hashes)) == (10, Genuineness.ALTERED, 6)


def test_a_whole_entry_has_every_column_and_both_hashes(sample: SamplePractice) -> None:
    sample.execute("UPDATE securitylog SET FKey = 11, DefNum = 12, DefNumError = 13 WHERE SecurityLogNum = 3")
    with sample.office() as office:
        whole = office.audit.whole(3)
    row = sample.practice_rows()["securitylog"]["3"]
    assert (whole.f_key, whole.definition, whole.definition_error, whole.subject) == (11, 12, 13, None)
    assert whole.entry == AuditEntry(
        number=3,
        moment=datetime(2024, 11, 4, 10),
        permission_number=15,
        permission="PaymentCreate",
        user_num=2,
        user="Maria",
        computer="FRONTDESK-2",
        text="Payment of $20.00 entered.",
        text_masked=False,
        source="None",
        patient=12,
        last_edit=None,
        genuineness=Genuineness.ALTERED,
        stored_moment="2024-11-04 10:00:00",
        stored_hashes=(log_hash({**row, "LogText": "Payment of $120.00 entered."}),),
        computed_hash=log_hash(row),
    )


def test_a_whole_entry_of_ours_says_what_it_is_about(sample: SamplePractice) -> None:
    with sample.office() as office:
        assert office.audit.whole(1).subject == Subject("Opening API Setup.")
        vendors = office.audit.whole(10)
    assert vendors.entry.text == "New API key ********Gh78 added by Admin"
    assert vendors.subject is not None
    assert "********Gh78" in vendors.subject.words
    assert BRIDGE_KEY not in vendors.subject.words


def test_a_whole_entry_without_a_hash_and_without_a_text(sample: SamplePractice) -> None:
    sample.execute("UPDATE securitylog SET LogText = NULL WHERE SecurityLogNum = 4")
    with sample.office() as office:
        entry = office.audit.whole(4).entry
    assert (entry.text, entry.stored_hashes, entry.genuineness) == ("", (), Genuineness.NO_HASH)


def test_a_whole_entry_shows_all_its_hashes(sample: SamplePractice) -> None:
    sample.execute("INSERT INTO securityloghash VALUES (900, 1, 'x')")
    right = sample.value("securityloghash", 101, "LogHash")
    with sample.office() as office:
        entry = office.audit.whole(1).entry
    assert sorted(entry.stored_hashes) == sorted((str(right), "x"))
    assert entry.computed_hash == right


def test_an_entry_that_is_gone_is_told(sample: SamplePractice) -> None:
    with sample.office() as office:
        sample.execute("DELETE FROM securitylog WHERE SecurityLogNum = 3")
        with pytest.raises(EntryGone, match="The audit entry 3 is not there any more"):
            office.audit.whole(3)


def test_users_are_those_of_the_practice_hidden_ones_too(sample: SamplePractice) -> None:
    with sample.office() as office:
        users = office.audit.users()
    assert users.words == ("none", "Admin", "Bare", "Blank", "Ecw", "Gone", "Maria", "Narrow", "office")
    assert (users.number("maria"), users.name(3)) == (2, "Gone")


def test_a_user_whose_name_is_null_has_a_blank_one(sample: SamplePractice) -> None:
    sample.execute("UPDATE userod SET UserName = NULL WHERE UserNum = 9")
    with sample.office() as office:
        assert office.audit.users().name(9) == ""


def test_today_is_by_the_practices_clock(file_sample: SampleFile) -> None:
    with file_sample.office() as office:
        assert office.audit.today() == NOW.date()


def test_activity_counts_the_entries_of_each_day(sample: SamplePractice) -> None:
    dated = AuditFilter(since=date(2024, 11, 3), until=date(2024, 11, 6))
    with sample.office() as office:
        activity = office.audit.activity(dated, 30)
    assert activity == Activity(date(2024, 11, 3), (0, 6, 2, 0))
    assert activity.last == date(2024, 11, 6)
    assert activity.busiest == (date(2024, 11, 4), 6)


def test_activity_is_that_of_the_last_days_where_the_dates_name_more(sample: SamplePractice) -> None:
    with sample.office() as office:
        assert office.audit.activity(AuditFilter(until=date(2024, 11, 5)), 2) == Activity(date(2024, 11, 4), (6, 2))
        long_ago = office.audit.activity(AuditFilter(date(2000, 1, 1), date(2020, 2, 29)), 3)
        assert long_ago == Activity(date(2020, 2, 27), (0, 0, 1))


def test_activity_looks_at_the_dates_alone(sample: SamplePractice) -> None:
    wanted = AuditFilter(since=date(2024, 11, 5), until=date(2024, 11, 5), user=5, text="nothing of that kind")
    with sample.office() as office:
        assert office.audit.activity(wanted, 10).counts == (2,)


@pytest.mark.parametrize(
    ("since", "until", "days", "first", "last"),
    [
        (None, None, 7, date(2024, 10, 31), date(2024, 11, 6)),
        (None, None, 1, date(2024, 11, 6), date(2024, 11, 6)),
        (date(2024, 11, 1), None, 90, date(2024, 11, 1), date(2024, 11, 6)),
        (None, date(9999, 12, 31), 2, date(2024, 11, 5), date(2024, 11, 6)),
        (date(2024, 11, 8), date(2024, 11, 9), 90, date(2024, 11, 8), date(2024, 11, 8)),
        (date(9999, 12, 31), None, 90, date(9999, 12, 31), date(9999, 12, 31)),
        (None, date(1, 1, 2), 90, date(1, 1, 1), date(1, 1, 2)),
    ],
)
def test_activity_ends_today_unless_the_dates_say_otherwise(
    file_sample: SampleFile, since: date | None, until: date | None, days: int, first: date, last: date
) -> None:
    with file_sample.office() as office:
        activity = office.audit.activity(AuditFilter(since, until), days)
    assert (activity.first, activity.last) == (first, last)


# What a page asks of a server.


Sent = tuple[str, dict[str, Any]]


def page_statements(office: Office, read: Callable[[], object]) -> list[Sent]:
    """The statements on the tables that reading a page sends, with their values."""
    sent: list[Sent] = []

    def executing(_connection: object, _cursor: object, statement: str, values: Any, *_: object) -> None:
        if "securitylog" in statement:
            sent.append((" ".join(statement.split()), dict(values)))

    engine = office._practice.engine
    event.listen(engine, "before_cursor_execute", executing)
    read()
    event.remove(engine, "before_cursor_execute", executing)
    return sent


@pytest.mark.parametrize(
    "wanted",
    [
        AuditFilter(),
        AuditFilter(since=date(2024, 11, 1), until=date(2024, 11, 5)),
        AuditFilter(user=2),
        AuditFilter(permission=43, text="second"),
        AuditFilter(text="e", computer="desk", source=0),
        AuditFilter(ours=True),
        AuditFilter(suspect=True),
        AuditFilter(user=1, suspect=True),
    ],
    ids=str,
)
@pytest.mark.parametrize("few", [0, audit_search.FEW], ids=["in slices", "by index"])
@pytest.mark.parametrize("direction", Direction)
def test_every_statement_of_a_page_looks_at_a_limited_number_of_rows(
    server_sample: SampleServer,
    monkeypatch: pytest.MonkeyPatch,
    wanted: AuditFilter,
    few: int,
    direction: Direction,
) -> None:
    monkeypatch.setattr(audit_search, "FEW", few)
    monkeypatch.setattr(audit_search, "SLICE", 2)
    monkeypatch.setattr(audit_search, "HASHED_SLICE", 2)
    with server_sample.office() as office:
        search = office.audit.search(wanted)
        sent = page_statements(office, lambda: walked(search, direction, size=2))
    assert sent
    by_index = few > 0 and {wanted.user, wanted.permission, wanted.ours} != {None, False}
    for statement, _ in sent:
        assert "OFFSET" not in statement
        assert is_limited(statement) or (by_index and not counts(statement) and names_few(statement)), statement


def is_limited(statement: str) -> bool:
    """Whether it has a limit, also for what it counts, or a lower and an upper bound of the time."""
    if counts(statement):
        return re.search(r"FROM \(SELECT .* LIMIT %\(\w+\)s\) AS \w+$", statement) is not None
    time = r"LogDateTime`? "
    both = re.search(rf"{time}(>=?|=) ", statement) and re.search(rf"{time}(<=?|=) ", statement)
    return bool(re.search(r" LIMIT %\(\w+\)s$", statement) or both)


def counts(statement: str) -> bool:
    return "count(" in statement.lower()


def names_few(statement: str) -> bool:
    """Whether an index names the entries, which were counted before up to a limit."""
    return re.search(r"(UserNum|PermType)`? (= |IN \()", statement.partition(" WHERE ")[2]) is not None


def test_what_is_counted_is_counted_up_to_a_limit_and_once(server_sample: SampleServer) -> None:
    with server_sample.office() as office:
        search = office.audit.search(AuditFilter(user=2))
        first = page_statements(office, lambda: search.page(Direction.OLDER))
        second = page_statements(office, lambda: search.page(Direction.OLDER))
    assert [counts(statement) for statement, _ in first] == [True, False]
    assert audit_search.FEW + 1 in first[0][1].values()
    assert [counts(statement) for statement, _ in second] == [False]


RARE = 77
# Where there are far fewer rows, the server rightly reads and sorts them all.
MANY = 20_000


@pytest.fixture(scope="module")
def busy_place(server: Server, companion_template: Path) -> Iterator[SampleServer]:
    """Many entries in MyISAM tables, a minute apart, of three busy users and a rare one."""
    database = f"apisetup_test_{uuid4().hex[:12]}"
    make_server_practice(server, database, NEW, "MyISAM")
    sample = SampleServer(server, database, NEW, "MyISAM", companion_template)
    begin = datetime(2024, 1, 1)
    logs = [
        log_row(number, str(begin + timedelta(minutes=number)), UserNum=RARE if number % 1000 == 7 else number % 3)
        for number in range(1, MANY)
    ]
    fill(sample, logs, hash_rows((row["SecurityLogNum"], log_hash(row)) for row in logs))
    sample.execute("ANALYZE TABLE securitylog, securityloghash")
    yield sample
    server.execute(f"DROP DATABASE `{database}`")


def plan(sample: SampleServer, sent: Sent) -> dict[str, str | None]:
    """How the server looks for entries: the part of its plan that names `securitylog`."""
    statement, values = sent
    with sample.server.connection(sample.database) as connection, connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {statement}", values)
        names = [column[0] for column in cursor.description]
        steps = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    (found,) = [step for step in steps if step["table"] == "securitylog"]
    return found


def plans(
    sample: SampleServer, wanted: AuditFilter, direction: Direction, start: PageCursor | None = None
) -> list[dict[str, Any]]:
    with sample.office() as office:
        search = office.audit.search(wanted)
        sent = page_statements(office, lambda: search.page(direction, start))
    return [plan(sample, each) for each in sent]


@pytest.mark.xdist_group("busy")
@pytest.mark.parametrize("direction", Direction)
@pytest.mark.parametrize(
    "start", [None, PageCursor("2024-01-03 00:00:00", 2_880)], ids=["from the end", "from the middle"]
)
@pytest.mark.parametrize(
    "wanted", [AuditFilter(), AuditFilter(date(2024, 1, 2), date(2024, 1, 3))], ids=["all", "days"]
)
def test_a_page_of_some_days_follows_the_index_of_the_time(
    busy_place: SampleServer, wanted: AuditFilter, start: PageCursor | None, direction: Direction
) -> None:
    (found,) = plans(busy_place, wanted, direction, start)
    assert found["key"] == "LogDateTime"
    assert "filesort" not in str(found["Extra"])
    assert "temporary" not in str(found["Extra"])


@pytest.mark.xdist_group("busy")
@pytest.mark.parametrize("direction", Direction)
def test_a_page_of_a_rare_user_reads_that_users_entries_alone(busy_place: SampleServer, direction: Direction) -> None:
    counted, read = plans(busy_place, AuditFilter(user=RARE), direction)
    assert (counted["key"], read["key"]) == ("UserNum", "UserNum")
    assert int(read["rows"]) <= 100


@pytest.mark.xdist_group("busy")
@pytest.mark.parametrize("direction", Direction)
def test_a_page_of_a_busy_user_is_looked_for_in_slices_of_the_time(
    busy_place: SampleServer, monkeypatch: pytest.MonkeyPatch, direction: Direction
) -> None:
    monkeypatch.setattr(audit_search, "FEW", 500)
    monkeypatch.setattr(audit_search, "SLICE", 400)
    counted, sliced, read = plans(busy_place, AuditFilter(user=1), direction)
    assert (counted["key"], sliced["key"], read["key"]) == ("UserNum", "LogDateTime", "LogDateTime")
    assert "filesort" not in str(read["Extra"])
    assert int(read["rows"]) <= 1_000


@pytest.mark.xdist_group("busy")
def test_activity_is_counted_by_the_index_of_the_time_alone(busy_place: SampleServer) -> None:
    with busy_place.office() as office:
        (sent,) = page_statements(office, lambda: office.audit.activity(AuditFilter(until=date(2024, 1, 3)), 2))
    found = plan(busy_place, sent)
    assert found["key"] == "LogDateTime"
    assert "Using index" in str(found["Extra"])


# Pages of any size, of any entries, in slices of any size.


@dataclass(frozen=True)
class Question:
    """An Audit Trail, a filter, and how the pages are read."""

    logs: list[Row]
    hashes: list[tuple[int, str]]
    wanted: AuditFilter
    size: int
    slice: int
    slices_at_once: int
    few: int
    computes: bool
    """Whether the database can compute hashes."""
    day: date
    entry: int
    """From which of the entries that are found one goes on."""

    @property
    def answer(self) -> list[tuple[int, Genuineness]]:
        """What it must give, by plain Python: the newest first."""
        rows = sorted(self.logs, key=lambda row: (row["LogDateTime"], row["SecurityLogNum"]), reverse=True)
        said = [(row, self._genuineness(row)) for row in rows]
        return [(row["SecurityLogNum"], genuineness) for row, genuineness in said if self._asks_for(row, genuineness)]

    def moment(self, number: int) -> str:
        (found,) = [row["LogDateTime"] for row in self.logs if row["SecurityLogNum"] == number]
        return str(found)

    def _genuineness(self, row: Row) -> Genuineness:
        stored = {text for number, text in self.hashes if number == row["SecurityLogNum"]}
        if not stored:
            return Genuineness.NO_HASH
        return Genuineness.GENUINE if stored == {log_hash(row)} else Genuineness.ALTERED

    def _asks_for(self, row: Row, genuineness: Genuineness) -> bool:
        wanted, day, text = self.wanted, row["LogDateTime"][:10], row["LogText"]
        return (
            (wanted.since is None or day >= str(wanted.since))
            and (wanted.until is None or day <= str(wanted.until))
            and wanted.permission in (None, row["PermType"])
            and wanted.user in (None, row["UserNum"])
            and wanted.source in (None, row["LogSource"])
            and wanted.computer.casefold() in row["CompName"].casefold()
            and (not wanted.text or (text is not None and wanted.text.casefold() in text.casefold()))
            and (not wanted.ours or (text in OURS and row["PermType"] in (8, 122, 258)))
            and (not wanted.suspect or genuineness is not Genuineness.GENUINE)
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
# The letters alone: MariaDB's collation finds more in them than Python does.
TEXTS = ["", "", "payment", "API", "%", "_", "\\", "/", "日本", "e", "$20.00", "nothing like it"]


@st.composite
def questions(draw: st.DrawFn) -> Question:
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
    return Question(
        logs,
        draw(st.permutations(hashes)),
        draw(filters),
        size=draw(st.integers(1, 7)),
        slice=draw(st.integers(1, 6)),
        slices_at_once=draw(st.integers(1, 4)),
        few=draw(st.sampled_from([0, 2, 1_000])),
        computes=draw(st.booleans()),
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
def asked(sample: SamplePractice, question: Question) -> Iterator[None]:
    """The practice with the question's entries, and pages read the question's way."""
    fill(sample, question.logs, hash_rows(question.hashes))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(audit_search, "FEW", question.few)
        patch.setattr(audit_search, "SLICE", question.slice)
        patch.setattr(audit_search, "HASHED_SLICE", question.slice)
        patch.setattr(audit_search, "SLICES_AT_ONCE", question.slices_at_once)
        if not question.computes:
            patch.setattr(audit_search, "can_compute", lambda _session: False)
        yield


def answers(entries: Sequence[AuditEntry]) -> list[tuple[int, Genuineness]]:
    return [(entry.number, entry.genuineness) for entry in entries]


def check_paging(office: Office, question: Question) -> None:
    """Read the same entries in every way there is."""
    expected, size = question.answer, question.size
    search = office.audit.search(question.wanted)
    assert answers(walked(search, Direction.OLDER, size=size)) == expected
    assert answers(walked(search, Direction.NEWER, size=size)) == expected[::-1]

    page, between = search.page(Direction.OLDER, after_day(question.day), size), after_day(question.day)
    older = list(page.entries) + (walked(search, Direction.OLDER, page.next_cursor, size) if page.next_cursor else [])
    newer = walked(search, Direction.NEWER, between, size) if between else []
    assert answers(newer[::-1] + older) == expected
    assert all(entry.stored_moment[:10] <= str(question.day) for entry in older)

    if question.entry < len(expected):
        number, _ = expected[question.entry]
        start = PageCursor(question.moment(number), number)
        assert answers(walked(search, Direction.OLDER, start, size)) == expected[question.entry + 1 :]
        assert answers(walked(search, Direction.NEWER, start, size)) == expected[: question.entry][::-1]


def check_on(sample: SamplePractice, examples: int) -> None:
    with sample.office() as office:

        @settings(max_examples=examples, database=None, deadline=None, derandomize=True)
        @given(questions())
        def check(question: Question) -> None:
            with asked(sample, question):
                check_paging(office, question)

        check()


def test_paging_neither_skips_nor_repeats_an_entry_in_a_file(file_sample: SampleFile) -> None:
    check_on(file_sample, 100)


@pytest.mark.parametrize("server_sample", ["24.3 MyISAM", "24.3 InnoDB"], indirect=True)
def test_paging_neither_skips_nor_repeats_an_entry_on_a_server(server_sample: SampleServer) -> None:
    try:
        check_on(server_sample, 25)
    finally:
        # The largest key of all leaves the server none to count on to.
        fill(server_sample, [], [])
        server_sample.execute("ALTER TABLE securitylog AUTO_INCREMENT = 1")


@pytest.mark.parametrize("words", ["\N{GRINNING FACE}", "日本語", "José"])
def test_a_character_that_old_columns_cannot_hold_finds_nothing_and_harms_nothing(
    sample: SamplePractice, words: str
) -> None:
    expected = [] if words == "\N{GRINNING FACE}" else [2]
    assert found(sample, AuditFilter(text=words)) == expected
    assert found(sample, AuditFilter(computer=words)) == []


def test_a_key_is_masked_in_whatever_letters_it_is_written(sample: SamplePractice) -> None:
    sample.execute("UPDATE securitylog SET LogText = ? WHERE SecurityLogNum = 4", f"Key {BRIDGE_KEY.lower()} was seen.")
    with sample.office() as office:
        whole = office.audit.whole(4)
    assert whole.entry.text == "Key ********gh78 was seen."
