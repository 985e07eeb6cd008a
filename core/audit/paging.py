"""Parts of the Audit Trail that one query can look through without holding others up.

Entries stand in the order of their time and, within a second, of their number. Open Dental indexes both, each alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from enum import Enum

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from core.audit.entry_mapper import STORED_MOMENT
from core.audit.filter import AuditFilter
from core.opendental.schema import SecurityLog


class Direction(Enum):
    """A direction through the trail."""

    OLDER = "older"
    NEWER = "newer"


@dataclass(frozen=True)
class PageCursor:
    """A place between two entries, from which one goes on in one direction or the other.

    The entry of this time and number is behind it, whichever way one goes. Without a number all entries of this time
    are.
    """

    moment: str
    """A time as the database holds it, such as `0000-00-00 00:00:00`."""
    number: int | None = None


@dataclass(frozen=True)
class Slice:
    """A part of the trail of limited size."""

    conditions: tuple[ColumnElement[bool], ...]
    next_cursor: PageCursor | None
    """Where the next one begins; None after the last one."""


def after_day(day: date) -> PageCursor | None:
    """The place after a day's last entry; None after the last day of all."""
    return None if day == date.max else PageCursor(f"{day + timedelta(days=1)} 00:00:00", _EDGE[Direction.NEWER])


def next_slice(
    session: Session, wanted: AuditFilter, direction: Direction, start: PageCursor | None, size: int
) -> Slice:
    """The next part of at most so many rows.

    Its end is found by the index of the time alone. Where one second has more rows than that, as after a conversion
    that left no dates, the second is walked along the primary key, so that no query reads all of it.
    """
    bounded = select(STORED_MOMENT.label("moment")).where(*within_times(wanted, direction, start))
    rows = bounded.order_by(by_time(direction)).limit(size).subquery()
    least, most = func.min(rows.c.moment), func.max(rows.c.moment)
    near, far = (most, least) if direction is Direction.OLDER else (least, most)
    first, last, count = session.execute(select(near, far, func.count()).select_from(rows)).one()
    if count < size:
        return Slice(tuple(beyond(wanted, direction, start)), None)
    if first == last:
        return _part_of_second(session, str(last), direction, start, size)
    conditions = [*within_times(wanted, direction, start, str(last)), *_beyond_number(direction, start)]
    return Slice(tuple(conditions), PageCursor(str(last), _EDGE[direction]))


def beyond(wanted: AuditFilter, direction: Direction, start: PageCursor | None) -> list[ColumnElement[bool]]:
    """The conditions of all that comes after a place in a direction, within the filter's dates."""
    return [*within_times(wanted, direction, start), *_beyond_number(direction, start)]


def within_times(
    wanted: AuditFilter, direction: Direction = Direction.OLDER, start: PageCursor | None = None, end: str | None = None
) -> list[ColumnElement[bool]]:
    """The conditions for the time of what comes after a place and before an end, within the filter's dates.

    There is one lower and one upper limit at most: of two, SQLite would use its index for one, and not for the best.
    """
    older = direction is Direction.OLDER
    lows, highs = [], []
    if wanted.since is not None:
        lows.append((f"{wanted.since} 00:00:00", True))
    after = after_day(wanted.until) if wanted.until is not None else None
    if after is not None:
        highs.append((after.moment, False))
    if start is not None:
        included = start.number not in (None, _EDGE[Direction.NEWER if older else Direction.OLDER])
        (highs if older else lows).append((start.moment, included))
    if end is not None:
        (lows if older else highs).append((end, False))
    conditions: list[ColumnElement[bool]] = []
    if lows:
        low, included = max(lows, key=lambda limit: (limit[0], not limit[1]))
        conditions.append(STORED_MOMENT >= low if included else STORED_MOMENT > low)
    if highs:
        high, included = min(highs)
        conditions.append(STORED_MOMENT <= high if included else STORED_MOMENT < high)
    return conditions


def by_time(direction: Direction) -> ColumnElement[str]:
    """The order of a direction."""
    return STORED_MOMENT.desc() if direction is Direction.OLDER else STORED_MOMENT.asc()


# Before all entries of a time, in a direction: no entry has such a number.
_EDGE = {Direction.OLDER: 2**63 - 1, Direction.NEWER: 0}


def _beyond_number(direction: Direction, start: PageCursor | None) -> list[ColumnElement[bool]]:
    """The condition that leaves out the entries of a place's own second that are behind it."""
    if start is None or start.number in (None, *_EDGE.values()):
        return []
    number = SecurityLog.security_log_num
    further = number < start.number if direction is Direction.OLDER else number > start.number
    return [or_(STORED_MOMENT != start.moment, further)]


def _part_of_second(session: Session, moment: str, direction: Direction, start: PageCursor | None, size: int) -> Slice:
    older, number = direction is Direction.OLDER, SecurityLog.security_log_num
    known = start.number if start is not None and start.moment == moment else None
    behind = _EDGE[direction] if known is None else known
    further = number < behind if older else number > behind
    some = select(number.label("number")).where(further).order_by(number.desc() if older else number.asc())
    rows = some.limit(size).subquery()
    farthest = func.min(rows.c.number) if older else func.max(rows.c.number)
    end, count = session.execute(select(farthest, func.count()).select_from(rows)).one()
    if count < size:
        return Slice((STORED_MOMENT == moment, further), PageCursor(moment))
    return Slice((STORED_MOMENT == moment, further, number >= end if older else number <= end), PageCursor(moment, end))
