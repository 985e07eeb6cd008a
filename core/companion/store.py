"""Connections to the companion database: a separate file, the embedded practice's file, or a database on a server."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Engine, select

from core.base.errors import DamagedFile, NotAPractice, StorageFailed
from core.companion.key_file import EncryptionKeys, key_file_of
from core.companion.key_vault import KeyVault, Rotation
from core.companion.migrations import erase, migrate, needs_erasure, needs_migration, overwrite_free_pages
from core.companion.tables.questions import QUESTION
from core.database.database_file import name_damaged_file
from core.database.driver_errors import translate_errors
from core.database.engines import WITHOUT_TRANSACTIONS
from core.database.table_names import table_names
from core.practice.unit_of_work import UnitOfWork, WriteMode

if TYPE_CHECKING:
    from core.companion.encryption import EncryptionKey
    from core.database.companion_address import CompanionSettings

_logger = logging.getLogger(__name__)

PRACTICE_LOSS = "this practice's settings, API keys, accepted agreements and Audit Trail"
"""The loss if the file of an embedded practice is damaged."""
_LOSS = "the accepted agreements, the BAA dates, the keys of the local registry and headquarters' last list"


class Companion:
    """An open companion database.

    Args:
        engine: The engine of the companion database.
        shared: True if it's also the practice's database, so that one transaction covers both.
        keys: The source of the encryption keys; None for the key file next to a file.
        settings: The names of the settings that hints name; None for those of the configuration file.

    Attributes:
        vault: Encrypts and decrypts the texts of the local registry's keys.
    """

    def __init__(
        self,
        engine: Engine,
        *,
        shared: bool,
        keys: EncryptionKeys | None = None,
        settings: CompanionSettings | None = None,
    ) -> None:
        self._engine = engine
        self._settings = settings
        self.shared = shared
        self.vault = KeyVault(keys or key_file_of(self._file))

    @property
    def _setting_names(self) -> CompanionSettings:
        from core.database.companion_address import CONFIGURED

        return self._settings or CONFIGURED

    @property
    def on_server(self) -> bool:
        """True for a companion on a server, which programs on several computers may share."""
        return self._engine.dialect.name != "sqlite"

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
        if self.on_server:
            self._create_server_tables(clock)
            return
        with self._translate_errors(), self._engine.begin() as connection:
            migrate(connection, clock, self.vault)
        self._erase(clock)

    def _create_server_tables(self, clock: Callable[[], datetime]) -> None:
        from core.companion.server_tables import create_tables

        with self._translate_errors(), self._engine.connect() as connection:
            create_tables(connection, clock, self.vault)
            connection.commit()

    def _erase(self, clock: Callable[[], datetime]) -> None:
        """Erase what an earlier version wrote in clear text. If it can't be done now, the next start does it."""
        try:
            with self.without_transaction() as connection:
                if needs_erasure(connection):
                    erase(connection, clock)
        except StorageFailed as error:
            _logger.warning("Clear texts could not be erased from %s: %s", self._file, error)

    def inspect(self) -> bool:
        """Read the whole file, unless it's also the practice's, and return True if it needs a migration.

        Raises:
            DamagedFile: The file is damaged, or isn't an SQLite database.
            NotAPractice: The database belongs to another program, or is a practice.
            PracticeUnavailable: The database can't be used.
        """
        with self.read() as connection:
            if not self.shared:
                self._require_own_tables(connection)
            # A companion is small, and damage in its middle would otherwise show in the middle of a change.
            checks = not self.shared and not self.on_server
            if checks and connection.exec_driver_sql("PRAGMA quick_check").scalar() != "ok":
                raise DamagedFile("The SQLite file is damaged.")
            return needs_migration(connection)

    def rotate_key(
        self, clock: Callable[[], datetime], given: EncryptionKey | None = None, expected: str | None = None
    ) -> Rotation:
        """Encrypt the texts of the local registry's keys with a new encryption key.

        Args:
            clock: Returns the time to record.
            given: The new key, if it is kept elsewhere; None to create one and put it into the key file.
            expected: The ID of the key that was current when the admin decided; None to replace any.

        Raises:
            OperationNotAllowed: Another key is current by now; nothing was changed.
            EncryptionKeyUnavailable: The key file can't be written; nothing was changed.
            PracticeUnavailable: The companion can't be written; nothing was changed.
        """
        rotation = self.vault.rotate(self.write, clock, given, expected)
        if not self.on_server:
            with self.without_transaction() as connection:
                overwrite_free_pages(connection)
        return rotation

    def _require_own_tables(self, connection: Connection) -> None:
        """Refuse a file of another program, before anything is added to it. Backup tools may add tables to ours."""
        tables = sorted(table_names(connection))
        others = [name for name in tables if not name.startswith("apisetup_")]
        if others and (len(others) == len(tables) or "preference" in others):
            raise self._not_a_companion(others[0])

    def _not_a_companion(self, table: str) -> NotAPractice:
        if self.on_server:
            return NotAPractice(
                f"The database {self._engine.url.database} has tables of another program, such as {table}, so it isn't"
                " a companion. Nothing was changed.",
                f"Create a database of its own for the companion, and name it in {self._setting_names.url}.",
            )
        return NotAPractice(
            f"{self._file} has tables of another program, such as {table}, so it isn't a companion file. Nothing was"
            " changed.",
            f"Name another file in {self._setting_names.url}, or move this one away.",
        )

    @contextmanager
    def _translate_errors(self) -> Iterator[None]:
        if self.on_server:
            from core.companion.server_errors import name_companion_server

            with name_companion_server(self._engine.url, self._setting_names), translate_errors():
                yield
            return
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
    def read(self) -> Iterator[Connection]:
        """Open a connection that refuses every statement that could write.

        Raises:
            PracticeUnavailable: The database can't be read.
        """
        with (
            self._translate_errors(),
            self._engine.connect().execution_options(read_only=True) as connection,
        ):
            yield connection

    @contextmanager
    def within(self, work: UnitOfWork) -> Iterator[Connection]:
        """Open a connection that writes to the companion as part of a change to the practice.

        If practice and companion share a database, this is the connection of the unit of work. Otherwise it's a
        separate one that commits at the end of the block. Then the caller must have added a compensation to the unit
        of work, in case it fails afterwards.

        Raises:
            PracticeUnavailable: The database can't be written.
        """
        if self.shared:
            yield work.connection
            return
        with self.write() as connection:
            yield connection
            work.companion_committing = True

    def add_compensation(self, work: UnitOfWork, undo: Callable[[Connection], object]) -> None:
        """Have what the body of a unit of work writes to the companion undone if the unit of work fails afterwards.

        Nothing is undone if a transaction does that: the practice's, or the companion's own before it was told to
        commit. A companion that refuses every write would refuse the undoing, too.

        Args:
            work: The unit of work.
            undo: Undoes it over a connection to the companion, and does no harm if there is nothing to undo.
        """

        def compensate(_practice: Connection) -> None:
            if self.shared or not work.companion_committing:
                return
            with self.write() as connection:
                undo(connection)

        work.add_compensation(compensate)

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Open a separate connection that commits at the end of the block, for example to compensate for `within`.

        Raises:
            PracticeUnavailable: The database can't be written.
            NotPermitted: The database can't be written.
        """
        with self._translate_errors(), self._engine.begin() as connection:
            if self.on_server:
                # As with a file, only one program writes at a time, so nothing changes between reading and writing. The
                # row is the only one that every companion has.
                connection.execute(select(QUESTION.c.number).with_for_update())
            yield connection

    @contextmanager
    def without_transaction(self) -> Iterator[Connection]:
        """Open a connection to a file for statements that run outside a transaction.

        Raises:
            PracticeUnavailable: The database can't be written.
        """
        options = {WITHOUT_TRANSACTIONS: True}
        with self._translate_errors(), self._engine.connect().execution_options(**options) as connection:
            yield connection

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()
