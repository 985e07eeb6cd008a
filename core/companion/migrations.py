"""Migrations of the companion database."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime

from sqlalchemy import Connection, insert, select

from core.base.errors import NotAPractice, StorageFailed
from core.companion.key_vault import KeyVault
from core.companion.tables.migrations import MIGRATION
from core.companion.tables.registry import REGISTRY_KEY
from core.database.table_names import table_names
from core.model.key_text import mask

_HISTORY = """
CREATE TABLE apisetup_migration (
    number INTEGER NOT NULL PRIMARY KEY,
    name VARCHAR(80) NOT NULL,
    applied_at DATETIME NOT NULL
)
"""

# Migrations are SQL and never edited after a release, because existing companion databases have applied them as they
# were.
_KEYS_AND_LICENSES = (
    """
    CREATE TABLE apisetup_license_text (
        sha256 VARCHAR(64) NOT NULL PRIMARY KEY,
        text TEXT NOT NULL
    )
    """,
    """
    CREATE TABLE apisetup_license_acceptance (
        number INTEGER NOT NULL PRIMARY KEY,
        title TEXT NOT NULL,
        sha256 VARCHAR(64) NOT NULL REFERENCES apisetup_license_text (sha256),
        accepted_by VARCHAR(255) NOT NULL,
        accepted_at DATETIME NOT NULL
    )
    """,
    """
    CREATE TABLE apisetup_key (
        fingerprint VARCHAR(64) NOT NULL PRIMARY KEY,
        key_text VARCHAR(255) NOT NULL,
        developer VARCHAR(255) NOT NULL,
        email TEXT NOT NULL,
        phone TEXT NOT NULL,
        permissions JSON NOT NULL,
        status INTEGER NOT NULL,
        date_disabled DATETIME,
        agreement_since DATE,
        added DATETIME NOT NULL,
        license_number INTEGER REFERENCES apisetup_license_acceptance (number)
    )
    """,
)

_HEADQUARTERS = (
    """
    CREATE TABLE apisetup_headquarters_answer (
        number INTEGER NOT NULL PRIMARY KEY,
        asked_at DATETIME NOT NULL,
        listed_keys JSON NOT NULL
    )
    """,
    """
    CREATE TABLE apisetup_headquarters_key (
        fingerprint VARCHAR(64) NOT NULL PRIMARY KEY,
        added DATETIME,
        agreement_since DATE,
        license_number INTEGER REFERENCES apisetup_license_acceptance (number)
    )
    """,
)

_ORDER_OF_ANSWERS = (
    """
    CREATE TABLE apisetup_question (
        number INTEGER NOT NULL PRIMARY KEY
    )
    """,
    "INSERT INTO apisetup_question (number) VALUES (0)",
    "ALTER TABLE apisetup_headquarters_answer ADD COLUMN question INTEGER NOT NULL DEFAULT 0",
)

_SIGN_IN_FAILURES = (
    """
    CREATE TABLE apisetup_sign_in_failure (
        user_num INTEGER NOT NULL PRIMARY KEY,
        failures INTEGER NOT NULL,
        last_failure DATETIME NOT NULL
    )
    """,
)

_JOURNAL = (
    """
    CREATE TABLE apisetup_journal (
        number INTEGER NOT NULL PRIMARY KEY,
        writer VARCHAR(16) NOT NULL,
        intent JSON NOT NULL
    )
    """,
)

_USE_OF_KEYS = (
    """
    CREATE TABLE apisetup_use_day (
        name VARCHAR(255) NOT NULL,
        day DATE NOT NULL,
        permission INTEGER NOT NULL,
        computer VARCHAR(255) NOT NULL,
        entries INTEGER NOT NULL,
        first_at DATETIME NOT NULL,
        last_at DATETIME NOT NULL,
        PRIMARY KEY (name, day, permission, computer)
    )
    """,
    """
    CREATE TABLE apisetup_use_range (
        name VARCHAR(255) NOT NULL PRIMARY KEY,
        since DATETIME NOT NULL,
        until DATETIME NOT NULL,
        complete INTEGER NOT NULL
    )
    """,
    """
    CREATE TABLE apisetup_former_name (
        developer VARCHAR(255) NOT NULL,
        former_name VARCHAR(255) NOT NULL,
        PRIMARY KEY (developer, former_name)
    )
    """,
)

_ENCRYPTED_KEYS = (
    """
    CREATE TABLE apisetup_encryption (
        number INTEGER NOT NULL PRIMARY KEY,
        key_id VARCHAR(16) NOT NULL,
        since DATETIME NOT NULL
    )
    """,
    "ALTER TABLE apisetup_journal ADD COLUMN renewed_at INTEGER",
    "ALTER TABLE apisetup_key RENAME TO apisetup_key_in_clear",
    """
    CREATE TABLE apisetup_key (
        fingerprint VARCHAR(64) NOT NULL PRIMARY KEY,
        masked VARCHAR(16) NOT NULL,
        key_id VARCHAR(16) NOT NULL,
        sealed TEXT NOT NULL,
        developer VARCHAR(255) NOT NULL,
        email TEXT NOT NULL,
        phone TEXT NOT NULL,
        permissions JSON NOT NULL,
        status INTEGER NOT NULL,
        date_disabled DATETIME,
        agreement_since DATE,
        added DATETIME NOT NULL,
        license_number INTEGER REFERENCES apisetup_license_acceptance (number)
    )
    """,
)
_DROP_CLEAR_TEXTS = "DROP TABLE apisetup_key_in_clear"
_ENCRYPTION, _ERASURE = 7, 8

_FLEET = (
    """
    CREATE TABLE apisetup_fleet_answer (
        office VARCHAR(60) NOT NULL PRIMARY KEY,
        answered_at DATETIME NOT NULL,
        answer JSON NOT NULL
    )
    """,
    """
    CREATE TABLE apisetup_joined_name (
        name VARCHAR(255) NOT NULL PRIMARY KEY,
        joined_with VARCHAR(255) NOT NULL
    )
    """,
    """
    CREATE TABLE apisetup_fleet_run (
        receipt VARCHAR(20) NOT NULL PRIMARY KEY,
        started_at DATETIME NOT NULL,
        plan JSON NOT NULL,
        written JSON NOT NULL,
        finished INTEGER NOT NULL
    )
    """,
    """
    CREATE TABLE apisetup_fleet_result (
        receipt VARCHAR(20) NOT NULL,
        office VARCHAR(60) NOT NULL,
        result JSON NOT NULL,
        PRIMARY KEY (receipt, office)
    )
    """,
    """
    CREATE TABLE apisetup_last_verification (
        number INTEGER NOT NULL PRIMARY KEY,
        verified_at DATETIME NOT NULL,
        verdict TEXT NOT NULL
    )
    """,
)

_SEALS = (
    """
    CREATE TABLE apisetup_seal (
        practice VARCHAR(64) NOT NULL,
        number INTEGER NOT NULL,
        seal TEXT NOT NULL,
        PRIMARY KEY (practice, number)
    )
    """,
    """
    CREATE TABLE apisetup_sealed_entries (
        practice VARCHAR(64) NOT NULL,
        number INTEGER NOT NULL,
        part INTEGER NOT NULL,
        first_entry INTEGER NOT NULL,
        last_entry INTEGER NOT NULL,
        entries INTEGER NOT NULL,
        content TEXT NOT NULL,
        PRIMARY KEY (practice, number, part)
    )
    """,
)

_FLEET_WRITERS = (
    """
    CREATE TABLE apisetup_fleet_writer (
        receipt VARCHAR(20) NOT NULL PRIMARY KEY,
        writer VARCHAR(16) NOT NULL,
        renewed_at INTEGER NOT NULL
    )
    """,
)

_REVIEWS = (
    """
    CREATE TABLE apisetup_key_note (
        fingerprint VARCHAR(64) NOT NULL PRIMARY KEY,
        owner VARCHAR(255) NOT NULL,
        purpose VARCHAR(255) NOT NULL,
        agreement_reference VARCHAR(255) NOT NULL,
        review_date DATE
    )
    """,
    """
    CREATE TABLE apisetup_review (
        number INTEGER NOT NULL PRIMARY KEY,
        name VARCHAR(60) NOT NULL,
        since DATE NOT NULL,
        until DATE NOT NULL,
        started_at DATETIME NOT NULL,
        started_by VARCHAR(255) NOT NULL,
        known JSON NOT NULL,
        ended_at DATETIME,
        ended_by VARCHAR(255) NOT NULL,
        left_open JSON NOT NULL
    )
    """,
    """
    CREATE TABLE apisetup_review_item (
        review INTEGER NOT NULL,
        fingerprint VARCHAR(64) NOT NULL,
        snapshot JSON NOT NULL,
        decision JSON NOT NULL,
        revision INTEGER NOT NULL,
        PRIMARY KEY (review, fingerprint)
    )
    """,
)

_MIGRATIONS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("keys and licenses", _KEYS_AND_LICENSES),
    ("headquarters", _HEADQUARTERS),
    ("order of answers", _ORDER_OF_ANSWERS),
    ("sign-in failures", _SIGN_IN_FAILURES),
    ("journal", _JOURNAL),
    ("use of keys", _USE_OF_KEYS),
    ("encrypted keys", _ENCRYPTED_KEYS),
    # What `erase` does, outside the transaction.
    ("clear texts erased", ()),
    ("offices as a fleet", _FLEET),
    ("seals", _SEALS),
    ("changes by a team", _FLEET_WRITERS),
    ("reviews", _REVIEWS),
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
        connection.exec_driver_sql(_HISTORY)
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
    connection.exec_driver_sql(_DROP_CLEAR_TEXTS)


def _record(connection: Connection, number: int, name: str, clock: Callable[[], datetime]) -> None:
    connection.execute(insert(MIGRATION).values(number=number, name=name, applied_at=clock().replace(microsecond=0)))
