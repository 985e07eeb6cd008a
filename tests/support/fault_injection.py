"""Faults injected between the statements of a change, and the choice of where to inject them."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Engine, event

from tests.support.databases import SamplePractice, SampleServer
from tests.support.server import pymysql

Action = Callable[[Connection], None]
Ended = Callable[[str, Connection], None]

_TABLE = re.compile(r"\b(?:INTO|FROM|UPDATE|TABLE|INDEX|JOIN)\s+[`\"]?(\w+)", re.IGNORECASE)
_READING = ("SELECT", "BEGIN", "PRAGMA")
_WITHOUT_TABLE = ("BEGIN", "SET", "PRAGMA", "CREATE")


@dataclass
class InjectedFault:
    """The outcome of a planned fault."""

    statements: list[str] = field(default_factory=list)
    """The kind of each statement that was executed, from the first one that writes."""
    triggered: bool = False
    """True if there were enough statements for the fault to happen."""


def kind_of(statement: str) -> str:
    """Return what a statement does to which table, such as `INSERT securitylog`."""
    words = statement.split()
    verb = words[0].upper()
    if verb in _WITHOUT_TABLE:
        # Creating one table is like creating another.
        return " ".join(words[:2]).upper() if verb == "CREATE" else verb
    table = _TABLE.search(statement)
    return f"{verb} {table[1]}" if table else verb


@contextmanager
def after_statement(number: int, action: Action) -> Iterator[InjectedFault]:
    """Run an action right after the statement of this number that the block sends to any database.

    Counting starts at 1 with the first statement that writes: before it, nothing can be half done. A fault after the
    last statement of a transaction happens before its COMMIT.
    """
    fault = InjectedFault()

    def ended(kind: str, connection: Connection) -> None:
        if not fault.statements and kind.startswith(_READING):
            return
        fault.statements.append(kind)
        if len(fault.statements) == number:
            fault.triggered = True
            action(connection)

    with each_statement(ended):
        yield fault


@contextmanager
def recorded_statements() -> Iterator[list[str]]:
    """Record the kind of each statement of the block, counted as `after_statement` counts them."""
    with after_statement(0, lambda _connection: None) as fault:
        yield fault.statements


@contextmanager
def each_statement(ended: Ended) -> Iterator[None]:
    """Call a function after each statement that the block sends to any database, with the statement's kind."""

    def executed(connection: Connection, _cursor: Any, statement: str, *_arguments: Any) -> None:
        ended(kind_of(statement), connection)

    event.listen(Engine, "after_cursor_execute", executed)
    try:
        yield
    finally:
        event.remove(Engine, "after_cursor_execute", executed)


def cut_connection(sample: SamplePractice) -> Action:
    """Return an action that cuts the connection: the server ends it, or the disk under the file fails."""

    def act(connection: Connection) -> None:
        if connection.dialect.name == "sqlite" or not isinstance(sample, SampleServer):
            error = sqlite3.OperationalError("disk I/O error")
            error.sqlite_errorcode = sqlite3.SQLITE_IOERR
            raise error
        driver: Any = connection.connection.driver_connection
        sample.server.execute(f"KILL CONNECTION {driver.thread_id()}")

    return act


def lose_answer(sample: SamplePractice) -> Action:
    """Return an action that cuts the connection so that the answer to the statement, which was executed, is lost."""
    cut = cut_connection(sample)

    def act(connection: Connection) -> None:
        cut(connection)
        raise pymysql.err.OperationalError(2013, "Lost connection to MySQL server during query")

    return act


def one_fault_per_kind(recorded: Mapping[str, Sequence[str]]) -> dict[str, list[int]]:
    """Choose after which statements of several changes to inject a fault, so that each kind of statement has one.

    A kind of statement that several changes have is left to the change with the fewest kinds, so the faults are
    spread. A change for which no kind is left has its fault in the middle.

    Args:
        recorded: The kinds of the statements of each change, in their order.

    Returns:
        The numbers of the statements of each change, from 1; never empty.
    """
    chosen: dict[str, list[int]] = {}
    seen: set[str] = set()
    for change in sorted(recorded, key=lambda name: len(set(recorded[name]))):
        kinds = recorded[change]
        numbers = [number for number, kind in enumerate(kinds, start=1) if _is_new(kind, seen)]
        chosen[change] = numbers or [len(kinds) // 2 + 1]
    return chosen


def _is_new(kind: str, seen: set[str]) -> bool:
    if kind in seen:
        return False
    seen.add(kind)
    return True


@contextmanager
def refused_file_writes() -> Iterator[None]:
    """Have SQLite refuse every statement that writes, as for a file on a disk that was made read-only meanwhile.

    As for such a file, a transaction can begin.
    """

    def refuse(connection: Connection, cursor: Any, statement: str, *_others: object) -> None:
        if connection.dialect.name == "sqlite":
            writes = statement.startswith(("INSERT", "UPDATE", "DELETE"))
            cursor.connection.execute(f"PRAGMA query_only = {'ON' if writes else 'OFF'}")

    event.listen(Engine, "before_cursor_execute", refuse)
    try:
        yield
    finally:
        event.remove(Engine, "before_cursor_execute", refuse)
