"""The size of what one statement may read, so that writers never wait for it for long.

A MyISAM table is locked for writers while a statement reads it. How much a statement reads in a given time depends on
the server, on what is cached, and on what else the server does, so the size follows what was measured.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from typing import TypeVar

from sqlalchemy import Connection, literal, select

T = TypeVar("T")

STATEMENT_SECONDS = 0.02
"""The time that one statement should take on the server. Twice as long on a busy server still disturbs nobody."""
FIRST_ROWS, MIN_ROWS, MAX_ROWS = 1_000, 100, 20_000
_REMEMBERED = 7
"""The number of ranges whose median counts, because other programs delay a single range now and then."""
_MAX_GROWTH = 2.0
_ROUND_TRIP_EVERY = 8
"""After so many ranges, the round trip is measured again. On a busy computer it is long, however little is read."""
_SHORTEST = 0.000_1
"""Seconds. What is measured as shorter is lost in the difference between two round trips."""


@dataclass(frozen=True)
class SizeLimits:
    """The limits of a size, in any unit.

    Attributes:
        first: The size of the first range, for which no server needs long.
        smallest: The smallest size.
        largest: The largest size.
        seconds: The time that one statement should take on the server.
    """

    first: float
    smallest: float
    largest: float
    seconds: float


class AdaptiveSize:
    """The size of the next range, adapted to the time that the ranges before it took.

    Args:
        limits: The limits.
        round_trip: The seconds that a statement takes that reads no row; infinity if that isn't known. They are spent
            on the line, not on the server, where writers wait.

    Attributes:
        value: The size that the next range should have.
    """

    def __init__(self, limits: SizeLimits, round_trip: float) -> None:
        self.value = limits.first
        self._limits = limits
        self._round_trip = round_trip
        self._round_trips: deque[float] = deque(maxlen=_REMEMBERED)
        self._paces: deque[float] = deque(maxlen=_REMEMBERED)
        self._ranges = 0

    def timed(self, connection: Connection, read: Callable[[], T], clock: Callable[[], float] = time.perf_counter) -> T:
        """Read a range, and adapt the size of the next one.

        Args:
            connection: The connection over which it's read.
            read: Reads it in one statement.
            clock: Returns the seconds since any moment.
        """
        self._ranges += 1
        if self._ranges % _ROUND_TRIP_EVERY == 0:
            self.note_round_trip(measure_round_trip(connection, clock))
        started = clock()
        found = read()
        self.adapt(clock() - started)
        return found

    def note_round_trip(self, seconds: float) -> None:
        """Note the present time of a statement that reads no row, or hardly any. The median of the last ones counts."""
        self._round_trips.append(seconds)
        self._round_trip = median(self._round_trips)

    def adapt(self, seconds: float) -> None:
        """Adapt the size after a range was read.

        The median of the last ranges decides. A range that took more than twice as long shrinks the next one at once.

        Args:
            seconds: The time of the statement that read the range, with its round trip.
        """
        limits = self._limits
        if not self._round_trips:
            # No statement is faster than a round trip, so the fastest one corrects what was measured for it.
            self._round_trip = min(self._round_trip, seconds)
        pace = max(seconds - self._round_trip, _SHORTEST) / self.value
        self._paces.append(pace)
        size = min(limits.seconds / median(self._paces), 2 * limits.seconds / pace, self.value * _MAX_GROWTH)
        self.value = max(limits.smallest, min(limits.largest, size))


class RangeSize(AdaptiveSize):
    """The number of rows of the next range.

    Args:
        round_trip: The seconds that a statement takes that reads no row.
    """

    def __init__(self, round_trip: float = 0.0) -> None:
        super().__init__(SizeLimits(FIRST_ROWS, MIN_ROWS, MAX_ROWS, STATEMENT_SECONDS), round_trip)

    @property
    def rows(self) -> int:
        """The number of rows that the next range should have."""
        return int(self.value)


def measure_round_trip(connection: Connection, clock: Callable[[], float] = time.perf_counter) -> float:
    """Return the seconds that a statement takes that reads no row."""
    started = clock()
    connection.scalar(select(literal(1)))
    return clock() - started
