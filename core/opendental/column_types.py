"""Column types that are Open Dental's on MySQL and the same shape on SQLite."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Date, Integer, SmallInteger, String, Text
from sqlalchemy.dialects import mysql
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator, TypeEngine

from core.opendental.log_hash import NO_DATE

# SQLite numbers new rows by itself only in a column that is INTEGER to the letter.
BIGINT = BigInteger().with_variant(mysql.BIGINT(), "mysql", "mariadb").with_variant(Integer(), "sqlite")
INT_UNSIGNED = Integer().with_variant(mysql.INTEGER(unsigned=True), "mysql", "mariadb")
SMALLINT = SmallInteger().with_variant(mysql.SMALLINT(), "mysql", "mariadb")
SMALLINT_UNSIGNED = SmallInteger().with_variant(mysql.SMALLINT(unsigned=True), "mysql", "mariadb")
TINYINT = SmallInteger().with_variant(mysql.TINYINT(), "mysql", "mariadb")
TINYINT_UNSIGNED = SmallInteger().with_variant(mysql.TINYINT(unsigned=True), "mysql", "mariadb")
TEXT = Text().with_variant(mysql.TEXT(), "mysql", "mariadb")
VARCHAR = String(255)
DATE = Date().with_variant(String(10), "sqlite")


class ServerTime(TypeDecorator[datetime]):
    """A `datetime` column in whole seconds of the server's local time.

    `0001-01-01 00:00:00`, `0000-00-00 00:00:00` (which Python's datetime cannot represent) and NULL all read as
    `NO_DATE`.
    """

    impl = String
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """MySQL's own type there; text of the same spelling on SQLite, so that both hold the same values."""
        if dialect.name == "sqlite":
            return dialect.type_descriptor(String(19))
        return dialect.type_descriptor(mysql.DATETIME())

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:  # noqa: ARG002
        """Whole seconds; years below 1000 keep their leading zeros."""
        return None if value is None else value.replace(microsecond=0).isoformat(" ")

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime:  # noqa: ARG002
        """What the driver gives: a datetime, or text where it could not make one."""
        return server_time(value)


def server_time(value: object) -> datetime:
    """A stored time as a datetime; `NO_DATE` where it is none."""
    if isinstance(value, datetime):
        return value
    try:
        return datetime.fromisoformat(str(value))
    except ValueError:
        return NO_DATE
