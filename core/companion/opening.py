"""Opening a companion: a file, or a database on a server."""

from __future__ import annotations

import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from sqlalchemy import Engine

from core.base.current_directory import real_path
from core.base.errors import StorageFailed
from core.base.private_file import create_private_directory
from core.base.secret import Secret
from core.companion.journal import CompanionJournal
from core.companion.key_file import EncryptionKeys, key_file_of
from core.companion.store import Companion
from core.companion.writer_locks import WriterLocks
from core.database.address import FileAddress
from core.database.companion_address import CONFIGURED, CompanionAddress, CompanionSettings
from core.database.engines import file_engine, server_engine
from core.database.postgresql_address import PostgresqlAddress


@dataclass(frozen=True)
class CompanionSource:
    """A companion to open.

    Args:
        address: The file or the database.
        stem: The beginning of the path of its files on this computer: the key file and the lock files.
        password: The password of the database user, on a server.
        keys: The encryption keys from a source that the configuration names; None for the key file.
        settings: The names of its settings, for hints.
    """

    address: CompanionAddress
    stem: Path
    password: Secret = field(default=Secret(""))
    keys: EncryptionKeys | None = None
    settings: CompanionSettings = CONFIGURED

    @classmethod
    def file(cls, path: Path) -> CompanionSource:
        """Return a companion file, with its other files next to it."""
        return cls(FileAddress(path), path)

    @property
    def encryption_keys(self) -> EncryptionKeys:
        """The source of the encryption keys."""
        return self.keys or key_file_of(self.stem)

    def engine(self) -> Engine:
        """Return an engine for the database; a missing file is created.

        Raises:
            ConfigurationError: A package is missing, or a TLS file can't be used.
            StorageFailed: The file can't be created or used.
        """
        if isinstance(self.address, FileAddress):
            return file_engine(self.address.path)
        if isinstance(self.address, PostgresqlAddress):
            from core.database.postgresql import postgresql_engine

            return postgresql_engine(self.address, self.password, self.settings)
        return server_engine(self.address, self.password)

    def companion(self) -> Companion:
        """Return the companion, of which nothing is read yet.

        Raises:
            ConfigurationError: A package is missing, or a TLS file can't be used.
            StorageFailed: The file can't be created or used.
        """
        return Companion(self.engine(), shared=False, keys=self.encryption_keys, settings=self.settings)


def open_companion(source: CompanionSource, clock: Callable[[], datetime]) -> Companion:
    """Open a companion; missing tables are created.

    Args:
        source: The companion.
        clock: Returns the time to record for a migration.

    Raises:
        ConfigurationError: A package is missing, or a TLS file can't be used.
        PracticeUnavailable: The companion can't be used.
    """
    companion = source.companion()
    try:
        companion.prepare(clock)
    except BaseException:
        companion.close()
        raise
    return companion


def open_journal(source: CompanionSource, companion: Companion) -> CompanionJournal:
    """Open the journal of a companion.

    Raises:
        StorageFailed: The directory of its lock files can't be created.
    """
    return CompanionJournal(companion, locks_of(source, companion))


def locks_of(source: CompanionSource, companion: Companion) -> WriterLocks:
    """Return the lock files of the programs on this computer that write to a companion.

    Raises:
        StorageFailed: The directory of the files can't be created.
    """
    if not companion.on_server:
        return WriterLocks(source.stem)
    directory = real_path(source.stem).parent
    try:
        create_private_directory(directory)
    except OSError as error:
        raise StorageFailed(
            f"The directory {directory} can't be created: {error.strerror}.", "Check its parent's permissions."
        ) from error
    # A home directory may be on a file server, whose locks other computers may not see.
    return WriterLocks(directory / f"{source.stem.name}.{socket.gethostname()}")
