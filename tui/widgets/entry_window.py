"""The part of a long list of audit entries that is in memory: it grows at one end, and is cut at the other."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING

from core.audit.paging import Direction, PageCursor
from tui.widgets.row_list import Row

if TYPE_CHECKING:
    from collections.abc import Callable

    from core.model.audit_entry import AuditEntry

MOST = 1_000
"""Entries that are kept; what lies further away is read again when one comes back to it."""


class EntryWindow:
    """Entries in a row, the newest first, as the rows of a list.

    Args:
        drawn: Makes a row of an entry.
    """

    def __init__(self, drawn: Callable[[AuditEntry], Row]) -> None:
        self._drawn = drawn
        self._entries: list[AuditEntry] = []
        self._onward: dict[Direction, PageCursor | None] = {}

    def __len__(self) -> int:
        return len(self._entries)

    def row(self, index: int) -> Row:
        """Give a row."""
        return self._drawn(self._entries[index])

    def find(self, identity: Hashable) -> int | None:
        """Find the entry of this number."""
        return next((place for place, entry in enumerate(self._entries) if entry.number == identity), None)

    def entry(self, index: int) -> AuditEntry | None:
        """Give an entry."""
        return self._entries[index] if 0 <= index < len(self._entries) else None

    def next_cursor(self, direction: Direction) -> PageCursor | None:
        """Where reading goes on in a direction; None where there is nothing more."""
        return self._onward.get(direction)

    @property
    def entries(self) -> Sequence[AuditEntry]:
        """All that is in memory."""
        return self._entries

    def begin(self, newer: PageCursor | None = None) -> None:
        """Begin anew, with nothing.

        Args:
            newer: Where the newer entries are found, if it does not begin with the newest one.
        """
        self._entries = []
        self._onward = {Direction.NEWER: newer}

    def extend(
        self,
        direction: Direction,
        entries: Sequence[AuditEntry],
        next_cursor: PageCursor | None,
        in_view: range = range(0),
    ) -> int:
        """Put entries at one end, and drop what is too much at the other.

        Args:
            direction: Which end.
            entries: The newest first.
            next_cursor: Where reading goes on behind them.
            in_view: The rows that one looks at, which stay; new ones are left out in the place of these.

        Returns:
            How much further down each entry that was there before is now; negative where some before them left.
        """
        self._onward[direction] = next_cursor
        surplus = max(0, len(self._entries) + len(entries) - MOST)
        if direction is Direction.OLDER:
            self._entries += entries
            newest = min(surplus, in_view.start) if in_view else surplus
            self._drop(newest, surplus - newest)
            return -newest
        below = max(0, len(self._entries) - in_view.stop) if in_view else surplus
        oldest = min(surplus, below)
        self._entries[:0] = entries
        self._drop(surplus - oldest, oldest)
        return len(entries) - (surplus - oldest)

    def _drop(self, newest: int, oldest: int) -> None:
        """Drop so many of the newest entries and so many of the oldest."""
        if newest:
            del self._entries[:newest]
            self._onward[Direction.NEWER] = _at(self._entries[0])
        if oldest:
            del self._entries[-oldest:]
            self._onward[Direction.OLDER] = _at(self._entries[-1])


def _at(entry: AuditEntry) -> PageCursor:
    return PageCursor(entry.stored_moment, entry.number)
