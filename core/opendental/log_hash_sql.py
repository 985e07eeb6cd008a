"""SQL that computes audit hashes in the database, so that unaltered entries needn't be transferred.

The result is only a suspicion: `core.opendental.log_hash` decides about each entry that the database reports.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, Connection, Dialect, LargeBinary, cast, literal_column, or_, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.elements import ColumnClause

from core.opendental import sqlite_hashes
from core.opendental.schema import SECURITY_LOG_HASH


def seems_altered(dialect: Dialect) -> ColumnElement[bool]:
    """Return a condition that is true if a `securityloghash` row doesn't match the `securitylog` row joined to it."""
    if dialect.name == "sqlite":
        return SECURITY_LOG_HASH.c.log_hash != literal_column(sqlite_hashes.HASH)
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


HASH_IN_HEX = """
SHA2(CONVERT(CONCAT(
    securitylog.PermType, securitylog.UserNum,
    IF(securitylog.LogDateTime < '1880-01-01', '0001-01-01 00:00:00', securitylog.LogDateTime),
    IFNULL(securitylog.LogText, ''), securitylog.PatNum,
    IF(securitylog.DateTPrevious <= '0001-01-01 00:00:00', '',
       IF(securitylog.DateTPrevious < '1880-01-01', '0001-01-01 00:00:00', securitylog.DateTPrevious))
) USING utf16le), 256)
""".strip()
"""The hash of a `securitylog` row on a server, in lower-case hexadecimal instead of base64."""

_HASH = f"TO_BASE64(UNHEX({HASH_IN_HEX}))"


def fingerprint_sql(number: str = "securitylog.SecurityLogNum", hash_in_hex: str = HASH_IN_HEX) -> str:
    """Return the SQL of the SHA-256 of the numbers of `securitylog` rows with their hashes.

    Args:
        number: The SQL of a row's number.
        hash_in_hex: The SQL of its hash in hexadecimal.
    """
    return f"SHA2(GROUP_CONCAT({number}, ':', TO_BASE64(UNHEX({hash_in_hex}))), 256)"


STORED_FINGERPRINT = "SHA2(GROUP_CONCAT(securityloghash.SecurityLogNum, ':', securityloghash.LogHash), 256)"
"""The same of `securityloghash` rows.

If both are equal, made of as many rows, and no value is NULL, then all rows are the same: neither a number nor a hash
that was computed has a colon or a comma, so there is one of each per row in the other text, too.
"""

_EMPTY_HASH = "TO_BASE64(UNHEX(SHA2(CONVERT('' USING utf16le), 256)))"


def _server_hash() -> ColumnClause[str]:
    return literal_column(_HASH)
