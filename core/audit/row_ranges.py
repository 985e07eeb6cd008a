"""Scans of the Audit Trail's tables in consecutive ranges of rows, for a verification."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, false, func, select

from core.audit.entry_mapper import STORED_MOMENT
from core.audit.filter import AuditFilter
from core.audit.paging import Direction, PageCursor, after_day, next_slice, time_conditions
from core.opendental.column_types import server_time
from core.opendental.schema import SECURITY_LOG


@dataclass(frozen=True)
class RowRange:
    """One range of rows."""

    conditions: Sequence[ColumnElement[bool]]
    count: int | None
    """The number of rows; None if nobody has counted them."""
    fraction: float
    """The part of the scan that is done after this range, from 0 to 1."""
    end: Any
    """The position from which the scan continues; only the scan itself interprets it."""
    is_last: bool
    span: tuple[int, int] | None = None
    """All numbers that the range has: those after the first one, up to the second one; None if that isn't known."""


Limits = tuple[int | None, int | None]
"""The numbers before and after a part of a table; None where the part has no limit."""


class RangeScan(ABC):
    """A scan of a table, one range after the other."""

    @abstractmethod
    def next_range(self, connection: Connection, size: int) -> RowRange:
        """Return the next range of about `size` rows.

        The scan moves only when `advance` is called, so a range can be read again after an error.
        """

    @abstractmethod
    def advance(self, finished: RowRange) -> None:
        """Move the scan to the end of a range, with its count if it's known by now."""

    @abstractmethod
    def in_order(self, moments: Mapping[int, str]) -> list[int]:
        """Return the numbers of entries in the order of the scan, from their numbers and their times as stored."""


class NumberScan(RangeScan):
    """A scan of all rows that exist when it starts, in the order of an indexed column of numbers.

    Where numbers follow each other, the end of a range is computed instead of read, until there are gaps.

    Args:
        number: The column; several rows may have the same number.
        limits: Returns the numbers between which the scanned rows lie, both excluded; None for no limit.
    """

    def __init__(self, number: Column[int], limits: Callable[[Connection], Limits] | None = None) -> None:
        self._number = number
        self._limits = limits
        self._after: int | None = None
        self._bounds: tuple[int, int] | None = None
        self._dense = False

    def next_range(self, connection: Connection, size: int) -> RowRange:
        number = self._number
        if self._bounds is None:
            low, high = self._limits(connection) if self._limits else (None, None)
            conditions = [] if low is None else [number > low]
            conditions += [] if high is None else [number < high]
            ends: Sequence[int | None] = connection.execute(
                select(func.min(number), func.max(number)).where(*conditions)
            ).one()
            first, last = ends
            if first is None or last is None:
                # Not a number that no row has: one that doesn't exist yet may have it.
                return RowRange([false()], 0, 1.0, low, is_last=True)
            self._after, self._bounds = low, (first, last)
        first, last = self._bounds
        if self._dense and self._after is not None:
            end = min(self._after + size, last)
            fraction = (end - first + 1) / (last - first + 1)
            conditions = [number > self._after, number <= end]
            return RowRange(conditions, None, fraction, end, is_last=end == last, span=(self._after, end))
        after = [] if self._after is None else [number > self._after]
        limited = select(number.label("number")).where(number <= last, *after).order_by(number).limit(size)
        rows = limited.subquery()
        end, count = connection.execute(select(func.max(rows.c.number), func.count()).select_from(rows)).one()
        is_last = count < size
        fraction = 1.0 if is_last else (end - first + 1) / (last - first + 1)
        up_to = last if is_last else end
        span = None if self._after is None else (self._after, up_to)
        return RowRange([*after, number <= up_to], count, fraction, end, is_last, span)

    def advance(self, finished: RowRange) -> None:
        known = self._after is not None and bool(finished.count)
        self._dense = known and finished.count == finished.end - self._after
        self._after = finished.end

    def in_order(self, moments: Mapping[int, str]) -> list[int]:
        return sorted(moments)


class DateScan(RangeScan):
    """A scan of the entries of some days, newest first.

    Args:
        audit_filter: The days; its other conditions are ignored.
    """

    def __init__(self, audit_filter: AuditFilter) -> None:
        self._dates = AuditFilter(since=audit_filter.since, until=audit_filter.until)
        self._cursor: PageCursor | None = None
        self._bounds: tuple[datetime, datetime] | None = None

    def next_range(self, connection: Connection, size: int) -> RowRange:
        if self._bounds is None:
            self._bounds = self._read_bounds(connection)
        rows = next_slice(connection, self._dates, Direction.OLDER, self._cursor, size)
        count = connection.scalars(select(func.count()).select_from(SECURITY_LOG).where(*rows.conditions)).one()
        cursor = rows.next_cursor
        return RowRange(rows.conditions, count, self._fraction(cursor), cursor, is_last=cursor is None)

    def advance(self, finished: RowRange) -> None:
        self._cursor = finished.end

    def in_order(self, moments: Mapping[int, str]) -> list[int]:
        return sorted(moments, key=lambda number: (moments[number], number), reverse=True)

    def _read_bounds(self, connection: Connection) -> tuple[datetime, datetime]:
        """Return the times of the newest and the oldest entry that have a date, using the index on the time."""
        dated = time_conditions(replace(self._dates, since=self._dates.since or date(1880, 1, 1)))
        newest, oldest = connection.execute(
            select(func.max(STORED_MOMENT), func.min(STORED_MOMENT)).where(*dated)
        ).one()
        return server_time(newest), server_time(oldest)

    def _fraction(self, next_cursor: PageCursor | None) -> float:
        if next_cursor is None or self._bounds is None:
            return 1.0
        newest, oldest = self._bounds
        whole = (newest - oldest).total_seconds()
        done = (newest - max(server_time(next_cursor.moment), oldest)).total_seconds()
        return done / whole if whole else 0.0


def numbers_around(connection: Connection, audit_filter: AuditFilter) -> Limits:
    """Return the number of the last entry before a filter's first day, and of the first entry after its last day.

    Numbers grow with time, unless the practice uses random ones; a clock that was set back mixes them up. If the result
    would leave out everything, there is no limit.
    """
    low = _last_number_before(connection, audit_filter.since) if audit_filter.since else None
    after = after_day(audit_filter.until) if audit_filter.until else None
    high = first_number_from(connection, after.moment) if after else None
    return (None, None) if low is not None and high is not None and low >= high else (low, high)


def first_number_from(connection: Connection, moment: str) -> int | None:
    """Return the number of the first entry at or after a time, as stored; None if there is none."""
    first = connection.scalar(select(func.min(STORED_MOMENT)).where(STORED_MOMENT >= moment))
    return None if first is None else _number_at(connection, first, func.min(SECURITY_LOG.c.security_log_num))


def _last_number_before(connection: Connection, day: date) -> int | None:
    last = connection.scalar(select(func.max(STORED_MOMENT)).where(STORED_MOMENT < f"{day} 00:00:00"))
    return None if last is None else _number_at(connection, last, func.max(SECURITY_LOG.c.security_log_num))


def _number_at(connection: Connection, moment: str, number: ColumnElement[int]) -> int | None:
    return connection.scalar(select(number).where(STORED_MOMENT == moment))
