"""The statements of a search and their query plans on a server."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import event

from core.audit import search as audit_search
from core.audit.filter import AuditFilter
from core.audit.paging import Direction, PageCursor, after_day
from core.office.office import Office
from tests.support.audit_pages import EVERYTHING, all_entries
from tests.support.audit_rows import hash_rows, log_row, replace_audit_trail
from tests.support.databases import SampleServer, make_server_practice
from tests.support.opendental_columns import NEW
from tests.support.practice_rows import log_hash
from tests.support.server import Server

Sent = tuple[str, dict[str, Any]]


def page_statements(office: Office, read: Callable[[], object]) -> list[Sent]:
    """Return the statements on the Audit Trail's tables that `read` sends, with their values."""
    sent: list[Sent] = []

    def executing(_connection: object, _cursor: object, statement: str, values: Any, *_: object) -> None:
        if "securitylog" in statement:
            sent.append((" ".join(statement.split()), dict(values)))

    engine = office._practice.engine
    event.listen(engine, "before_cursor_execute", executing)
    read()
    event.remove(engine, "before_cursor_execute", executing)
    return sent


def test_a_page_from_the_end_of_a_day_reads_no_row_of_the_next_day(server_sample: SampleServer) -> None:
    with server_sample.office() as office:
        search = office.audit.search(EVERYTHING)
        ((statement, values),) = page_statements(
            office, lambda: search.page(Direction.OLDER, after_day(date(2024, 11, 4)))
        )
        assert "LogDateTime` < " in statement.replace("securitylog.`", "`")
        assert "2024-11-05 00:00:00" in values.values()


@pytest.mark.parametrize(
    "audit_filter",
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
@pytest.mark.parametrize("max_selective", [0, audit_search.MAX_SELECTIVE_ROWS], ids=["in slices", "by index"])
@pytest.mark.parametrize("direction", Direction)
def test_every_statement_of_a_page_reads_a_limited_number_of_rows(
    server_sample: SampleServer,
    monkeypatch: pytest.MonkeyPatch,
    audit_filter: AuditFilter,
    max_selective: int,
    direction: Direction,
) -> None:
    monkeypatch.setattr(audit_search, "MAX_SELECTIVE_ROWS", max_selective)
    monkeypatch.setattr(audit_search, "SLICE_SIZE", 2)
    monkeypatch.setattr(audit_search, "HASHED_SLICE_SIZE", 2)
    with server_sample.office() as office:
        search = office.audit.search(audit_filter)
        sent = page_statements(office, lambda: all_entries(search, direction, size=2))
    assert sent
    indexed = {audit_filter.user, audit_filter.permission, audit_filter.ours} != {None, False}
    for statement, _ in sent:
        assert "OFFSET" not in statement
        selective = max_selective > 0 and indexed and not counts(statement) and has_indexed_condition(statement)
        assert is_limited(statement) or selective, statement


def is_limited(statement: str) -> bool:
    """Return True for a statement with a LIMIT, including one on what it counts, or with two bounds on the time."""
    if counts(statement):
        return re.search(r"FROM \(SELECT .* LIMIT %\(\w+\)s\) AS \w+$", statement) is not None
    time = r"LogDateTime`? "
    both = re.search(rf"{time}(>=?|=) ", statement) and re.search(rf"{time}(<=?|=) ", statement)
    return bool(re.search(r" LIMIT %\(\w+\)s$", statement) or both)


def counts(statement: str) -> bool:
    return "count(" in statement.lower()


def has_indexed_condition(statement: str) -> bool:
    """Return True if an index finds the entries, which another statement has counted up to a limit."""
    return re.search(r"(UserNum|PermType)`? (= |IN \()", statement.partition(" WHERE ")[2]) is not None


def test_entries_are_counted_up_to_a_limit_and_once_per_search(server_sample: SampleServer) -> None:
    with server_sample.office() as office:
        search = office.audit.search(AuditFilter(user=2))
        first = page_statements(office, lambda: search.page(Direction.OLDER))
        second = page_statements(office, lambda: search.page(Direction.OLDER))
    assert [counts(statement) for statement, _ in first] == [True, False]
    assert audit_search.MAX_SELECTIVE_ROWS + 1 in first[0][1].values()
    assert [counts(statement) for statement, _ in second] == [False]


RARE_USER = 77
# With far fewer rows, the server rightly reads and sorts all of them.
ROWS = 20_000


@pytest.fixture(scope="module")
def busy_practice(server: Server, companion_template: Path) -> Iterator[SampleServer]:
    """A practice with many entries in MyISAM tables, one per minute, by three busy users and a rare one."""
    database = f"apisetup_test_{uuid4().hex[:12]}"
    make_server_practice(server, database, NEW, "MyISAM")
    sample = SampleServer(server, database, NEW, "MyISAM", companion_template)
    begin = datetime(2024, 1, 1)
    logs = [
        log_row(number, str(begin + timedelta(minutes=number)), UserNum=RARE_USER if number % 1000 == 7 else number % 3)
        for number in range(1, ROWS)
    ]
    replace_audit_trail(sample, logs, hash_rows((row["SecurityLogNum"], log_hash(row)) for row in logs))
    sample.execute("ANALYZE TABLE securitylog, securityloghash")
    yield sample
    server.execute(f"DROP DATABASE `{database}`")


def plan(sample: SampleServer, sent: Sent) -> dict[str, str | None]:
    """Return the row of the server's query plan for the table `securitylog`."""
    statement, values = sent
    with sample.server.connection(sample.database) as connection, connection.cursor() as cursor:
        # MySQL 9 explains in trees unless it is asked for a table.
        cursor.execute(f"EXPLAIN FORMAT=TRADITIONAL {statement}", values)
        names = [column[0] for column in cursor.description]
        steps = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    (step,) = [step for step in steps if step["table"] == "securitylog"]
    return step


def plans(
    sample: SampleServer, audit_filter: AuditFilter, direction: Direction, start: PageCursor | None = None
) -> list[dict[str, Any]]:
    with sample.office() as office:
        search = office.audit.search(audit_filter)
        sent = page_statements(office, lambda: search.page(direction, start))
    return [plan(sample, each) for each in sent]


@pytest.mark.xdist_group("busy")
@pytest.mark.parametrize("direction", Direction)
@pytest.mark.parametrize(
    "start", [None, PageCursor("2024-01-03 00:00:00", 2_880)], ids=["from the end", "from the middle"]
)
@pytest.mark.parametrize(
    "audit_filter", [AuditFilter(), AuditFilter(date(2024, 1, 2), date(2024, 1, 3))], ids=["all", "days"]
)
def test_a_page_of_some_days_uses_the_index_on_the_time(
    busy_practice: SampleServer, audit_filter: AuditFilter, start: PageCursor | None, direction: Direction
) -> None:
    (step,) = plans(busy_practice, audit_filter, direction, start)
    assert step["key"] == "LogDateTime"
    assert "filesort" not in str(step["Extra"])
    assert "temporary" not in str(step["Extra"])


@pytest.mark.xdist_group("busy")
@pytest.mark.parametrize("direction", Direction)
def test_a_page_of_a_rare_user_reads_only_that_users_entries(busy_practice: SampleServer, direction: Direction) -> None:
    counted, read = plans(busy_practice, AuditFilter(user=RARE_USER), direction)
    assert (counted["key"], read["key"]) == ("UserNum", "UserNum")
    assert int(read["rows"]) <= 100


@pytest.mark.xdist_group("busy")
@pytest.mark.parametrize("direction", Direction)
def test_a_page_of_a_busy_user_is_read_in_slices_with_the_index_on_the_time(
    busy_practice: SampleServer, monkeypatch: pytest.MonkeyPatch, direction: Direction
) -> None:
    monkeypatch.setattr(audit_search, "MAX_SELECTIVE_ROWS", 500)
    monkeypatch.setattr(audit_search, "SLICE_SIZE", 400)
    counted, sliced, read = plans(busy_practice, AuditFilter(user=1), direction)
    assert (counted["key"], sliced["key"], read["key"]) == ("UserNum", "LogDateTime", "LogDateTime")
    assert "filesort" not in str(read["Extra"])
    assert int(read["rows"]) <= 1_000


@pytest.mark.xdist_group("busy")
def test_activity_is_counted_with_the_index_on_the_time_alone(busy_practice: SampleServer) -> None:
    with busy_practice.office() as office:
        (sent,) = page_statements(office, lambda: office.audit.activity(AuditFilter(until=date(2024, 1, 3)), 2))
    step = plan(busy_practice, sent)
    assert step["key"] == "LogDateTime"
    assert "Using index" in str(step["Extra"])
