"""SQL that computes audit hashes in the database, so that unaltered entries needn't be transferred.

The result is only a suspicion: `core.opendental.log_hash` decides about each entry that the database reports.
"""

from __future__ import annotations

import sqlite3

from sqlalchemy import ColumnElement, Connection, Dialect, LargeBinary, cast, func, literal_column, or_, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.elements import ColumnClause

from core.opendental.column_types import server_time
from core.opendental.log_hash import log_hash
from core.opendental.schema import SECURITY_LOG, SECURITY_LOG_HASH

_SQLITE_FUNCTION = "apisetup_log_hash"


def seems_altered(dialect: Dialect) -> ColumnElement[bool]:
    """Return a condition that is true if a `securityloghash` row doesn't match the `securitylog` row joined to it."""
    if dialect.name == "sqlite":
        return SECURITY_LOG_HASH.c.log_hash != _sqlite_hash()
    # Compared as bytes, because collations ignore case and trailing spaces.
    return cast(SECURITY_LOG_HASH.c.log_hash, LargeBinary) != _server_hash()


def seems_suspect(dialect: Dialect) -> ColumnElement[bool]:
    """Return a condition that is true if a `securitylog` row, outer-joined to its hash, has no hash or a wrong one."""
    return or_(SECURITY_LOG_HASH.c.security_log_num.is_(None), seems_altered(dialect))


def can_compute(connection: Connection) -> bool:
    """Return True if the database can compute the hash: SQLite and MariaDB always, MySQL from 5.6 on.

    Raises:
        DBAPIError: The connection was lost.
    """
    dialect = connection.dialect
    if dialect.name == "sqlite":
        return True
    try:
        connection.execute(select(literal_column(_EMPTY_HASH)))
    except DBAPIError as error:
        if error.connection_invalidated:
            raise
        return False
    return True


def register_functions(connection: sqlite3.Connection) -> None:
    """Register the SQL function that computes the hash on an SQLite connection."""
    connection.create_function(_SQLITE_FUNCTION, 6, _hash_stored_values, deterministic=True)


def _sqlite_hash() -> ColumnElement[str]:
    log = SECURITY_LOG.c
    columns = (log.perm_type, log.user_num, log.log_date_time, log.log_text, log.pat_num, log.date_t_previous)
    hashed: ColumnElement[str] = getattr(func, _SQLITE_FUNCTION)(*columns)
    return hashed


def _hash_stored_values(perm_type: int, user: int, moment: str, text: str | None, patient: int, previous: str) -> str:
    return log_hash(perm_type, user, server_time(moment), text or "", patient, server_time(previous))


HASH_IN_HEX = """
SHA2(CONVERT(CONCAT(
    securitylog.PermType, securitylog.UserNum,
    IF(securitylog.LogDateTime < '1880-01-01', '0001-01-01 00:00:00',
       DATE_FORMAT(securitylog.LogDateTime, '%Y-%m-%d %H:%i:%s')),
    IFNULL(securitylog.LogText, ''), securitylog.PatNum,
    IF(securitylog.DateTPrevious <= '0001-01-01 00:00:00', '',
       IF(securitylog.DateTPrevious < '1880-01-01', '0001-01-01 00:00:00',
          DATE_FORMAT(securitylog.DateTPrevious, '%Y-%m-%d %H:%i:%s')))
) USING utf16le), 256)
""".strip()
"""The hash of a `securitylog` row on a server, in lower-case hexadecimal instead of base64."""

_HASH = f"TO_BASE64(UNHEX({HASH_IN_HEX}))"

_EMPTY_HASH = "TO_BASE64(UNHEX(SHA2(CONVERT('' USING utf16le), 256)))"


def _server_hash() -> ColumnClause[str]:
    return literal_column(_HASH)
