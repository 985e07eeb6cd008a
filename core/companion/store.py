"""The open companion database: a file of its own, or the embedded practice's file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from core.base.errors import NotAPractice
from core.companion.migrations import migrate, pending
from core.database.engines import translate_errors
from core.practice.unit_of_work import UnitOfWork, WriteMode


class Companion:
    """The open companion database.

    Args:
        engine: Connects to it.
        shared: It is the practice's own database, so that one transaction covers both.
    """

    def __init__(self, engine: Engine, *, shared: bool) -> None:
        self._engine = engine
        self.shared = shared

    def prepare(self, clock: Callable[[], datetime], *, read_only: bool = False) -> None:
        """Create or migrate the tables where that is needed.

        Raises:
            PracticeUnavailable: The file cannot be used.
            NotAPractice: A newer apisetup made it, or an older one and nothing can be added.
        """
        with translate_errors():
            with self._engine.connect() as plain:
                if not pending(plain.execution_options(read_only=True)):
                    return
            if read_only:
                raise NotAPractice(
                    "This file is of an older apisetup, or of another program.",
                    "Open it without --read-only once, so that what is missing is added.",
                )
            with self._engine.begin() as connection:
                migrate(connection, clock)

    @property
    def write_mode(self) -> WriteMode:
        """The mode of a unit of work that also writes here."""
        return WriteMode.PRACTICE_ONLY if self.shared else WriteMode.SPANS_DATABASES

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session that reads and refuses to write."""
        with translate_errors(), self._engine.connect() as plain:
            connection = plain.execution_options(read_only=True)
            with Session(connection, autoflush=False) as session:
                yield session

    @contextmanager
    def within(self, work: UnitOfWork) -> Iterator[Session]:
        """A session that writes as part of a change: in its transaction where that reaches, else in one of its own.

        A transaction of its own is committed when the block ends; the caller has told the change how to undo it.
        """
        if self.shared:
            yield work.session
            return
        with self.write() as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """A session of its own that commits at its end; for undoing what `within` committed."""
        with translate_errors(), Session(self._engine, autoflush=False) as session, session.begin():
            yield session

    def close(self) -> None:
        """Let go of the file."""
        self._engine.dispose()
