"""Reading tables that a practice may lack, or that the database user may not read."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import Connection, Table

from core.base.errors import NotAPractice, NotPermitted
from core.database.driver_errors import translate_errors
from core.opendental.versions import format_version
from core.practice.inspection import DatabaseProfile

T = TypeVar("T")

_SINCE = {"apisubscription": (22, 1, 1)}
"""The versions that brought tables which older practices lack."""


class OptionalReader:
    """Reads optional tables; what can't be read becomes a sentence instead of an error.

    Args:
        profile: The practice's tables and columns.

    Attributes:
        unknown: A sentence for each table that could not be read.
    """

    def __init__(self, profile: DatabaseProfile) -> None:
        self._profile = profile
        self.unknown: list[str] = []

    def read(self, connection: Connection, table: Table, read: Callable[[Connection], T]) -> T | None:
        """Call a function that reads a table; return None if the table can't be read, and say why in `unknown`.

        Raises:
            PracticeUnavailable: The database doesn't answer.
        """
        reason = self._why_not(table)
        if not reason:
            try:
                with translate_errors():
                    return read(connection)
            except NotPermitted:
                reason = f"unknown: no right to read {table.name}"
            except NotAPractice:
                reason = f"unknown: no table {table.name}, or a column of it is missing"
        self.unknown.append(reason)
        return None

    def _why_not(self, table: Table) -> str:
        since = _SINCE.get(table.name, ())
        if not self._profile.is_at_least(*since):
            return f"none: Open Dental has no table {table.name} before {format_version(since)}"
        if table.name not in self._profile.columns:
            # A server doesn't tell apart a table that isn't there and one that the user may not see.
            return f"unknown: no {'right to read' if self._profile.host else 'table'} {table.name}"
        lacking = [each.name for each in table.columns if not self._profile.has_column(table.name, each.name)]
        return f"unknown: no column or no right to read {table.name}.{lacking[0]}" if lacking else ""
