"""The names of a database's tables, on any of the engines that the program uses."""

from __future__ import annotations

from sqlalchemy import Connection, text

_ON_SERVER = "SELECT table_name FROM information_schema.tables WHERE table_schema = "
_QUERIES = {
    # SQLAlchemy's inspector would take several times as long for the same.
    "sqlite": r"SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\_%' ESCAPE '\'",
    "postgresql": f"{_ON_SERVER}current_schema()",
    "mysql": f"{_ON_SERVER}DATABASE()",
}


def table_names(connection: Connection) -> frozenset[str]:
    """Return the names of the tables in a connection's database, or in its schema on PostgreSQL."""
    return frozenset(connection.scalars(text(_QUERIES[connection.dialect.name])))
