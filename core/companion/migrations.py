"""The steps by which a companion database came to its present shape."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import Connection, insert, inspect, select

from core.base.errors import NotAPractice
from core.companion.tables import MigrationRow

_HISTORY = """
CREATE TABLE apisetup_migration (
    number INTEGER NOT NULL PRIMARY KEY,
    name VARCHAR(80) NOT NULL,
    applied_at DATETIME NOT NULL
)
"""

# The steps are written out as SQL and never edited afterwards: what is in the field has run them as they were.
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

_MIGRATIONS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("keys and licenses", _KEYS_AND_LICENSES),
    ("headquarters", _HEADQUARTERS),
)


def migrate(connection: Connection, clock: Callable[[], datetime]) -> None:
    """Bring the companion's tables up to date, within the caller's transaction.

    Raises:
        NotAPractice: A newer apisetup has been here, whose tables this one does not know.
    """
    if not inspect(connection).has_table(MigrationRow.__tablename__):
        connection.exec_driver_sql(_HISTORY)
    done = set(connection.scalars(select(MigrationRow.number)))
    if done and max(done) > len(_MIGRATIONS):
        raise NotAPractice(
            "The companion database was made by a newer apisetup than this one.", "Update apisetup on this machine."
        )
    for number, (name, statements) in enumerate(_MIGRATIONS, start=1):
        if number in done:
            continue
        for statement in statements:
            connection.exec_driver_sql(statement)
        connection.execute(
            insert(MigrationRow).values(number=number, name=name, applied_at=clock().replace(microsecond=0))
        )


def pending(connection: Connection) -> bool:
    """Whether `migrate` would have something to do; reads only."""
    if not inspect(connection).has_table(MigrationRow.__tablename__):
        return True
    return max(connection.scalars(select(MigrationRow.number)), default=0) != len(_MIGRATIONS)
