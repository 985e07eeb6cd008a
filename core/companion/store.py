"""Sessions on the companion database: a separate file, or the embedded practice's file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, Engine, inspect
from sqlalchemy.orm import Session

from core.base.errors import DamagedFile, NotAPractice
from core.companion.migrations import migrate, needs_migration
from core.database.database_file import name_damaged_file
from core.database.driver_errors import translate_errors
from core.practice.unit_of_work import UnitOfWork, WriteMode

PRACTICE_LOSS = "this practice's settings, API keys, accepted agreements and Audit Trail"
"""The loss if the file of an embedded practice is damaged."""
_LOSS = "the accepted agreements, the BAA dates, the keys of the local registry and headquarters' last list"


class Companion:
    """An open companion database.

    Args:
        engine: The engine of the companion database.
        shared: True if it's also the practice's database, so that one transaction covers both.
    """

    def __init__(self, engine: Engine, *, shared: bool) -> None:
        self._engine = engine
        self.shared = shared

    def prepare(self, clock: Callable[[], datetime], *, read_only: bool = False) -> None:
        """Create or migrate the tables if needed.

        Args:
            clock: Returns the time to record for each migration.
            read_only: Refuse a database that needs a migration instead of changing it.

        Raises:
            PracticeUnavailable: The database can't be used.
            NotAPractice: The database belongs to a newer version of this program, or it needs a migration and is opened
                read-only.
        """
        if not self.inspect():
            return
        if read_only:
            raise NotAPractice(
                "This file was created by an older version of apisetup or by another program.",
                "Open it once without --read-only to upgrade it.",
            )
        with self._translate_errors(), self._engine.begin() as connection:
            migrate(connection, clock)

    def inspect(self) -> bool:
        """Read the whole file, unless it's also the practice's, and return True if it needs a migration.

        Raises:
            DamagedFile: The file is damaged, or isn't an SQLite database.
            NotAPractice: The file belongs to another program, or is a practice.
            PracticeUnavailable: The database can't be used.
        """
        with (
            self._translate_errors(),
            self._engine.connect().execution_options(read_only=True) as connection,
        ):
            if not self.shared:
                self._require_own_tables(connection)
                # A companion is small, and damage in its middle would otherwise show in the middle of a change.
                if connection.exec_driver_sql("PRAGMA quick_check").scalar() != "ok":
                    raise DamagedFile("The SQLite file is damaged.")
            return needs_migration(connection)

    def _require_own_tables(self, connection: Connection) -> None:
        """Refuse a file of another program, before anything is added to it. Backup tools may add tables to ours."""
        tables = inspect(connection).get_table_names()
        others = [name for name in tables if not name.startswith("apisetup_")]
        if others and (len(others) == len(tables) or "preference" in others):
            raise NotAPractice(
                f"{self._file} has tables of another program, such as {others[0]}, so it isn't a companion file."
                " Nothing was changed.",
                "Name another companion file in the configuration file, or move this one away.",
            )

    @contextmanager
    def _translate_errors(self) -> Iterator[None]:
        loss = PRACTICE_LOSS if self.shared else _LOSS
        with name_damaged_file(self._file, loss), translate_errors():
            yield

    @property
    def _file(self) -> Path:
        return Path(self._engine.url.database or "")

    @property
    def write_mode(self) -> WriteMode:
        """The mode of a unit of work that also writes here."""
        return WriteMode.PRACTICE_ONLY if self.shared else WriteMode.SPANS_DATABASES

    @contextmanager
    def read(self) -> Iterator[Session]:
        """Open a session that refuses every statement that could write.

        Raises:
            PracticeUnavailable: The database can't be read.
        """
        with (
            self._translate_errors(),
            self._engine.connect().execution_options(read_only=True) as connection,
            Session(connection, autoflush=False) as session,
        ):
            yield session

    @contextmanager
    def within(self, work: UnitOfWork) -> Iterator[Session]:
        """Open a session that writes to the companion as part of a change to the practice.

        If practice and companion share a database, this is the session of the unit of work. Otherwise it's a separate
        session that commits at the end of the block. Then the caller must have added a compensation to the unit of
        work, in case it fails afterwards.

        Raises:
            PracticeUnavailable: The database can't be written.
        """
        if self.shared:
            yield work.session
            return
        with self.write() as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """Open a separate session that commits at the end of the block, for example to compensate for `within`.

        Raises:
            PracticeUnavailable: The database can't be written.
            NotPermitted: The file can't be written.
        """
        with self._translate_errors(), Session(self._engine, autoflush=False) as session, session.begin():
            yield session

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()
