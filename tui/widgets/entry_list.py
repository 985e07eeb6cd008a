"""Lists of audit entries: a short list, and a list that keeps only a window of a long trail in memory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.message import Message

from core.audit.paging import Direction
from core.model.audit_entry import AuditEntry, HashStatus
from tui.widgets.entry_window import EntryWindow
from tui.widgets.row_list import RowList
from tui.widgets.rows import Column, Row

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.audit.paging import PageCursor
    from core.audit.search import Page

_COLUMNS = (
    Column("Date and time", 19, min_width=16),
    Column("User", 16, min_width=9),
    Column("Hash", 7, min_width=7),
    Column("Permission", 22, min_width=11),
    Column("Log Text", 24, min_width=24, flexible=True),
)

PREFETCH_ROWS = 30
"""The next page is requested when the cursor is this many rows from the end of the loaded entries."""


class EntryList(RowList):
    """A list of audit entries, newest first. A column says in words whether an entry's hash matches."""

    def __init__(self, *, empty: str) -> None:
        super().__init__(*_COLUMNS, empty=empty)
        self._entries: dict[int, AuditEntry] = {}

    @property
    def entry(self) -> AuditEntry | None:
        """The entry under the cursor."""
        row = self.row
        return self._entries.get(row.identity) if row and isinstance(row.identity, int) else None

    def show_entries(self, entries: Sequence[AuditEntry]) -> None:
        """Display other entries. The cursor stays on its entry."""
        self._entries = {entry.number: entry for entry in entries}
        self.show([_row(entry) for entry in entries])


@dataclass(frozen=True)
class SavedPosition:
    """The position of the cursor in a list, to be restored after the list is loaded again."""

    entry: AuditEntry
    """The entry under the cursor."""
    rows_above: int | None
    """The number of rows in view above the cursor; None if the list is not scrolled."""


class TrailList(RowList):
    """A list of audit entries of which only those around the cursor are in memory."""

    class PageRequested(Message):
        """Posted to request the next page at one end of the loaded entries."""

        def __init__(self, direction: Direction) -> None:
            super().__init__()
            self.direction = direction

    class EndRequested(Message):
        """Posted to request the newest or oldest entry of the trail, if it is not loaded."""

        def __init__(self, direction: Direction) -> None:
            super().__init__()
            self.direction = direction

    def __init__(self, *, empty: str) -> None:
        super().__init__(*_COLUMNS, empty=empty)
        self._window = EntryWindow(_row)
        self._loading = False

    @property
    def entry(self) -> AuditEntry | None:
        """The entry under the cursor."""
        return self._window.entry(self.cursor)

    @property
    def position_label(self) -> str:
        """Always empty, because the number of entries is not known."""
        return ""

    def next_cursor(self, direction: Direction) -> PageCursor | None:
        """Return the cursor of the next page in a direction, or None if there are no more entries."""
        return self._window.next_cursor(direction)

    @property
    def entries(self) -> Sequence[AuditEntry]:
        """The loaded entries, newest first."""
        return self._window.entries

    def reset(self, newer: PageCursor | None = None) -> None:
        """Remove all entries.

        Args:
            newer: The cursor of the next newer page; None if loading starts with the newest entry.
        """
        self._window.reset(newer)
        self._loading = True
        self.cursor = 0
        self.show(self._window)

    @property
    def saved_position(self) -> SavedPosition | None:
        """The current position of the cursor, or None if there is no entry under it."""
        top, entry = self.scroll_offset.y, self.entry
        return SavedPosition(entry, self.cursor - top if top else None) if entry else None

    def restore_cursor(self, position: SavedPosition) -> bool:
        """Put the cursor on the entry of a saved position.

        Returns:
            False if that entry is not loaded.
        """
        index = self._window.find(position.entry.number)
        if index is not None:
            self.cursor = index
        return index is not None

    def restore_scroll(self, position: SavedPosition) -> None:
        """Scroll so that the view has as many rows above the cursor as in a saved position."""
        if position.rows_above is not None:
            self.scroll_to(y=max(0, self.cursor - position.rows_above), animate=False, force=True, immediate=True)

    def extend(self, direction: Direction, page: Page) -> None:
        """Add a page at one end. The rows in view do not move."""
        first, self._loading = not len(self._window), False
        top = min(self.scroll_offset.y, self.cursor)
        in_view = range(top, max(self.scroll_offset.y + self.size.height, self.cursor + 1))
        moved = self._window.extend(direction, page.entries, page.next_cursor, range(1) if first else in_view)
        if not page.entries:
            return  # a long search posts many empty pages, which need no redraw
        if first:
            # Reading starts at the newest entry of an older page, and at the oldest entry of a newer one.
            self.show(self._window)
            self.cursor = 0 if direction is Direction.OLDER else len(self._window) - 1
        elif moved:
            self.shift_rows(moved)
        else:
            self.refresh_rows()

    def watch_cursor(self, old: int, new: int) -> None:
        """Request the next page before the cursor reaches the end."""
        super().watch_cursor(old, new)
        self.prefetch()

    def prefetch(self) -> None:
        """Request the next page if the cursor is near an end of the loaded entries that is not an end of the trail."""
        if self.next_cursor(Direction.OLDER) is not None and self.cursor >= len(self._window) - PREFETCH_ROWS:
            self.post_message(self.PageRequested(Direction.OLDER))
        elif self.next_cursor(Direction.NEWER) is not None and self.cursor < PREFETCH_ROWS:
            self.post_message(self.PageRequested(Direction.NEWER))

    def action_first(self) -> None:
        """Go to the newest entry."""
        if self.next_cursor(Direction.NEWER) is None and not self._loading:
            super().action_first()
        else:
            self.post_message(self.EndRequested(Direction.NEWER))

    def action_last(self) -> None:
        """Go to the oldest entry."""
        if self.next_cursor(Direction.OLDER) is None and not self._loading:
            super().action_last()
        else:
            self.post_message(self.EndRequested(Direction.OLDER))


def _row(entry: AuditEntry) -> Row:
    matches = entry.hash_status is HashStatus.MATCHES
    cells = (
        f"{entry.moment:%Y-%m-%d %H:%M:%S}" if entry.moment else "(no date)",
        entry.user,
        entry.hash_status.value if matches else entry.hash_status.value.upper(),
        entry.permission,
        entry.text,
    )
    return Row(cells, entry.number, "normal" if matches else "alert")
