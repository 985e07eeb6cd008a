"""The names of a database's tables, in any of the engines that a companion may be on."""

from __future__ import annotations

from sqlalchemy import Connection, inspect, text

_SCHEMA = {"postgresql": "current_schema()", "mysql": "DATABASE()"}


def table_names(connection: Connection) -> frozenset[str]:
    """Return the names of the tables in a connection's database, or in its schema on PostgreSQL."""
    schema = _SCHEMA.get(connection.dialect.name)
    if schema is None:
        return frozenset(inspect(connection).get_table_names())
    query = f"SELECT table_name FROM information_schema.tables WHERE table_schema = {schema}"  # noqa: S608
    return frozenset(connection.scalars(text(query)))
