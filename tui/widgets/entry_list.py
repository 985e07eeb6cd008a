"""Audit entries as a list: a few of them, or a window on millions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.message import Message

from core.audit.paging import Direction
from core.model.audit_entry import AuditEntry, Genuineness
from tui.widgets.entry_window import EntryWindow
from tui.widgets.row_list import Column, Row, RowList

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.audit.paging import PageCursor
    from core.audit.search import Page

_COLUMNS = (
    Column("Date and time", 19, min_width=16),
    Column("User", 16, min_width=9),
    Column("Genuine", 7, min_width=7),
    Column("Permission", 22, min_width=11),
    Column("Log Text", 24, min_width=24, flexible=True),
)

NEAR = 30
"""So many rows before the end of what is in memory, more is asked for."""


class EntryList(RowList):
    """Shows audit entries, newest first; whether each is genuine stands there as a word."""

    def __init__(self, *, empty: str) -> None:
        super().__init__(*_COLUMNS, empty=empty)
        self._entries: dict[int, AuditEntry] = {}

    @property
    def entry(self) -> AuditEntry | None:
        """The entry under the cursor."""
        row = self.row
        return self._entries.get(row.identity) if row and isinstance(row.identity, int) else None

    def show_entries(self, entries: Sequence[AuditEntry]) -> None:
        """Show entries; the cursor stays on the entry it was on."""
        self._entries = {entry.number: entry for entry in entries}
        self.show([_row(entry) for entry in entries])


@dataclass(frozen=True)
class SavedPosition:
    """Where the cursor stands."""

    entry: AuditEntry
    line: int | None
    """The line of the view; None where the view begins with the first row, as it shall do again."""


class TrailList(RowList):
    """Shows audit entries of which only those around the cursor are in memory."""

    class Wanted(Message):
        """More entries are wanted at one end of what is in memory."""

        def __init__(self, direction: Direction) -> None:
            super().__init__()
            self.direction = direction

    class EndWanted(Message):
        """The very newest or oldest entry is wanted, which is not in memory."""

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
    def place(self) -> str:
        """Nobody counts the entries, so there is no place to tell."""
        return ""

    def next_cursor(self, direction: Direction) -> PageCursor | None:
        """Where reading goes on in a direction; None where there is nothing more."""
        return self._window.next_cursor(direction)

    @property
    def entries(self) -> Sequence[AuditEntry]:
        """The entries that are in memory."""
        return self._window.entries

    def begin(self, newer: PageCursor | None = None) -> None:
        """Begin anew, with nothing.

        Args:
            newer: Where the newer entries are found, if it does not begin with the newest one.
        """
        self._window.begin(newer)
        self._loading = True
        self.cursor = 0
        self.show(self._window)

    @property
    def saved_position(self) -> SavedPosition | None:
        """Where the cursor is, to come back to when all is read again."""
        top, entry = self.scroll_offset.y, self.entry
        return SavedPosition(entry, self.cursor - top if top else None) if entry else None

    def restore_position(self, entry: AuditEntry) -> bool:
        """Put the cursor on an entry, and tell whether it is in memory."""
        place = self._window.find(entry.number)
        if place is not None:
            self.cursor = place
        return place is not None

    def put_cursor_on_line(self, line: int | None) -> None:
        """Scroll so that the cursor is on this line of the view, if it is to be on a certain one."""
        if line is not None:
            self.scroll_to(y=max(0, self.cursor - line), animate=False, force=True, immediate=True)

    def extend(self, direction: Direction, page: Page) -> None:
        """Add a page at one end; what is in view stays where it is."""
        first, self._loading = not len(self._window), False
        top = min(self.scroll_offset.y, self.cursor)
        in_view = range(top, max(self.scroll_offset.y + self.size.height, self.cursor + 1))
        moved = self._window.extend(direction, page.entries, page.next_cursor, range(1) if first else in_view)
        if not page.entries:
            return  # a long search tells often that it found nothing yet, and nothing is to be drawn
        if first:
            # An older page is read from its newest entry on, a newer one from its oldest.
            self.show(self._window)
            self.cursor = 0 if direction is Direction.OLDER else len(self._window) - 1
        elif moved:
            self.rows_moved(moved)
        else:
            self.rows_arrived()

    def watch_cursor(self, old: int, new: int) -> None:
        """Ask for more before the end is reached."""
        super().watch_cursor(old, new)
        self.ask_for_more()

    def ask_for_more(self) -> None:
        """Ask for what is missing around the cursor."""
        if self.next_cursor(Direction.OLDER) is not None and self.cursor >= len(self._window) - NEAR:
            self.post_message(self.Wanted(Direction.OLDER))
        elif self.next_cursor(Direction.NEWER) is not None and self.cursor < NEAR:
            self.post_message(self.Wanted(Direction.NEWER))

    def action_first(self) -> None:
        """Go to the newest entry."""
        if self.next_cursor(Direction.NEWER) is None and not self._loading:
            super().action_first()
        else:
            self.post_message(self.EndWanted(Direction.NEWER))

    def action_last(self) -> None:
        """Go to the oldest entry."""
        if self.next_cursor(Direction.OLDER) is None and not self._loading:
            super().action_last()
        else:
            self.post_message(self.EndWanted(Direction.OLDER))


def _row(entry: AuditEntry) -> Row:
    genuine = entry.genuineness is Genuineness.GENUINE
    cells = (
        f"{entry.moment:%Y-%m-%d %H:%M:%S}" if entry.moment else "(no date)",
        entry.user,
        "yes" if genuine else entry.genuineness.value.upper(),
        entry.permission,
        entry.text,
    )
    return Row(cells, entry.number, "normal" if genuine else "alert")
