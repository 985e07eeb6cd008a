"""UTC offsets of a practice's local times."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta, timezone

from sqlalchemy import Connection, func, select

CACHE_SIZE = 2_000
"""The maximum number of half hours whose offsets are kept."""
_TIMES_PER_QUERY = 100


class ServerOffsets:
    """A cache of UTC offsets for the server's local times, by the server's own rules for daylight saving time.

    A time in the hour that occurs twice in autumn gets the offset that the server chooses. For a practice in an SQLite
    file, this computer's rules apply.
    """

    def __init__(self) -> None:
        self._offsets: dict[datetime, timedelta | None] = {}

    def load(self, connection: Connection, moments: Iterable[datetime | None]) -> None:
        """Fetch the offsets of these times that aren't cached yet."""
        needed = {_half_hour(moment) for moment in moments if moment is not None}
        if len(self._offsets.keys() | needed) > CACHE_SIZE:
            # Cached offsets that are needed now must be kept, because they are not fetched below.
            self._offsets = {moment: offset for moment, offset in self._offsets.items() if moment in needed}
        missing = sorted(needed - self._offsets.keys())
        for start in range(0, len(missing), _TIMES_PER_QUERY):
            batch = missing[start : start + _TIMES_PER_QUERY]
            self._offsets |= zip(batch, _read_offsets(connection, batch), strict=True)

    def iso(self, moment: datetime | None) -> str:
        """Format a time as ISO 8601 with its offset.

        The result is empty for None, and has no offset for times before 1970, for which servers report none, and for
        times that were not loaded.
        """
        if moment is None:
            return ""
        offset = self._offsets.get(_half_hour(moment))
        zone = None if offset is None else timezone(offset)
        return moment.replace(tzinfo=zone).isoformat(timespec="seconds")


def _read_offsets(connection: Connection, moments: list[datetime]) -> list[timedelta | None]:
    if connection.dialect.name == "sqlite":
        return [_local_offset(moment) for moment in moments]
    seconds = connection.execute(select(*(func.unix_timestamp(moment.isoformat(" ")) for moment in moments))).one()
    return [_server_offset(moment, since_1970) for moment, since_1970 in zip(moments, seconds, strict=True)]


def _local_offset(moment: datetime) -> timedelta | None:
    if moment.year < 1970:
        return None
    try:
        return moment.astimezone().utcoffset()
    except (OverflowError, ValueError, OSError):
        # The last day of the calendar, or a time outside the range that this system supports.
        return None


def _server_offset(moment: datetime, since_1970: object) -> timedelta | None:
    if not since_1970:
        return None
    offset = moment.replace(tzinfo=UTC) - datetime.fromtimestamp(int(str(since_1970).split(".")[0]), UTC)
    return offset if abs(offset) < timedelta(days=1) else None


def _half_hour(moment: datetime) -> datetime:
    """Round a time down to the half hour, within which the offset is taken to be constant."""
    return moment.replace(minute=moment.minute // 30 * 30, second=0, microsecond=0)
