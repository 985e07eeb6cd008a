"""How a verification comes from range to range: all entries, those of some days, or all hashes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from core.audit.entry_mapper import STORED_MOMENT
from core.audit.filter import AuditFilter
from core.audit.paging import Direction, PageCursor, next_slice, within_times
from core.opendental.column_types import server_time
from core.opendental.schema import SecurityLog


@dataclass(frozen=True)
class Part:
    """One range of rows."""

    conditions: Sequence[ColumnElement[bool]]
    count: int
    fraction: float
    """How much is done when this one is, from 0 to 1."""
    end: Any
    """Where it ends, in the way of those who made it."""
    last: bool


class Ranges(ABC):
    """One range after the other."""

    @abstractmethod
    def next(self, session: Session, size: int) -> Part:
        """The next range of about so many rows; it is the same again until it is passed over."""

    @abstractmethod
    def advance(self, part: Part) -> None:
        """Go on after this range."""


class ByNumber(Ranges):
    """All rows there are when it begins, in the order of a column of numbers that has an index.

    Args:
        number: The column; several rows may have the same number.
    """

    def __init__(self, number: InstrumentedAttribute[int]) -> None:
        self._number = number
        self._after: int | None = None
        self._bounds: tuple[int, int] | None = None

    def next(self, session: Session, size: int) -> Part:
        number = self._number
        if self._bounds is None:
            first, last = session.execute(select(func.min(number), func.max(number))).one()
            self._bounds = (first or 0, last or 0)
        first, last = self._bounds
        beyond = [] if self._after is None else [number > self._after]
        some = select(number.label("number")).where(number <= last, *beyond).order_by(number).limit(size).subquery()
        end, count = session.execute(select(func.max(some.c.number), func.count()).select_from(some)).one()
        is_last = count < size
        fraction = 1.0 if is_last else (end - first + 1) / (last - first + 1)
        return Part([*beyond, number <= (last if is_last else end)], count, fraction, end, is_last)

    def advance(self, part: Part) -> None:
        self._after = part.end


class ByDate(Ranges):
    """The entries of some days, the newest first."""

    def __init__(self, wanted: AuditFilter) -> None:
        self._wanted = AuditFilter(since=wanted.since, until=wanted.until)
        self._place: PageCursor | None = None
        self._bounds: tuple[datetime, datetime] | None = None

    def next(self, session: Session, size: int) -> Part:
        if self._bounds is None:
            self._bounds = self._dated_bounds(session)
        part = next_slice(session, self._wanted, Direction.OLDER, self._place, size)
        counted = select(func.count()).select_from(SecurityLog).where(*part.conditions)
        count = session.scalars(counted).one()
        return Part(
            part.conditions, count, self._fraction(part.next_cursor), part.next_cursor, part.next_cursor is None
        )

    def advance(self, part: Part) -> None:
        self._place = part.end

    def _dated_bounds(self, session: Session) -> tuple[datetime, datetime]:
        """The times of the newest and the oldest entry that have one, by the index of the time."""
        dated = within_times(replace(self._wanted, since=self._wanted.since or date(1880, 1, 1)))
        newest, oldest = session.execute(select(func.max(STORED_MOMENT), func.min(STORED_MOMENT)).where(*dated)).one()
        return server_time(newest), server_time(oldest)

    def _fraction(self, next_cursor: PageCursor | None) -> float:
        if next_cursor is None or self._bounds is None:
            return 1.0
        newest, oldest = self._bounds
        whole = (newest - oldest).total_seconds()
        done = (newest - max(server_time(next_cursor.moment), oldest)).total_seconds()
        return done / whole if whole else 0.0
