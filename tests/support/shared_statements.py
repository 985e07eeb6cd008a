"""Compiled SQL that all engines of one test process share: an engine is opened for each office, and compiles anew."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Engine
from sqlalchemy.dialects.mysql.pymysql import MySQLDialect_pymysql
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.util import LRUCache

_SIZE = 2000
"""The number of statements that are kept, which is more than the program has."""


@contextmanager
def shared_statements() -> Iterator[None]:
    """Let engines whose dialects write the same SQL find each other's statements."""
    statements: LRUCache[Any, Any] = LRUCache(_SIZE)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            Engine, "_compiled_cache", property(lambda _: statements, lambda _engine, _own: None), raising=False
        )
        for dialect in (SQLiteDialect_pysqlite, MySQLDialect_pymysql):
            patch.setattr(dialect, "__hash__", lambda self: hash(_identity(self)))
            patch.setattr(dialect, "__eq__", lambda self, other: _identity(self) == _identity(other))
        yield


def _identity(dialect: Any) -> tuple[object, ...]:
    """Return what the SQL of a statement depends on: the kind of database, its version, and its settings."""
    return (
        type(dialect),
        getattr(dialect, "server_version_info", None),
        getattr(dialect, "is_mariadb", None),
        getattr(dialect, "_server_ansiquotes", None),
        getattr(dialect, "_backslash_escapes", None),
        dialect.paramstyle,
    )
