"""An independent reading of the practice file: plain SQL, and nothing of the program's own."""

from __future__ import annotations

import base64
import hashlib
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from tests.support.open_requests import FILE

REFUSE_KEYS = "CREATE TRIGGER refuse BEFORE INSERT ON apisetup_key BEGIN SELECT RAISE(ABORT, 'not now'); END"
"""Makes adding a key fail, and nothing else."""
REFUSE_NO_MORE = "DROP TRIGGER refuse"


@contextmanager
def database() -> Iterator[sqlite3.Connection]:
    """Another program's connection to the practice file; what it did is committed at the end."""
    connection = sqlite3.connect(FILE)
    try:
        with connection:
            yield connection
    finally:
        connection.close()


@contextmanager
def locked() -> Iterator[None]:
    """Another program keeps the practice file locked."""
    connection = sqlite3.connect(FILE)
    try:
        connection.execute("BEGIN EXCLUSIVE")
        yield
    finally:
        connection.close()


def change(statement: str, *values: object) -> None:
    """Change the file as another program does."""
    with database() as connection:
        connection.execute(statement, values)


def query(statement: str, *values: object) -> list[tuple[Any, ...]]:
    """Read rows."""
    with database() as connection:
        return connection.execute(statement, values).fetchall()


def audit_texts(after: int = 0) -> list[str]:
    """The texts of the Audit Trail, oldest first."""
    statement = "SELECT LogText FROM securitylog WHERE SecurityLogNum > ? ORDER BY SecurityLogNum"
    return [text for (text,) in query(statement, after)]


def last_entry() -> int:
    """The number of the newest audit entry."""
    return int(query("SELECT max(SecurityLogNum) FROM securitylog")[0][0] or 0)


def fill_trail(entries: Iterable[tuple[str, str]], *, patient: int = 0) -> None:
    """Put entries of Maria's in the place of the whole Audit Trail: times and texts, numbered from 1, all genuine."""
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
    """Enabled, subscription interval and payment type as they are stored."""
    return (
        query("SELECT Enabled FROM program WHERE ProgName = 'FHIR'")[0][0],
        query("SELECT PropertyValue FROM programproperty WHERE PropertyDesc = 'SubscriptionProcessingFrequency'")[0][0],
        query("SELECT ValueString FROM preference WHERE PrefName = 'ApiPaymentType'")[0][0],
    )


def key_texts() -> list[str]:
    """The keys in full."""
    return [text for (text,) in query("SELECT key_text FROM apisetup_key ORDER BY added, developer")]


def status_of(developer: str) -> int:
    """The status number of a developer's key."""
    return int(query("SELECT status FROM apisetup_key WHERE developer = ?", developer)[0][0])
