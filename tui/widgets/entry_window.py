"""The loaded part of a long list of audit entries, which grows at one end and is truncated at the other."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING

from core.audit.paging import Direction, PageCursor
from tui.widgets.rows import Row

if TYPE_CHECKING:
    from collections.abc import Callable

    from core.model.audit_entry import AuditEntry

MAX_ENTRIES = 1_000
"""The maximum number of loaded entries. Entries further away are dropped and read again when they are needed."""


class EntryWindow:
    """Consecutive entries, newest first, as a `RowSource`.

    Args:
        to_row: Converts an entry to a row.
    """

    def __init__(self, to_row: Callable[[AuditEntry], Row]) -> None:
        self._to_row = to_row
        self._entries: list[AuditEntry] = []
        self._cursors: dict[Direction, PageCursor | None] = {}

    def __len__(self) -> int:
        return len(self._entries)

    def row(self, index: int) -> Row:
        """Return the row at an index."""
        return self._to_row(self._entries[index])

    def find(self, identity: Hashable) -> int | None:
        """Return the index of the entry with this number, or None if it is not loaded."""
        return next((index for index, entry in enumerate(self._entries) if entry.number == identity), None)

    def entry(self, index: int) -> AuditEntry | None:
        """Return the entry at an index, or None if there is none."""
        return self._entries[index] if 0 <= index < len(self._entries) else None

    def next_cursor(self, direction: Direction) -> PageCursor | None:
        """Return the cursor of the next page in a direction, or None if there are no more entries."""
        return self._cursors.get(direction)

    @property
    def entries(self) -> Sequence[AuditEntry]:
        """The loaded entries, newest first."""
        return self._entries

    def reset(self, newer: PageCursor | None = None) -> None:
        """Remove all entries.

        Args:
            newer: The cursor of the next newer page; None if loading starts with the newest entry.
        """
        self._entries = []
        self._cursors = {Direction.NEWER: newer}

    def extend(
        self,
        direction: Direction,
        entries: Sequence[AuditEntry],
        next_cursor: PageCursor | None,
        in_view: range = range(0),
    ) -> int:
        """Add a page at one end and drop as many entries at the other as exceed the maximum.

        Args:
            direction: The end at which to add.
            entries: The page, newest first.
            next_cursor: The cursor of the page after it; None if there is none.
            in_view: The indexes of the rows in view, which are never dropped. If necessary, some of the new entries
                are dropped instead.

        Returns:
            The change of the index of each entry that was loaded before; negative if entries above it were dropped.
        """
        self._cursors[direction] = next_cursor
        surplus = max(0, len(self._entries) + len(entries) - MAX_ENTRIES)
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
        """Drop this many of the newest and of the oldest entries."""
        if newest:
            del self._entries[:newest]
            self._cursors[Direction.NEWER] = _cursor_at(self._entries[0])
        if oldest:
            del self._entries[-oldest:]
            self._cursors[Direction.OLDER] = _cursor_at(self._entries[-1])


def _cursor_at(entry: AuditEntry) -> PageCursor:
    return PageCursor(entry.stored_moment, entry.number)
