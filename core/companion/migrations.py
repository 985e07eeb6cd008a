"""Migrations of the companion database."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime

from sqlalchemy import Connection, insert, select

from core.base.errors import NotAPractice, StorageFailed
from core.companion import migration_statements as sql
from core.companion.key_vault import KeyVault
from core.companion.tables.migrations import MIGRATION
from core.companion.tables.registry import REGISTRY_KEY
from core.database.table_names import table_names
from core.model.key_text import mask

_ENCRYPTION, _ERASURE = 7, 8
_MIGRATIONS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("keys and licenses", sql.KEYS_AND_LICENSES),
    ("headquarters", sql.HEADQUARTERS),
    ("order of answers", sql.ORDER_OF_ANSWERS),
    ("sign-in failures", sql.SIGN_IN_FAILURES),
    ("journal", sql.JOURNAL),
    ("use of keys", sql.USE_OF_KEYS),
    ("encrypted keys", sql.ENCRYPTED_KEYS),
    # What `erase` does, outside the transaction.
    ("clear texts erased", ()),
    ("offices as a fleet", sql.FLEET),
    ("seals", sql.SEALS),
    ("changes by a team", sql.FLEET_WRITERS),
    ("reviews", sql.REVIEWS),
)


def migrate(connection: Connection, clock: Callable[[], datetime], vault: KeyVault) -> None:
    """Apply all pending migrations of a file in the caller's transaction, except the last step of encrypting its keys.

    That step is `erase`, if `needs_erasure` says so.

    Args:
        connection: To the companion database, in a transaction.
        clock: Returns the time to record for each migration.
        vault: Encrypts the texts of keys.

    Raises:
        NotAPractice: A newer version of this program has applied migrations that this version doesn't have.
        EncryptionKeyUnavailable: The file of the encryption key can't be created or read.
    """
    # What is deleted is overwritten, in this session.
    connection.exec_driver_sql("PRAGMA secure_delete=ON")
    if MIGRATION.name not in table_names(connection):
        connection.exec_driver_sql(sql.HISTORY)
    applied = applied_migrations(connection)
    refuse_newer(applied)
    for number, (name, statements) in enumerate(_MIGRATIONS, start=1):
        # A file that has none yet never held a text in clear.
        if number in applied or (number == _ERASURE and applied):
            continue
        for statement in statements:
            connection.exec_driver_sql(statement)
        if number == _ENCRYPTION:
            vault.establish(connection, clock(), shared=False)
            _encrypt_keys(connection, vault)
        _record(connection, number, name, clock)


def erase(connection: Connection, clock: Callable[[], datetime]) -> None:
    """Overwrite what an earlier version wrote in clear text and what was deleted, and record that it is done.

    Args:
        connection: To the file, outside a transaction.
        clock: Returns the time to record.

    Raises:
        StorageFailed: Another program uses the file, or the disk is full. The next start tries again.
    """
    overwrite_free_pages(connection)
    _record(connection, _ERASURE, _MIGRATIONS[_ERASURE - 1][0], clock)


def overwrite_free_pages(connection: Connection) -> None:
    """Write an SQLite file anew, without what was deleted from it.

    Args:
        connection: To the file, outside a transaction.

    Raises:
        StorageFailed: Another program uses the file, or the disk is full.
    """
    connection.exec_driver_sql("VACUUM")
    # If the file has a write-ahead log, the log still holds the pages. This makes it empty.
    if connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").scalar():
        raise StorageFailed("Another program uses the SQLite file.", "Try again when it has finished.")


def needs_erasure(connection: Connection) -> bool:
    """Return True if the keys of a file are encrypted, and their clear texts may still be in its free pages."""
    applied = applied_migrations(connection)
    return _ENCRYPTION in applied and _ERASURE not in applied


def encrypts_keys(connection: Connection) -> bool:
    """Return True if the texts of keys are encrypted, as they are since version 7."""
    return _ENCRYPTION in applied_migrations(connection)


def needs_migration(connection: Connection) -> bool:
    """Return True unless the database has exactly the migrations of this version. Nothing is written.

    `migrate` applies missing migrations, and refuses a database of a newer version.
    """
    return applied_migrations(connection) != set(range(1, LATEST + 1))


def applied_migrations(connection: Connection) -> set[int]:
    """Return the numbers of the migrations that were applied."""
    if MIGRATION.name not in table_names(connection):
        return set()
    return set(connection.scalars(select(MIGRATION.c.number)))


def refuse_newer(applied: Collection[int]) -> None:
    """Raise an error if a migration is unknown to this version.

    Raises:
        NotAPractice: A newer version of this program has applied it.
    """
    if max(applied, default=0) > LATEST:
        raise NotAPractice(
            "The companion database was created by a newer version of apisetup.", "Update apisetup on this computer."
        )


def record_all(connection: Connection, clock: Callable[[], datetime]) -> None:
    """Record that a database has the tables of this version, the last migration last."""
    applied = applied_migrations(connection)
    for number, (name, _statements) in enumerate(_MIGRATIONS, start=1):
        if number not in applied:
            _record(connection, number, name, clock)


LATEST = len(_MIGRATIONS)
"""The number of the last migration of this version."""


def _encrypt_keys(connection: Connection, vault: KeyVault) -> None:
    kept = [name for name in REGISTRY_KEY.c.keys() if name not in ("masked", "key_id", "sealed")]  # noqa: SIM118
    names = ", ".join(kept)
    for row in connection.exec_driver_sql(f"SELECT key_text, {names} FROM apisetup_key_in_clear").all():  # noqa: S608
        text, identity = row.key_text, row.fingerprint
        sealed = vault.seal(connection, text, identity)
        # As the file has them, without converting them back and forth.
        values = (mask(text), sealed.key_id, sealed.sealed, *row[1:])
        marks = ", ".join("?" * len(values))
        insertion = f"INSERT INTO apisetup_key (masked, key_id, sealed, {names}) VALUES ({marks})"  # noqa: S608
        connection.exec_driver_sql(insertion, values)
    connection.exec_driver_sql(sql.DROP_CLEAR_TEXTS)


def _record(connection: Connection, number: int, name: str, clock: Callable[[], datetime]) -> None:
    connection.execute(insert(MIGRATION).values(number=number, name=name, applied_at=clock().replace(microsecond=0)))
