"""Faults put between the statements of a change."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, event

from core.office.office import Office
from tests.support.databases import SamplePractice, SampleServer

Act = Callable[[Connection], None]


@dataclass
class Strike:
    """What became of a planned fault."""

    statements: int = 0
    """How many statements were executed."""
    struck: bool = False
    """Whether there were as many as the fault waited for."""


@contextmanager
def after_statement(office: Office, number: int, act: Act) -> Iterator[Strike]:
    """Do something right after the so-many-th statement that the block sends to the practice or the companion.

    The count begins with the first statement that writes: before it, nothing can be half done.
    """
    strike = Strike()

    def executed(connection: Connection, _cursor: Any, statement: str, *_arguments: Any) -> None:
        if strike.statements == 0 and statement.startswith(("SELECT", "BEGIN")):
            return
        strike.statements += 1
        if strike.statements == number:
            strike.struck = True
            act(connection)

    engines = _engines(office)
    for engine in engines:
        event.listen(engine, "after_cursor_execute", executed)
    yield strike
    for engine in engines:
        event.remove(engine, "after_cursor_execute", executed)


def cut(sample: SamplePractice) -> Act:
    """Cut the connection: on a server from its side, in a file by a disk that fails."""

    def act(connection: Connection) -> None:
        if connection.dialect.name == "sqlite" or not isinstance(sample, SampleServer):
            error = sqlite3.OperationalError("disk I/O error")
            error.sqlite_errorcode = sqlite3.SQLITE_IOERR
            raise error
        driver: Any = connection.connection.driver_connection
        sample.server.execute(f"KILL CONNECTION {driver.thread_id()}")

    return act


def _engines(office: Office) -> tuple[Engine, ...]:
    """The engines behind an office, each once."""
    practice, companion = office._practice.engine, office._companion._engine
    return (practice,) if practice is companion else (practice, companion)
