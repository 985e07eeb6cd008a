"""The practice file, read and changed in plain SQL that uses nothing of the program."""

from __future__ import annotations

import base64
import hashlib
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.support.open_requests import FILE
from tests.support.sealed_keys import register

REFUSE_KEYS = "CREATE TRIGGER refuse BEFORE INSERT ON apisetup_key BEGIN SELECT RAISE(ABORT, 'not now'); END"
"""A statement that makes adding a key fail, and nothing else."""
ACCEPT_KEYS = "DROP TRIGGER refuse"


@contextmanager
def database() -> Iterator[sqlite3.Connection]:
    """Open another program's connection to the practice file; commit and close it at the end."""
    connection = sqlite3.connect(FILE)
    register(connection, Path(FILE))
    try:
        with connection:
            yield connection
    finally:
        connection.close()


@contextmanager
def locked() -> Iterator[None]:
    """Keep the practice file locked, as another program would."""
    connection = sqlite3.connect(FILE, check_same_thread=False)
    try:
        connection.execute("BEGIN EXCLUSIVE")
        yield
    finally:
        connection.close()


def execute(statement: str, *values: object) -> None:
    """Change the file, as another program would."""
    with database() as connection:
        connection.execute(statement, values)


def query(statement: str, *values: object) -> list[tuple[Any, ...]]:
    """Read rows."""
    with database() as connection:
        return connection.execute(statement, values).fetchall()


def audit_texts(after: int = 0) -> list[str]:
    """Read the texts of the audit entries after a number, oldest first."""
    statement = "SELECT LogText FROM securitylog WHERE SecurityLogNum > ? ORDER BY SecurityLogNum"
    return [text for (text,) in query(statement, after)]


def last_entry() -> int:
    """Read the number of the newest audit entry; 0 if there is none."""
    return int(query("SELECT max(SecurityLogNum) FROM securitylog")[0][0] or 0)


def fill_trail(entries: Iterable[tuple[str, str]], *, patient: int = 0) -> None:
    """Replace the whole Audit Trail by entries with matching hashes of Maria's, numbered from 1.

    Args:
        entries: The time and text of each.
        patient: The patient of all of them.
    """
    logs, hashes = [], []
    for number, (moment, text) in enumerate(entries, start=1):
        logs.append((number, 8, 2, moment, text, patient, "FRONTDESK-2", 0, 0, 0, 0, "0001-01-01 00:00:00"))
        digest = hashlib.sha256(f"82{moment}{text}{patient}".encode("utf-16-le")).digest()
        hashes.append((number, number, base64.b64encode(digest).decode()))
    with database() as connection:
        for table, members in (("securitylog", logs), ("securityloghash", hashes)):
            connection.execute(f"DELETE FROM {table}")
            columns = {"securitylog": _LOG, "securityloghash": "SecurityLogHashNum, SecurityLogNum, LogHash"}[table]
            marks = ", ".join("?" * (columns.count(",") + 1))
            connection.executemany(f"INSERT INTO {table} ({columns}) VALUES ({marks})", members)


_LOG = (
    "SecurityLogNum, PermType, UserNum, LogDateTime, LogText, PatNum, CompName, FKey, LogSource, DefNum, DefNumError,"
    " DateTPrevious"
)


def settings() -> tuple[int, str, str]:
    """Read the three settings as they are stored: enabled, subscription interval and payment type."""
    return (
        query("SELECT Enabled FROM program WHERE ProgName = 'FHIR'")[0][0],
        query("SELECT PropertyValue FROM programproperty WHERE PropertyDesc = 'SubscriptionProcessingFrequency'")[0][0],
        query("SELECT ValueString FROM preference WHERE PrefName = 'ApiPaymentType'")[0][0],
    )


def key_texts() -> list[str]:
    """Read all keys in full, in the order in which they were added."""
    return [
        text for (text,) in query("SELECT clear_text(fingerprint, sealed) FROM apisetup_key ORDER BY added, developer")
    ]


def key_text(developer: str) -> str:
    """Read a developer's key in full."""
    return str(query("SELECT clear_text(fingerprint, sealed) FROM apisetup_key WHERE developer = ?", developer)[0][0])


def set_key_text(developer: str, text: str) -> None:
    """Change the text of a developer's key."""
    values = "fingerprint = sha256(?), masked = masked(?), sealed = sealed(?)"
    execute(f"UPDATE apisetup_key SET {values} WHERE developer = ?", text, text, text, developer)


def add_key(text: str, developer: str) -> None:
    """Add an enabled key to the registry, as another program would."""
    execute(
        "INSERT INTO apisetup_key"
        " (fingerprint, masked, sealed, key_id, developer, email, phone, permissions, status, added)"
        " SELECT sha256(?), masked(?), sealed(?), key_id(), ?, '', '', '[]', 1, added FROM apisetup_key LIMIT 1",
        text,
        text,
        text,
        developer,
    )


def status_of(developer: str) -> int:
    """Read the status number of a developer's key."""
    return int(query("SELECT status FROM apisetup_key WHERE developer = ?", developer)[0][0])
