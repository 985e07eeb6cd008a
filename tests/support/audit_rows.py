"""An Audit Trail made to measure, and what the tests of its verification and its export have in common."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from itertools import count
from typing import Any

from sqlalchemy import Connection, event

from core.office.office import Office
from tests.support.databases import SamplePractice, SampleServer
from tests.support.fault_injection import Action, InjectedFault
from tests.support.practice_rows import NO_DATE, Row


def log_row(number: int, moment: str = "2024-11-04 10:00:00", text: str | None = "Something.", **others: object) -> Row:
    """A row of `securitylog`; what is not named is as it mostly is."""
    return {
        "SecurityLogNum": number,
        "PermType": 8,
        "UserNum": 1,
        "LogDateTime": moment,
        "LogText": text,
        "PatNum": 0,
        "CompName": "FRONTDESK-2",
        "FKey": 0,
        "LogSource": 0,
        "DefNum": 0,
        "DefNumError": 0,
        "DateTPrevious": NO_DATE,
    } | others


def hash_rows(hashes: Iterable[tuple[int, str]]) -> list[Row]:
    """Rows of `securityloghash` for entry numbers and their hashes."""
    return [
        {"SecurityLogHashNum": key, "SecurityLogNum": number, "LogHash": stored}
        for key, (number, stored) in enumerate(hashes, start=1)
    ]


def fill(sample: SamplePractice, logs: Sequence[Row], hashes: Sequence[Row]) -> None:
    """Put these rows in place of the whole Audit Trail, over one connection since there may be many."""
    if isinstance(sample, SampleServer):
        with sample.server.connection(sample.database) as connection, connection.cursor() as cursor:
            _fill(cursor, "%s", logs, hashes)
    else:
        with closing(sqlite3.connect(sample.companion)) as connection, connection:
            _fill(connection, "?", logs, hashes)


def _fill(cursor: Any, mark: str, logs: Sequence[Row], hashes: Sequence[Row]) -> None:
    for table, members in (("securitylog", logs), ("securityloghash", hashes)):
        cursor.execute(f"DELETE FROM {table}")
        if members:
            names, marks = ", ".join(members[0]), ", ".join(mark for _ in members[0])
            values = [tuple(row.values()) for row in members]
            cursor.executemany(f"INSERT INTO {table} ({names}) VALUES ({marks})", values)


def stored_rows(sample: SamplePractice, table: str) -> list[Mapping[str, str | None]]:
    """All rows of a table as the database holds them."""
    return list(sample.practice_rows()[table].values())


@contextmanager
def after_query(office: Office, wanted: Callable[[int, str], bool], action: Action) -> Iterator[InjectedFault]:
    """Do something once, right after the first statement that is wanted, by its number or its words."""
    fault = InjectedFault()

    def executed(connection: Connection, _cursor: Any, statement: str, *_arguments: Any) -> None:
        if fault.triggered or statement.startswith("BEGIN"):
            return
        fault.statements.append(statement)
        if wanted(len(fault.statements), statement):
            fault.triggered = True
            action(connection)

    event.listen(office._practice.engine, "after_cursor_execute", executed)
    yield fault
    event.remove(office._practice.engine, "after_cursor_execute", executed)


def nth(number: int) -> Callable[[int, str], bool]:
    """The so-many-th statement, whatever it is."""
    return lambda statement, _words: statement == number


def slow_clock() -> Callable[[], float]:
    """A clock by which everything takes so long that each step does as little as it may."""
    ticks = count()
    return lambda: float(next(ticks))
