"""Open Dental's column types on MySQL and MariaDB, and their equivalents on SQLite."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Date, Integer, SmallInteger, String, Text
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator, TypeEngine

from core.opendental.log_hash import NO_DATE


class ServerInteger(TypeDecorator[int]):
    """An integer column of a type that only MySQL and MariaDB have. Their dialect is imported when it's in use.

    Args:
        name: The type's name there, such as `TINYINT`.
        unsigned: True for a column without negative numbers.
    """

    impl = SmallInteger
    cache_ok = True

    def __init__(self, name: str, *, unsigned: bool = False) -> None:
        super().__init__()
        self.name_on_server = name
        self.unsigned = unsigned

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Return the type for MySQL and MariaDB; SQLite has only `integer` and `smallint`."""
        if dialect.name == "sqlite":
            return dialect.type_descriptor(Integer() if self.name_on_server == "INTEGER" else SmallInteger())
        from sqlalchemy.dialects import mysql

        return dialect.type_descriptor(getattr(mysql, self.name_on_server)(unsigned=self.unsigned))


# SQLite generates primary keys only for a column whose type is exactly INTEGER.
BIGINT = BigInteger().with_variant(Integer(), "sqlite")
INT = ServerInteger("INTEGER")
INT_UNSIGNED = ServerInteger("INTEGER", unsigned=True)
SMALLINT = SmallInteger()
SMALLINT_UNSIGNED = ServerInteger("SMALLINT", unsigned=True)
TINYINT = ServerInteger("TINYINT")
TINYINT_UNSIGNED = ServerInteger("TINYINT", unsigned=True)
TEXT = Text()
VARCHAR = String(255)
NO_DATE_DEFAULT = "0001-01-01 00:00:00"
"""The default of a time that isn't set."""
DATE = String(10).with_variant(Date(), "mysql", "mariadb")


class ServerTime(TypeDecorator[datetime]):
    """A `datetime` column in whole seconds of the server's local time.

    `0001-01-01 00:00:00`, `0000-00-00 00:00:00` (which Python's datetime can't represent) and NULL are all read as
    `NO_DATE`.
    """

    impl = String
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Return `datetime` for MySQL and MariaDB, and text in the same format for SQLite."""
        if dialect.name == "sqlite":
            return dialect.type_descriptor(String(19))
        from sqlalchemy.dialects import mysql

        return dialect.type_descriptor(mysql.DATETIME())

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:  # noqa: ARG002
        """Format a time as `YYYY-MM-DD HH:MM:SS`, without fractions of a second; years have four digits."""
        return None if value is None else value.replace(microsecond=0).isoformat(" ")

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime:  # noqa: ARG002
        """Convert the driver's value: a datetime, or text if the driver couldn't convert it."""
        return server_time(value)


def server_time(value: object) -> datetime:
    """Return a stored time as a datetime; `NO_DATE` if it isn't a valid time."""
    if isinstance(value, datetime):
        return value
    try:
        return datetime.fromisoformat(str(value))
    except ValueError:
        return NO_DATE
