"""Slices of the Audit Trail that one query can read without blocking other programs.

Entries are ordered by their time and, within one second, by their number. Open Dental has a separate index on each.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from enum import Enum

from sqlalchemy import ColumnElement, Connection, func, or_, select

from core.audit.entry_mapper import STORED_MOMENT
from core.audit.filter import AuditFilter
from core.opendental.schema import SECURITY_LOG


class Direction(Enum):
    """The direction in which entries are read."""

    OLDER = "older"
    NEWER = "newer"


@dataclass(frozen=True)
class PageCursor:
    """A position between two entries, from which reading continues in either direction.

    The entry with this time and number has already been read, whichever the direction. Without a number, all entries
    of this time have been read.
    """

    moment: str
    """A time as stored in the database, such as `0000-00-00 00:00:00`."""
    number: int | None = None


@dataclass(frozen=True)
class Slice:
    """A part of the Audit Trail with a limited number of rows."""

    conditions: tuple[ColumnElement[bool], ...]
    next_cursor: PageCursor | None
    """The start of the next slice; None after the last one."""


def after_day(day: date) -> PageCursor | None:
    """Return the cursor after a day's last entry; None for the last day of the calendar."""
    if day == date.max:
        return None
    return PageCursor(f"{day + timedelta(days=1)} 00:00:00", _BEFORE_ALL_NUMBERS[Direction.NEWER])


def next_slice(
    connection: Connection, audit_filter: AuditFilter, direction: Direction, start: PageCursor | None, size: int
) -> Slice:
    """Find the next slice of at most `size` rows within the filter's dates.

    The end of the slice is found with the index on the time alone. If one second has more rows than that, such as after
    a conversion that left no dates, its rows are divided by number with the primary key, so that no query reads all of
    them.

    Args:
        audit_filter: The dates; its other conditions are ignored.
        start: The end of the previous slice; None for the first one.
    """
    dated = select(STORED_MOMENT.label("moment")).where(*time_conditions(audit_filter, direction, start))
    rows = dated.order_by(time_order(direction)).limit(size).subquery()
    least, most = func.min(rows.c.moment), func.max(rows.c.moment)
    near, far = (most, least) if direction is Direction.OLDER else (least, most)
    first, last, count = connection.execute(select(near, far, func.count()).select_from(rows)).one()
    if count < size:
        return Slice(tuple(conditions_after(audit_filter, direction, start)), None)
    if first == last:
        return _slice_of_second(connection, str(last), direction, start, size)
    conditions = [
        *time_conditions(audit_filter, direction, start, str(last)),
        *_number_condition(direction, start),
    ]
    return Slice(tuple(conditions), PageCursor(str(last), _BEFORE_ALL_NUMBERS[direction]))


def conditions_after(
    audit_filter: AuditFilter, direction: Direction, start: PageCursor | None
) -> list[ColumnElement[bool]]:
    """Return the conditions for all entries after a cursor in a direction, within the filter's dates."""
    return [*time_conditions(audit_filter, direction, start), *_number_condition(direction, start)]


def time_conditions(
    audit_filter: AuditFilter,
    direction: Direction = Direction.OLDER,
    start: PageCursor | None = None,
    end: str | None = None,
) -> list[ColumnElement[bool]]:
    """Return the conditions on the time for entries between a cursor and an end, within the filter's dates.

    There is at most one lower and one upper bound: of two bounds on the same side, SQLite would use its index for only
    one, and not for the best one.

    Args:
        end: The time, as stored, before which the entries lie in this direction; it is excluded.
    """
    older = direction is Direction.OLDER
    lows, highs = [], []
    if audit_filter.since is not None:
        lows.append((f"{audit_filter.since} 00:00:00", True))
    after = after_day(audit_filter.until) if audit_filter.until is not None else None
    if after is not None:
        highs.append((after.moment, False))
    if start is not None:
        opposite = Direction.NEWER if older else Direction.OLDER
        included = start.number not in (None, _BEFORE_ALL_NUMBERS[opposite])
        (highs if older else lows).append((start.moment, included))
    if end is not None:
        (lows if older else highs).append((end, False))
    conditions: list[ColumnElement[bool]] = []
    if lows:
        low, included = max(lows, key=lambda bound: (bound[0], not bound[1]))
        conditions.append(STORED_MOMENT >= low if included else STORED_MOMENT > low)
    if highs:
        high, included = min(highs)
        conditions.append(STORED_MOMENT <= high if included else STORED_MOMENT < high)
    return conditions


def time_order(direction: Direction) -> ColumnElement[str]:
    """Return the ORDER BY expression for a direction."""
    return STORED_MOMENT.desc() if direction is Direction.OLDER else STORED_MOMENT.asc()


# No entry has such a number, since it's outside of the column's range, so it's never compared with one in SQL. In its
# direction it comes before all entries of a second, in the other one after them.
_BEFORE_ALL_NUMBERS = {Direction.OLDER: 2**63, Direction.NEWER: -(2**63) - 1}


def _number_condition(direction: Direction, start: PageCursor | None) -> list[ColumnElement[bool]]:
    """Return the condition that excludes the entries of the cursor's own second that have already been read."""
    if start is None or start.number in (None, *_BEFORE_ALL_NUMBERS.values()):
        return []
    number = SECURITY_LOG.c.security_log_num
    unread = number < start.number if direction is Direction.OLDER else number > start.number
    return [or_(STORED_MOMENT != start.moment, unread)]


def _slice_of_second(
    connection: Connection, moment: str, direction: Direction, start: PageCursor | None, size: int
) -> Slice:
    older, number = direction is Direction.OLDER, SECURITY_LOG.c.security_log_num
    last_read = start.number if start is not None and start.moment == moment else None
    unread: list[ColumnElement[bool]] = []
    if last_read is not None and last_read != _BEFORE_ALL_NUMBERS[direction]:
        unread.append(number < last_read if older else number > last_read)
    limited = select(number.label("number")).where(*unread).order_by(number.desc() if older else number.asc())
    rows = limited.limit(size).subquery()
    farthest = func.min(rows.c.number) if older else func.max(rows.c.number)
    end, count = connection.execute(select(farthest, func.count()).select_from(rows)).one()
    if count < size:
        return Slice((STORED_MOMENT == moment, *unread), PageCursor(moment))
    end_condition = number >= end if older else number <= end
    return Slice((STORED_MOMENT == moment, *unread, end_condition), PageCursor(moment, end))
