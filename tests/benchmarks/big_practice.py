"""Practices with as many audit entries as a large office has after twelve years.

As a program, it makes a database that stays: `python -m tests.benchmarks.big_practice big_office 3000000`.
"""

from __future__ import annotations

import base64
import hashlib
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

from tests.support.databases import make_file_template, make_server_practice
from tests.support.opendental_columns import NEW
from tests.support.server import Server, server_from_environment

START = datetime(2013, 1, 7, 7)
END = datetime(2024, 11, 5, 18)
FIRST = 1_000
"""The number of the first entry; the test practice has a few of its own before it."""
BLOCK = 100_000
MANY = 3_000_000
"""The entries of a large office after twelve years."""

ALTERED = 25
"""The number of altered entries."""
WITHOUT_HASH = 40
RARE_USER, RARE_EVERY = 4, 50_000
"""A user of few entries: one in so many is hers."""

DEVELOPERS = tuple(f"Developer {number}" for number in range(14))
API_DAYS = 400
"""The days before the end in which developers made changes: one entry in ten, in turn."""

_PERMISSIONS = (83, 25, 27, 43, 15, 120, 110, 8)
_TEXTS = (
    "User: Maria has logged on.",
    "Appointment created for a patient, Dr. Müller, operatory 3.",
    "Appointment edited: moved by fifteen minutes.",
    "Commlog edited.",
    "Payment of $120.00 entered.",
    "Appointment confirmation changed from Unconfirmed to Confirmed.",
    "Insurance plan edited: carrier name, group number and the notes of the plan.",
    "Preference changed.",
)
_USERS = (1, 2, 5, 6, 7)
_API_SINCE = END - timedelta(days=API_DAYS)


@contextmanager
def filled_database(server: Server, count: int) -> Iterator[str]:
    """Make a practice with so many entries in a new database, and drop it at the end."""
    database = f"apisetup_bench_{uuid4().hex[:12]}"
    try:
        fill_server(server, database, count)
        yield database
    finally:
        server.execute(f"DROP DATABASE IF EXISTS `{database}`")


def fill_server(server: Server, database: str, count: int) -> None:
    """Make a practice on MyISAM with so many entries; the server itself makes the rows, by plain SQL."""
    make_server_practice(server, database, NEW, "MyISAM")
    with server.connection(database) as connection, connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE thousand (d INT) ENGINE=MEMORY")
        cursor.execute("INSERT INTO thousand SELECT seq FROM seq_0_to_999")
        cursor.execute("CREATE TEMPORARY TABLE block (n INT) ENGINE=MEMORY")
        cursor.execute("INSERT INTO block SELECT seq FROM seq_0_to_99")
        for table in ("securitylog", "securityloghash"):
            cursor.execute(f"ALTER TABLE {table} DISABLE KEYS")
        step = (END - START).total_seconds() / count
        for begin in range(0, count, BLOCK):
            cursor.execute(_SERVER_ROWS.format(begin=begin, step=step, first=FIRST, size=min(BLOCK, count - begin)))
        cursor.execute(_SERVER_API)
        cursor.execute(_SERVER_HASHES.format(first=FIRST))
        for table in ("securitylog", "securityloghash"):
            cursor.execute(f"ALTER TABLE {table} ENABLE KEYS")
        for statement in _alterations(count):
            cursor.execute(statement)


def fill_file(path: Path, count: int) -> None:
    """Make an SQLite practice with so many entries."""
    make_file_template(path)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA synchronous=OFF")
        connection.execute("PRAGMA journal_mode=OFF")
        indexes = _indexes(connection)
        for name, _ in indexes:
            connection.execute(f"DROP INDEX {name}")
        with connection:
            connection.executemany(f"INSERT INTO securitylog ({_LOG}) VALUES (?,?,?,?,?,?,?,0,?,0,0,?)", _rows(count))
            connection.executemany(
                "INSERT INTO securityloghash (SecurityLogNum, LogHash) VALUES (?,?)",
                ((row[0], _hash(row)) for row in _rows(count)),
            )
        for _, statement in indexes:
            connection.execute(statement)
        with connection:
            for statement in _alterations(count):
                connection.execute(statement)
        connection.execute("PRAGMA journal_mode=DELETE")


def _indexes(connection: sqlite3.Connection) -> list[tuple[str, str]]:
    query = "SELECT name, sql FROM sqlite_master WHERE type='index' AND tbl_name LIKE 'securitylog%' AND sql NOT NULL"
    return list(connection.execute(query))


_LOG = (
    "SecurityLogNum, PermType, UserNum, LogDateTime, LogText, PatNum, CompName, FKey, LogSource, DefNum, DefNumError,"
    " DateTPrevious"
)


def _rows(count: int) -> Iterator[tuple[Any, ...]]:
    step = (END - START).total_seconds() / count
    for n in range(count):
        moment = START + timedelta(seconds=int(n * step))
        user = RARE_USER if n % RARE_EVERY == 77 else _USERS[n * 13 // 7 % 5]
        text = _TEXTS[n * 7 // 3 % 8]
        if n % 10 == 0 and moment >= _API_SINCE:
            user, text = 0, f"Updated by {DEVELOPERS[n // 10 % len(DEVELOPERS)]} through API. "
        yield (
            FIRST + n,
            _PERMISSIONS[n * 7 // 3 % 8],
            user,
            moment.isoformat(" "),
            text,
            n % 5_000,
            f"FRONTDESK-{n % 9}",
            23 if n % 10 == 0 else 0,
            "0001-01-01 00:00:00",
        )


def _hash(row: tuple[Any, ...]) -> str:
    joined = f"{row[1]}{row[2]}{row[3]}{row[4]}{row[5]}"
    return base64.b64encode(hashlib.sha256(joined.encode("utf-16-le")).digest()).decode()


def _quoted(values: tuple[str | int, ...]) -> str:
    return ",".join(f"'{value}'" if isinstance(value, str) else str(value) for value in values)


_SERVER_ROWS = f"""
INSERT INTO securitylog ({_LOG})
SELECT {{first}} + i, ELT(1 + i * 7 DIV 3 % 8, {_quoted(_PERMISSIONS)}),
    IF(i % {RARE_EVERY} = 77, {RARE_USER}, ELT(1 + i * 13 DIV 7 % 5, {_quoted(_USERS)})),
    '{START}' + INTERVAL FLOOR(i * {{step}}) SECOND, ELT(1 + i * 7 DIV 3 % 8, {_quoted(_TEXTS)}),
    i % 5000, CONCAT('FRONTDESK-', i % 9), 0, IF(i % 10 = 0, 23, 0), 0, 0, '0001-01-01 00:00:00'
FROM (SELECT {{begin}} + n * 1000 + d AS i FROM block, thousand WHERE n * 1000 + d < {{size}}) AS counted
"""
_SERVER_API = f"""
UPDATE securitylog SET UserNum = 0,
    LogText = CONCAT('Updated by Developer ', (SecurityLogNum - {FIRST}) DIV 10 % {len(DEVELOPERS)}, ' through API. ')
WHERE LogDateTime >= '{_API_SINCE}' AND SecurityLogNum >= {FIRST} AND (SecurityLogNum - {FIRST}) % 10 = 0
"""
_SERVER_HASHES = """
INSERT INTO securityloghash (SecurityLogNum, LogHash)
SELECT SecurityLogNum, TO_BASE64(UNHEX(SHA2(CONVERT(CONCAT(PermType, UserNum,
    DATE_FORMAT(LogDateTime, '%Y-%m-%d %H:%i:%s'), LogText, PatNum) USING utf16le), 256)))
FROM securitylog WHERE SecurityLogNum >= {first}
"""


def _alterations(count: int) -> Iterator[str]:
    """Change the words of some entries after they were written, and take the hashes of others."""
    for n in range(ALTERED):
        number = FIRST + count * n // ALTERED + 3
        yield f"UPDATE securitylog SET LogText='Payment of $20.00 entered.' WHERE SecurityLogNum={number}"
    for n in range(WITHOUT_HASH):
        number = FIRST + count * n // WITHOUT_HASH + 7
        yield f"DELETE FROM securityloghash WHERE SecurityLogNum={number}"


if __name__ == "__main__":
    fill_server(server_from_environment(), sys.argv[1], int(sys.argv[2]))
