"""Indexes of the Audit Trail's tables that Open Dental creates, and without which reading it is slow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Column, Connection, Table, text

from core.opendental.schema import SECURITY_LOG, SECURITY_LOG_HASH


@dataclass(frozen=True)
class MissingIndex:
    """An index that a table lacks."""

    table: str
    column: str
    is_primary: bool

    @property
    def statement(self) -> str:
        """The statement that creates it."""
        kind = "PRIMARY KEY" if self.is_primary else "INDEX"
        return f"ALTER TABLE {self.table} ADD {kind} ({self.column});"


def missing_indexes(connection: Connection) -> tuple[MissingIndex, ...]:
    """Return the indexes that the server's tables lack. An index with more columns counts by its first one.

    Args:
        connection: To a practice on a server. An SQLite practice gets its indexes when it is made.
    """
    tables = (SECURITY_LOG, SECURITY_LOG_HASH)
    return tuple(missing for table in tables for missing in _missing(table, _indexed_columns(connection, table)))


def _indexed_columns(connection: Connection, table: Table) -> frozenset[str]:
    rows = connection.execute(text(f"SHOW INDEX FROM {table.name}")).mappings()
    return frozenset(str(row["Column_name"]).lower() for row in rows if int(row["Seq_in_index"]) == 1)


def _missing(table: Table, indexed: frozenset[str]) -> Sequence[MissingIndex]:
    columns: list[Column[object]] = [column for column in table.columns if column.primary_key or column.index]
    return [
        MissingIndex(table.name, column.name, column.primary_key)
        for column in columns
        if column.name.lower() not in indexed
    ]
