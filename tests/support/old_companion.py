"""Companions as the version before the encryption of keys left them."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from tests.support.sealed_keys import key_file, register

_COLUMNS = "developer, email, phone, permissions, status, date_disabled, agreement_since, added, license_number"
_TABLES = {
    f"apisetup_{name}"
    for name in (
        "migration license_text license_acceptance key headquarters_answer headquarters_key question sign_in_failure"
        " journal use_day use_range former_name"
    ).split()
}
"""The tables of version 6."""
_OLD_KEYS = """
    CREATE TABLE apisetup_key_old (
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
"""


def in_clear(path: Path) -> set[str]:
    """Make the keys' table of a companion what it was in version 6, and return the texts of the keys."""
    with closing(sqlite3.connect(path)) as connection, connection:
        register(connection, path)
        connection.execute(_OLD_KEYS)
        connection.execute(
            f"INSERT INTO apisetup_key_old (fingerprint, key_text, {_COLUMNS})"
            f" SELECT fingerprint, clear_text(fingerprint, sealed), {_COLUMNS} FROM apisetup_key"
        )
        connection.execute("DROP TABLE apisetup_key")
        connection.execute("ALTER TABLE apisetup_key_old RENAME TO apisetup_key")
        return {str(text) for (text,) in connection.execute("SELECT key_text FROM apisetup_key")}


def downgrade(path: Path, *, journal_mode: str = "delete") -> set[str]:
    """Make a companion or an embedded practice a file of version 6, without a key file; return its keys' texts."""
    texts = in_clear(path)
    with closing(sqlite3.connect(path)) as connection, connection:
        tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE 'apisetup_%'")
        for (table,) in tables.fetchall():
            if table not in _TABLES:
                connection.execute(f"DROP TABLE {table}")
        connection.execute("ALTER TABLE apisetup_journal DROP COLUMN renewed_at")
        connection.execute("DELETE FROM apisetup_migration WHERE number > 6")
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA journal_mode={journal_mode}")
    key_file(path).unlink()
    return texts
