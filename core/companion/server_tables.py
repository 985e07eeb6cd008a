"""The tables of a companion on a server: MySQL or MariaDB, or PostgreSQL.

A companion on a server began with the tables of version 8, so it has no earlier migrations. Later ones come after these
statements, and are repeatable as well: MySQL commits after each statement that creates a table, so a program may be
killed between any two.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select, text
from sqlalchemy.exc import SQLAlchemyError

from core.base.errors import CompanionUnavailable, NotAPractice
from core.companion.key_vault import KeyVault
from core.companion.migrations import LATEST, applied_migrations, record_all, refuse_newer
from core.companion.tables.questions import QUESTION

_LOCK_SECONDS = 15
"""Shorter than the timeout of a read, which would close the connection."""

# {number}: 64 bits; {counter}: the same, numbered by the server; {moment}: to the microsecond; {long}: up to 16 MB.
# {name} and {text} compare byte by byte, as SQLite does: capitals and spaces at the end count.
_TABLES = (
    """
    CREATE TABLE IF NOT EXISTS apisetup_migration (
        number {number} NOT NULL PRIMARY KEY,
        name VARCHAR(80) NOT NULL,
        applied_at {moment} NOT NULL
    )
    """,
    """
    CREATE TABLE IF NOT EXISTS apisetup_license_text (
        sha256 VARCHAR(64) NOT NULL PRIMARY KEY,
        text {long} NOT NULL
    )
    """,
    """
    CREATE TABLE IF NOT EXISTS apisetup_license_acceptance (
        number {counter} NOT NULL PRIMARY KEY,
        title {long} NOT NULL,
        sha256 VARCHAR(64) NOT NULL,
        accepted_by VARCHAR(255) NOT NULL,
        accepted_at {moment} NOT NULL,
        FOREIGN KEY (sha256) REFERENCES apisetup_license_text (sha256)
    )
    """,
    """
    CREATE TABLE IF NOT EXISTS apisetup_encryption (
        number {number} NOT NULL PRIMARY KEY,
        key_id VARCHAR(16) NOT NULL,
        since {moment} NOT NULL
    )
    """,
    """
    CREATE TABLE IF NOT EXISTS apisetup_key (
        fingerprint VARCHAR(64) NOT NULL PRIMARY KEY,
        masked VARCHAR(16) NOT NULL,
        key_id VARCHAR(16) NOT NULL,
        sealed {long} NOT NULL,
        developer VARCHAR(255) NOT NULL,
        email {long} NOT NULL,
        phone {long} NOT NULL,
        permissions JSON NOT NULL,
        status {number} NOT NULL,
        date_disabled {moment},
        agreement_since DATE,
        added {moment} NOT NULL,
        license_number {number},
        FOREIGN KEY (license_number) REFERENCES apisetup_license_acceptance (number)
    )
    """,
    """
    CREATE TABLE IF NOT EXISTS apisetup_headquarters_answer (
        number {number} NOT NULL PRIMARY KEY,
        asked_at {moment} NOT NULL,
        question {number} NOT NULL,
        listed_keys JSON NOT NULL
    )
    """,
    """
    CREATE TABLE IF NOT EXISTS apisetup_question (
        number {number} NOT NULL PRIMARY KEY
    )
    """,
    """
    CREATE TABLE IF NOT EXISTS apisetup_headquarters_key (
        fingerprint VARCHAR(64) NOT NULL PRIMARY KEY,
        added {moment},
        agreement_since DATE,
        license_number {number},
        FOREIGN KEY (license_number) REFERENCES apisetup_license_acceptance (number)
    )
    """,
    """
    CREATE TABLE IF NOT EXISTS apisetup_journal (
        number {counter} NOT NULL PRIMARY KEY,
        writer VARCHAR(16) NOT NULL,
        intent JSON NOT NULL,
        renewed_at {number}
    )
    """,
    """
    CREATE TABLE IF NOT EXISTS apisetup_sign_in_failure (
        user_num {number} NOT NULL PRIMARY KEY,
        failures {number} NOT NULL,
        last_failure {moment} NOT NULL
    )
    """,
    """
    CREATE TABLE IF NOT EXISTS apisetup_use_day (
        name VARCHAR(255) NOT NULL,
        day DATE NOT NULL,
        permission {number} NOT NULL,
        computer VARCHAR(255) NOT NULL,
        entries {number} NOT NULL,
        first_at {moment} NOT NULL,
        last_at {moment} NOT NULL,
        PRIMARY KEY (name, day, permission, computer)
    )
    """,
    """
    CREATE TABLE IF NOT EXISTS apisetup_use_range (
        name VARCHAR(255) NOT NULL PRIMARY KEY,
        since {moment} NOT NULL,
        until {moment} NOT NULL,
        complete {number} NOT NULL
    )
    """,
    """
    CREATE TABLE IF NOT EXISTS apisetup_former_name (
        developer VARCHAR(255) NOT NULL,
        former_name VARCHAR(255) NOT NULL,
        PRIMARY KEY (developer, former_name)
    )
    """,
    """
    CREATE TABLE IF NOT EXISTS apisetup_fleet_answer (
        office VARCHAR(60) NOT NULL PRIMARY KEY,
        answered_at {moment} NOT NULL,
        answer JSON NOT NULL
    )
    """,
    """
    CREATE TABLE IF NOT EXISTS apisetup_joined_name (
        name VARCHAR(255) NOT NULL PRIMARY KEY,
        joined_with VARCHAR(255) NOT NULL
    )
    """,
    """
    CREATE TABLE IF NOT EXISTS apisetup_fleet_run (
        receipt VARCHAR(20) NOT NULL PRIMARY KEY,
        started_at {moment} NOT NULL,
        plan JSON NOT NULL,
        written JSON NOT NULL,
        finished {number} NOT NULL
    )
    """,
    """
    CREATE TABLE IF NOT EXISTS apisetup_fleet_result (
        receipt VARCHAR(20) NOT NULL,
        office VARCHAR(60) NOT NULL,
        result JSON NOT NULL,
        PRIMARY KEY (receipt, office)
    )
    """,
    """
    CREATE TABLE IF NOT EXISTS apisetup_fleet_writer (
        receipt VARCHAR(20) NOT NULL PRIMARY KEY,
        writer VARCHAR(16) NOT NULL,
        renewed_at {number} NOT NULL
    )
    """,
    """
    CREATE TABLE IF NOT EXISTS apisetup_last_verification (
        number {number} NOT NULL PRIMARY KEY,
        verified_at {moment} NOT NULL,
        verdict {long} NOT NULL
    )
    """,
    """
    CREATE TABLE IF NOT EXISTS apisetup_seal (
        practice VARCHAR(64) NOT NULL,
        number {number} NOT NULL,
        seal {long} NOT NULL,
        PRIMARY KEY (practice, number)
    )
    """,
    """
    CREATE TABLE IF NOT EXISTS apisetup_sealed_entries (
        practice VARCHAR(64) NOT NULL,
        number {number} NOT NULL,
        part {number} NOT NULL,
        first_entry {number} NOT NULL,
        last_entry {number} NOT NULL,
        entries {number} NOT NULL,
        content {long} NOT NULL,
        PRIMARY KEY (practice, number, part)
    )
    """,
    """
    CREATE TABLE IF NOT EXISTS apisetup_key_note (
        fingerprint VARCHAR(64) NOT NULL PRIMARY KEY,
        owner VARCHAR(255) NOT NULL,
        purpose VARCHAR(255) NOT NULL,
        agreement_reference VARCHAR(255) NOT NULL,
        review_date DATE
    )
    """,
    """
    CREATE TABLE IF NOT EXISTS apisetup_review (
        number {number} NOT NULL PRIMARY KEY,
        name VARCHAR(60) NOT NULL,
        since DATE NOT NULL,
        until DATE NOT NULL,
        started_at {moment} NOT NULL,
        started_by VARCHAR(255) NOT NULL,
        known JSON NOT NULL,
        ended_at {moment},
        ended_by VARCHAR(255) NOT NULL,
        left_open JSON NOT NULL
    )
    """,
    """
    CREATE TABLE IF NOT EXISTS apisetup_review_item (
        review {number} NOT NULL,
        fingerprint VARCHAR(64) NOT NULL,
        snapshot JSON NOT NULL,
        decision JSON NOT NULL,
        revision {number} NOT NULL,
        PRIMARY KEY (review, fingerprint)
    )
    """,
)

_POSTGRESQL_TYPES = {
    "number": "BIGINT",
    "counter": "BIGINT GENERATED BY DEFAULT AS IDENTITY",
    "moment": "TIMESTAMP(6)",
    "long": "TEXT",
}
_MYSQL_TYPES = {
    "number": "BIGINT",
    "counter": "BIGINT AUTO_INCREMENT",
    "moment": "DATETIME(6)",
    "long": "MEDIUMTEXT",
}
_EXACT_COLLATIONS = {True: "utf8mb4_nopad_bin", False: "utf8mb4_0900_bin"}
"""The collations that compare byte by byte, of MariaDB and of MySQL."""
_OLDEST = {"mariadb": (10, 3), "mysql": (8, 0, 17), "postgresql": (12,)}
_NAMES = {"mariadb": "MariaDB", "mysql": "MySQL", "postgresql": "PostgreSQL"}


def create_tables(connection: Connection, clock: Callable[[], datetime], vault: KeyVault) -> None:
    """Create the tables that a server's database lacks, while no other program does.

    Args:
        connection: To the database.
        clock: Returns the time to record.
        vault: Establishes the encryption key.

    Raises:
        NotAPractice: A newer version of this program has changed the database, or the server is too old.
        CompanionUnavailable: Another program has been creating the tables for too long.
        EncryptionKeyUnavailable: The file of the encryption key can't be created or read.
    """
    kind, version = _server_kind(connection)
    if version < _OLDEST[kind]:
        raise NotAPractice(
            f"The companion's server has {_NAMES[kind]} {'.'.join(map(str, version))}, which is too old.",
            "A shared companion needs MySQL 8.0.17, MariaDB 10.3 or PostgreSQL 12, or later.",
        )
    with _exclusive_lock(connection):
        applied = applied_migrations(connection)
        refuse_newer(applied)
        if applied and max(applied) == LATEST:
            return
        types = _POSTGRESQL_TYPES if kind == "postgresql" else _MYSQL_TYPES
        options = "" if kind == "postgresql" else f" ENGINE=InnoDB COLLATE {_EXACT_COLLATIONS[kind == 'mariadb']}"
        for statement in _TABLES:
            connection.exec_driver_sql(statement.format(**types).rstrip() + options)
        if connection.scalar(select(QUESTION.c.number)) is None:
            connection.execute(insert(QUESTION).values(number=0))
        vault.establish(connection, clock(), shared=True)
        record_all(connection, clock)


def _server_kind(connection: Connection) -> tuple[str, tuple[int, ...]]:
    dialect: Any = connection.dialect
    name = "mariadb" if getattr(dialect, "is_mariadb", False) else dialect.name
    version = [each for each in dialect.server_version_info if isinstance(each, int)]
    return name, tuple(version[:3])


@contextmanager
def _exclusive_lock(connection: Connection) -> Iterator[None]:
    """Hold a lock that only one program can hold, for the block or until the transaction ends."""
    if connection.dialect.name == "postgresql":
        # Released at the end of the transaction, which covers the tables as well.
        connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": _lock_number("apisetup")})
        yield
        return
    name = f"apisetup {_lock_number(str(connection.engine.url.database)):x}"
    if not connection.scalar(text("SELECT GET_LOCK(:name, :seconds)"), {"name": name, "seconds": _LOCK_SECONDS}):
        raise CompanionUnavailable(
            "Another program has been creating the companion's tables for too long.", "Try again in a moment."
        )
    try:
        yield
        connection.commit()
    finally:
        # On a lost connection, the server has released it.
        with suppress(SQLAlchemyError):
            connection.execute(text("SELECT RELEASE_LOCK(:name)"), {"name": name})


def _lock_number(name: str) -> int:
    """Return a number of 63 bits for a name."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8]) >> 1
