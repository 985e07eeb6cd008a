"""Entries that Open Dental itself removed from the Audit Trail, according to its own notes."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, Select, select

from core.audit.entry_mapper import EntryMapper, select_rows
from core.base.errors import NotAPractice, NotPermitted
from core.database.driver_errors import translate_errors
from core.model.audit_entry import HashStatus
from core.opendental.permission_types import Permission
from core.opendental.removals import (
    DBM_DELETE,
    DBM_DUPLICATES,
    DBM_LOG,
    DBM_SECURITY_LOG,
    OLD_DATA_PATTERN,
    possible_days,
    removed_up_to,
)
from core.opendental.schema import SECURITY_LOG

_NUMBERS_PER_QUERY = 500


@dataclass(frozen=True)
class OldDataRemoval:
    """One use of *Remove Old Data*, according to its audit entry."""

    number: int
    """The number of the audit entry."""
    moment: datetime | None
    user: str
    written_day: str
    """The day up to which entries were removed, as the workstation wrote it."""
    days: tuple[date, ...]
    """The days that this can mean, the earliest first; empty if it can't be read."""

    def reaches(self, since: date | None) -> bool:
        """Return True if it may have removed entries of a day or later ones."""
        return since is None or not self.days or self.days[-1] >= since


@dataclass(frozen=True)
class DuplicateRemovals:
    """The duplicate entries that *Database Maintenance* removed, according to `dbmlog`."""

    count: int = 0
    first: date | None = None
    last: date | None = None

    def plus(self, moments: Sequence[datetime]) -> DuplicateRemovals:
        """Return the same with more of them."""
        days = [moment.date() for moment in moments]
        if not days:
            return self
        known = [day for day in (self.first, self.last) if day is not None]
        return DuplicateRemovals(self.count + len(days), min(days + known), max(days + known))


def read_old_data_removals(connection: Connection, mapper: EntryMapper) -> tuple[OldDataRemoval, ...]:
    """Read the uses of *Remove Old Data*, newest first. An entry whose hash doesn't match proves nothing."""
    rows = connection.execute(
        select_rows().where(
            SECURITY_LOG.c.perm_type == Permission.BACKUP, SECURITY_LOG.c.log_text.like(OLD_DATA_PATTERN, escape="\\")
        )
    ).all()
    found = []
    for entry in mapper.entries(rows):
        written = removed_up_to(entry.text)
        if written is not None and entry.hash_status is HashStatus.MATCHES:
            removal = OldDataRemoval(entry.number, entry.moment, entry.user, written, possible_days(written))
            found.append((entry.stored_moment, removal))
    return tuple(removal for _, removal in sorted(found, key=lambda each: each[0], reverse=True))


def read_duplicate_removals(
    connection: Connection, numbers: Sequence[int], tables: Collection[str]
) -> dict[int, datetime] | None:
    """Read which of these deleted entries Database Maintenance removed, and when.

    Args:
        connection: A connection that reads.
        numbers: The numbers of the deleted entries.
        tables: The tables of an SQLite file. On a server it is simply tried.

    Returns:
        The time of each removal by the entry's number; None if there is no table `dbmlog`, or it may not be read.
    """
    if connection.dialect.name == "sqlite" and DBM_LOG.name not in tables:
        return None
    found: dict[int, datetime] = {}
    try:
        for start in range(0, len(numbers), _NUMBERS_PER_QUERY):
            batch = numbers[start : start + _NUMBERS_PER_QUERY]
            with translate_errors():
                found |= {row.FKey: row.DateTimeEntry for row in connection.execute(_duplicates_among(batch))}
    except (NotPermitted, NotAPractice):
        return None
    return found


def _duplicates_among(numbers: Sequence[int]) -> Select[int, datetime]:
    columns = DBM_LOG.c
    return select(columns.FKey, columns.DateTimeEntry).where(
        columns.FKey.in_(numbers),
        columns.FKeyType.in_(DBM_SECURITY_LOG),
        columns.ActionType == DBM_DELETE,
        columns.MethodName == DBM_DUPLICATES,
    )
