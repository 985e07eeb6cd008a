"""The number of rows that one statement may read, so that writers never wait for it for long.

A MyISAM table is locked for writers while a statement reads it. How many rows a statement reads in a given time depends
on the server, on what is cached, and on what else the server does, so the number follows what was measured.
"""

from __future__ import annotations

from collections import deque
from statistics import median

STATEMENT_SECONDS = 0.02
"""The time that one statement should take on the server. Twice as long on a busy server still disturbs nobody."""
FIRST_ROWS, MIN_ROWS, MAX_ROWS = 1_000, 100, 20_000
_REMEMBERED = 7
"""The number of ranges whose median counts, because other programs delay a single range now and then."""
_MAX_GROWTH = 2.0
_SHORTEST = 0.000_1
"""Seconds. What is measured as shorter is lost in the difference between two round trips."""


class RangeSize:
    """The size of the next range of rows, adapted to the time that the ranges before it took.

    Attributes:
        rows: The number of rows that the next range should have.
    """

    def __init__(self, round_trip: float = 0.0) -> None:
        """Begin with a size that no server needs long for.

        Args:
            round_trip: The seconds that a statement takes that reads no row. They are spent on the line, not on the
                server, where writers wait.
        """
        self.rows = FIRST_ROWS
        self._round_trip = round_trip
        self._paces: deque[float] = deque(maxlen=_REMEMBERED)

    def adapt(self, seconds: float) -> None:
        """Adapt the size after a range of `rows` rows was read.

        The median of the last ranges decides. A range that took more than twice as long shrinks the next one at once.

        Args:
            seconds: The time of the statement that read the range, with its round trip.
        """
        # No statement is faster than a round trip, so the fastest one corrects what was measured for it.
        self._round_trip = min(self._round_trip, seconds)
        pace = max(seconds - self._round_trip, _SHORTEST) / self.rows
        self._paces.append(pace)
        rows = min(STATEMENT_SECONDS / median(self._paces), 2 * STATEMENT_SECONDS / pace, self.rows * _MAX_GROWTH)
        self.rows = max(MIN_ROWS, min(MAX_ROWS, int(rows)))
