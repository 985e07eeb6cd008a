"""Audit Trails with chosen rows, and faults while they are read."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from typing import Any

from sqlalchemy import Connection, event

from core.office.office import Office
from tests.support.databases import SamplePractice, SampleServer
from tests.support.fault_injection import Action, InjectedFault, kind_of
from tests.support.practice_rows import NO_DATE, Row


def log_row(number: int, moment: str = "2024-11-04 10:00:00", text: str | None = "Something.", **others: object) -> Row:
    """Return a row of `securitylog`; columns that are not given have their most common value."""
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
    """Return rows of `securityloghash` for pairs of an entry's number and a hash."""
    return [
        {"SecurityLogHashNum": key, "SecurityLogNum": number, "LogHash": stored}
        for key, (number, stored) in enumerate(hashes, start=1)
    ]


def replace_audit_trail(sample: SamplePractice, logs: Sequence[Row], hashes: Sequence[Row]) -> None:
    """Replace all rows of the Audit Trail, over a single connection because there may be many rows."""
    if isinstance(sample, SampleServer):
        with sample.server.connection(sample.database) as connection, connection.cursor() as cursor:
            _replace_rows(cursor, "%s", logs, hashes)
    else:
        with closing(sqlite3.connect(sample.companion)) as connection, connection:
            _replace_rows(connection, "?", logs, hashes)


def _replace_rows(cursor: Any, placeholder: str, logs: Sequence[Row], hashes: Sequence[Row]) -> None:
    for table, rows in (("securitylog", logs), ("securityloghash", hashes)):
        cursor.execute(f"DELETE FROM {table}")
        if rows:
            columns, placeholders = ", ".join(rows[0]), ", ".join(placeholder for _ in rows[0])
            values = [tuple(row.values()) for row in rows]
            cursor.executemany(f"INSERT INTO {table} ({columns}) VALUES ({placeholders})", values)


def stored_rows(sample: SamplePractice, table: str) -> list[Mapping[str, str | None]]:
    """Return all rows of a table as stored in the database."""
    return list(sample.practice_rows()[table].values())


@contextmanager
def after_matching_statement(
    office: Office, matches: Callable[[int, str], bool], act: Action
) -> Iterator[InjectedFault]:
    """Run `act` once, right after the first statement that matches.

    Args:
        matches: Called with the number of the statement, counted from 1, and its text.
        act: The fault to inject.
    """
    fault = InjectedFault()

    def executed(connection: Connection, _cursor: Any, statement: str, *_arguments: Any) -> None:
        if fault.triggered or statement.startswith("BEGIN"):
            return
        fault.statements.append(kind_of(statement))
        if matches(len(fault.statements), statement):
            fault.triggered = True
            act(connection)

    event.listen(office._practice.engine, "after_cursor_execute", executed)
    yield fault
    event.remove(office._practice.engine, "after_cursor_execute", executed)


@contextmanager
def executed_statements(office: Office) -> Iterator[list[str]]:
    """Collect the statements that are run on the practice."""
    statements: list[str] = []

    def note(_connection: Connection, _cursor: Any, statement: str, *_arguments: Any) -> None:
        statements.append(statement)

    event.listen(office._practice.engine, "before_cursor_execute", note)
    yield statements
    event.remove(office._practice.engine, "before_cursor_execute", note)


def nth(number: int) -> Callable[[int, str], bool]:
    """Return a condition for `after_matching_statement` that matches the statement with this number."""
    return lambda statement, _text: statement == number


@contextmanager
def without_index(sample: SampleServer, table: str, column: str) -> Iterator[None]:
    """Drop the index on a column, and create it again at the end."""
    with sample.server.connection(sample.database) as connection, connection.cursor() as cursor:
        cursor.execute(f"SHOW INDEX FROM {table} WHERE Column_name = %s", (column,))
        name = cursor.fetchone()[2]
        cursor.execute(f"ALTER TABLE {table} DROP INDEX `{name}`")
        try:
            yield
        finally:
            cursor.execute(f"ALTER TABLE {table} ADD INDEX `{name}` ({column})")
