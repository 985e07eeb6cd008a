"""Reads the Audit Trail for developers' changes, one short window of time after the other.

The newest day comes first, then the days before it, back to the oldest entry. Each window is remembered with the
progress, so a later start reads only what is new. The last day that was read is read again, since entries of it may
have come later.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from math import inf

from core.audit.range_size import AdaptiveSize, SizeLimits
from core.model.developer_use import TrailRange
from core.practice.practice import Practice
from core.use.remembered_use import Progress, RememberedUse
from core.use.trail_reader import DayUse, now_and_oldest, read_window

TARGET_SECONDS = 0.01
"""The time that one window should take on the server. On MyISAM, writers wait that long."""
_FIRST_WINDOW = timedelta(hours=6)
_SHORTEST = timedelta(hours=2)
"""Even in a large office that is a hundred entries. Fewer would take more statements, and hardly less time each."""
_LONGEST = timedelta(days=16)
_AHEAD = timedelta(days=2)
"""Entries may be newer than now: the server's clock may have been set back."""


@dataclass(frozen=True)
class _Window:
    """A window of time, and the names whose entries are read in it."""

    since: datetime
    until: datetime
    after: Mapping[str, TrailRange]
    renews_day: bool


class UseReading:
    """A reading of the Audit Trail for some names, from where the last one stopped.

    Args:
        practice: The open practice.
        remembered: Where the results are kept.
        names: The developers' names as entries spell them, by case-folded name.
        elapsed: The seconds since any moment.
    """

    def __init__(
        self, practice: Practice, remembered: RememberedUse, names: Mapping[str, str], elapsed: Callable[[], float]
    ) -> None:
        self._practice = practice
        self._remembered = remembered
        self._names = dict(names)
        self._elapsed = elapsed
        self._hours = AdaptiveSize(
            SizeLimits(_hours(_FIRST_WINDOW), _hours(_SHORTEST), _hours(_LONGEST), TARGET_SECONDS), round_trip=inf
        )
        self._now: datetime | None = None
        self._oldest: datetime | None = None
        self._continued: dict[str, datetime] = {}
        """The end of the part that this reading has read of each name. Other ends are from an earlier reading."""

    def read_on(self) -> bool:
        """Read one window and remember it.

        Returns:
            False if there is nothing left to read.

        Raises:
            PracticeUnavailable: The practice or the companion can't be read.
            NotPermitted: The database user may not read the Audit Trail.
        """
        if not self._names:
            return False
        if self._now is None:
            with self._practice.read() as connection:
                started = self._elapsed()
                self._now, self._oldest = now_and_oldest(self._practice, connection)
                # It uses an index only, so nearly all of its time is spent on the line.
                self._hours.note_round_trip(self._elapsed() - started)
        ranges = self._remembered.ranges(self._names)
        window = self._next_window(ranges, self._now)
        if window is None:
            return False
        names = {name: self._names[name] for name in window.after}
        with self._practice.read() as connection:
            rows = self._hours.timed(
                connection, lambda: read_window(connection, names, window.since, window.until), self._elapsed
            )
        self._remember(window, ranges, rows)
        return True

    def read_back_to(self, day: date) -> None:
        """Read all that is new, and what is older back to a day. Blocks; a later reading goes on from there.

        Raises:
            PracticeUnavailable: The practice or the companion can't be read.
            NotPermitted: The database user may not read the Audit Trail.
        """
        while self._lacks(day) and self.read_on():
            pass

    def _lacks(self, day: date) -> bool:
        """Return True if something new, or something from a day on, wasn't read yet."""
        ranges = self._remembered.ranges(self._names)
        if self._now is None or self._newer_window(ranges, self._now) is not None:
            return True
        return not all(read.covers(day) for read in ranges.values())

    def _remember(self, window: _Window, ranges: Mapping[str, TrailRange], rows: list[DayUse]) -> None:
        progress = {name: Progress(ranges.get(name), after) for name, after in window.after.items()}
        renewed = window.since.date() if window.renews_day else None
        if self._remembered.add(progress, rows, renewed):
            self._continued |= {name: after.until for name, after in window.after.items()}

    def _next_window(self, ranges: Mapping[str, TrailRange], now: datetime) -> _Window | None:
        return self._newer_window(ranges, now) or self._older_window(ranges)

    def _newer_window(self, ranges: Mapping[str, TrailRange], now: datetime) -> _Window | None:
        """Return the next window toward now, for all names that were read up to the same time."""
        starts = {name: self._start(name, ranges.get(name), now) for name in self._names}
        behind = [start for start in starts.values() if start is not None]
        if not behind:
            return None
        first = since, renews_day = min(behind)
        end = since + self._length
        is_last = end >= now
        after = {
            name: self._extended(ranges.get(name), since, now if is_last else end)
            for name, start in starts.items()
            if start == first
        }
        return _Window(since, now + _AHEAD if is_last else end, after, renews_day)

    def _start(self, name: str, read: TrailRange | None, now: datetime) -> tuple[datetime, bool] | None:
        """Return where to read on toward now, and whether that day is read again; None if nothing is left."""
        if read is None:
            return _midnight(now), True
        if self._continued.get(name) == read.until:
            return (read.until, False) if read.until < now else None
        return _midnight(min(read.until, now)), True

    def _extended(self, read: TrailRange | None, since: datetime, until: datetime) -> TrailRange:
        return replace(read, until=until) if read is not None else TrailRange(since, until, self._is_complete(since))

    def _older_window(self, ranges: Mapping[str, TrailRange]) -> _Window | None:
        """Return the next window into the past, for all names that were read back to the same time."""
        unfinished = {name: read for name, read in ranges.items() if not read.complete}
        if not unfinished:
            return None
        until = max(read.since for read in unfinished.values())
        since = until - self._length
        names = [name for name, read in unfinished.items() if read.since == until]
        complete = self._is_complete(since)
        if complete and self._oldest is not None:
            since = min(until, self._oldest)
        after = {name: replace(unfinished[name], since=since, complete=complete) for name in names}
        return _Window(since, until, after, renews_day=False)

    @property
    def _length(self) -> timedelta:
        return timedelta(hours=self._hours.value)

    def _is_complete(self, since: datetime) -> bool:
        return self._oldest is None or since <= self._oldest


def _midnight(moment: datetime) -> datetime:
    return datetime.combine(moment.date(), time())


def _hours(length: timedelta) -> float:
    return length / timedelta(hours=1)
