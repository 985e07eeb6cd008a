"""Reading tables that a database may lack or hide, each by itself: what can't be read is a reason, not an error."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, Select, Table

from core.base.errors import DamagedFile, StatementStopped, StorageFailed
from core.diagnosis.facts import NotRead
from core.practice.inspection import DatabaseProfile
from core.practice.optional_reading import OptionalReader

Rows = Sequence[Row[*tuple[Any, ...]]]


class TableReader:
    """Reads optional tables on one connection.

    Args:
        connection: A session that reads.
        profile: The practice's tables and columns.
    """

    def __init__(self, connection: Connection, profile: DatabaseProfile) -> None:
        self._connection = connection
        self._profile = profile

    def rows(self, statement: Select[*tuple[Any, ...]], table: Table) -> Rows | NotRead:
        """Return the rows of a statement, or why it can't be read.

        Raises:
            PracticeUnavailable: The database itself can't be used.
        """
        reader = OptionalReader(self._profile)
        try:
            found = reader.read(self._connection, table, lambda connection: connection.execute(statement).all())
        except DamagedFile:
            raise
        except StatementStopped:
            return NotRead(f"reading {table.name} took too long")
        except StorageFailed as error:
            return NotRead(f"the table {table.name} can't be read. {error.sentence}")
        return NotRead(reader.unknown[-1].removeprefix("unknown: ")) if found is None else found

    def required_rows(self, statement: Select[*tuple[Any, ...]]) -> Rows:
        """Return the rows of a statement on a table that every practice has."""
        return self._connection.execute(statement).all()
