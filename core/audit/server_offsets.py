"""How far a practice's local time was from UTC at some moment of the past."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta, timezone

from sqlalchemy import func, select
from sqlalchemy.orm import Session

_KEPT = 2_000
_ASKED_AT_ONCE = 100


class ServerOffsets:
    """Turns the server's local times into times with an offset, by the server's own rules for summer time.

    A time in the hour that comes twice in autumn gets the offset that the server chooses. Where the practice is an
    SQLite file, this computer's rules count.
    """

    def __init__(self) -> None:
        self._known: dict[datetime, timedelta | None] = {}

    def load(self, session: Session, moments: Iterable[datetime | None]) -> None:
        """Ask the server about the times that are not known yet."""
        needed = {_half_hour(moment) for moment in moments if moment is not None}
        if len(self._known.keys() | needed) > _KEPT:
            # What is known and needed again stays, since it is not asked about below.
            self._known = {moment: offset for moment, offset in self._known.items() if moment in needed}
        ordered = sorted(needed - self._known.keys())
        for start in range(0, len(ordered), _ASKED_AT_ONCE):
            some = ordered[start : start + _ASKED_AT_ONCE]
            self._known |= zip(some, _asked(session, some), strict=True)

    def iso(self, moment: datetime | None) -> str:
        """ISO 8601 with the offset; without one before 1970, which servers do not tell; empty for no date."""
        if moment is None:
            return ""
        offset = self._known.get(_half_hour(moment))
        zone = None if offset is None else timezone(offset)
        return moment.replace(tzinfo=zone).isoformat(timespec="seconds")


def _asked(session: Session, moments: list[datetime]) -> list[timedelta | None]:
    if session.get_bind().dialect.name == "sqlite":
        return [_offset_here(moment) for moment in moments]
    seconds = session.execute(select(*(func.unix_timestamp(moment.isoformat(" ")) for moment in moments))).one()
    return [_offset(moment, since_1970) for moment, since_1970 in zip(moments, seconds, strict=True)]


def _offset_here(moment: datetime) -> timedelta | None:
    if moment.year < 1970:
        return None
    try:
        return moment.astimezone().utcoffset()
    except (OverflowError, ValueError, OSError):
        # The last day of the calendar, or a time beyond what this system knows.
        return None


def _offset(moment: datetime, since_1970: object) -> timedelta | None:
    if not since_1970:
        return None
    offset = moment.replace(tzinfo=UTC) - datetime.fromtimestamp(int(str(since_1970).split(".")[0]), UTC)
    return offset if abs(offset) < timedelta(days=1) else None


def _half_hour(moment: datetime) -> datetime:
    return moment.replace(minute=moment.minute // 30 * 30, second=0, microsecond=0)
