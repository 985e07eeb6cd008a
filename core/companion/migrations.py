"""Migrations of the companion database."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import Connection, insert, inspect, select

from core.base.errors import NotAPractice
from core.companion.tables import MIGRATION

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

_MIGRATIONS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("keys and licenses", _KEYS_AND_LICENSES),
    ("headquarters", _HEADQUARTERS),
    ("order of answers", _ORDER_OF_ANSWERS),
    ("sign-in failures", _SIGN_IN_FAILURES),
    ("journal", _JOURNAL),
    ("use of keys", _USE_OF_KEYS),
    ("offices as a fleet", _FLEET),
)


def migrate(connection: Connection, clock: Callable[[], datetime]) -> None:
    """Apply all pending migrations in the caller's transaction.

    Args:
        connection: To the companion database, in a transaction.
        clock: Returns the time to record for each migration.

    Raises:
        NotAPractice: A newer version of this program has applied migrations that this version doesn't have.
    """
    if not inspect(connection).has_table(MIGRATION.name):
        connection.exec_driver_sql(_HISTORY)
    applied = set(connection.scalars(select(MIGRATION.c.number)))
    if applied and max(applied) > len(_MIGRATIONS):
        raise NotAPractice(
            "The companion database was created by a newer version of apisetup.", "Update apisetup on this computer."
        )
    for number, (name, statements) in enumerate(_MIGRATIONS, start=1):
        if number in applied:
            continue
        for statement in statements:
            connection.exec_driver_sql(statement)
        connection.execute(
            insert(MIGRATION).values(number=number, name=name, applied_at=clock().replace(microsecond=0))
        )


def needs_migration(connection: Connection) -> bool:
    """Return True unless the database has exactly the migrations of this version. Nothing is written.

    `migrate` applies missing migrations, and refuses a database of a newer version.
    """
    if not inspect(connection).has_table(MIGRATION.name):
        return True
    return max(connection.scalars(select(MIGRATION.c.number)), default=0) != len(_MIGRATIONS)
