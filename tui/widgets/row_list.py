"""The list of this program: keys, audit entries, offices.

A `ScrollView` on Textual's Line API. It draws only the visible rows, takes plain text that is never markup, and moves
its cursor by repainting a few cells of two rows, which is what makes it usable over a slow link. Where the cursor is
shows as a `>` too, so nothing depends on colour.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal, Protocol

from rich.segment import Segment
from rich.style import Style
from textual.binding import BindingType
from textual.geometry import Offset, Region, Size
from textual.message import Message
from textual.reactive import var
from textual.scroll_view import ScrollView
from textual.strip import Strip

from tui.bindings import bindings
from tui.widgets.safe_text import cells, fitted, visible

Tone = Literal["normal", "dim", "alert"]

_HEADER_HEIGHT = 1
_MARKER_WIDTH = 2
_GAP = 2
_UNKNOWN = "…"


@dataclass(frozen=True)
class Column:
    """One column of a list.

    Args:
        title: What stands in the header line.
        width: Its cells where there is room.
        min_width: Its cells where room is scarce.
        flexible: Takes the room that is left; exactly one column of a list does.
    """

    title: str
    width: int
    min_width: int = 4
    flexible: bool = False


@dataclass(frozen=True)
class Row:
    """One row as plain text.

    Args:
        cells: One text a column.
        identity: What the row is about; the cursor stays on it when rows are replaced.
        tone: How it is styled; the cells must say the same in words.
    """

    cells: Sequence[str]
    identity: Hashable = None
    tone: Tone = "normal"


class RowSource(Protocol):
    """Where a list gets its rows from, each when it is drawn."""

    def __len__(self) -> int:
        """Count the rows."""
        ...

    def row(self, index: int) -> Row | None:
        """Give a row, or None while it is not known yet; `RowList.rows_arrived` says when it is."""
        ...

    def find(self, identity: Hashable) -> int | None:
        """Find the row with this identity."""
        ...


class Rows:
    """Rows that are all in memory."""

    def __init__(self, rows: Iterable[Row] = ()) -> None:
        self._rows = list(rows)

    def __len__(self) -> int:
        return len(self._rows)

    def row(self, index: int) -> Row:
        """Give a row."""
        return self._rows[index]

    def find(self, identity: Hashable) -> int | None:
        """Find the first row with this identity."""
        return next((index for index, row in enumerate(self._rows) if row.identity == identity), None)


class RowList(ScrollView, can_focus=True):
    """A list of rows in columns with a cursor.

    Args:
        columns: The columns; one of them is flexible.
        empty: What is said when there are no rows.
    """

    DEFAULT_CSS = """
    RowList {
        height: 1fr;
        overflow: hidden hidden;
        background: $background;
        color: $foreground;
        & > .row-list--header { text-style: bold underline; }
        & > .row-list--cursor { text-style: bold; }
        & > .row-list--cursor-focused { text-style: bold reverse; }
        & > .row-list--dim { text-style: dim; }
        & > .row-list--alert { color: $text-error; text-style: bold; }
        & > .row-list--empty { text-style: italic; }
    }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "row-list--header",
        "row-list--cursor",
        "row-list--cursor-focused",
        "row-list--dim",
        "row-list--alert",
        "row-list--empty",
    }
    BINDING_GROUP_TITLE = "Lists"
    BINDINGS: ClassVar[list[BindingType]] = bindings("up", "down", "page-up", "page-down", "first", "last", "choose")

    cursor: var[int] = var(0, init=False)
    """The index of the row under the cursor; 0 when there are no rows."""

    class Highlighted(Message):
        """The cursor stands on another row, or other rows were shown."""

        def __init__(self, row_list: RowList, index: int) -> None:
            super().__init__()
            self.row_list = row_list
            self.index = index

        @property
        def control(self) -> RowList:
            """The list, for `@on` with a selector."""
            return self.row_list

    class Chosen(Message):
        """Enter was pressed on a row."""

        def __init__(self, row_list: RowList, index: int) -> None:
            super().__init__()
            self.row_list = row_list
            self.index = index

        @property
        def control(self) -> RowList:
            """The list, for `@on` with a selector."""
            return self.row_list

    def __init__(
        self,
        *columns: Column,
        empty: str = "Nothing here.",
        id: str | None = None,  # noqa: A002 - Textual's name for it
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self._columns = columns
        self._empty = empty
        self._rows: RowSource = Rows()
        self._widths: list[int] = [column.width for column in columns]

    @property
    def rows(self) -> RowSource:
        """The rows that are shown."""
        return self._rows

    @property
    def row(self) -> Row | None:
        """The row under the cursor, if there is one and it is known."""
        return self._rows.row(self.cursor) if len(self._rows) else None

    def show(self, rows: RowSource | Iterable[Row], keep: Hashable = None) -> None:
        """Show other rows; the cursor stays on the row it was on, wherever that is now.

        Args:
            rows: The rows, or a source of them.
            keep: The identity of the row to put the cursor on, instead of the one it is on.
        """
        here = self.row
        wanted = keep if keep is not None or here is None else here.identity
        self._rows = Rows(rows) if isinstance(rows, Iterable) else rows
        found = None if wanted is None else self._rows.find(wanted)
        self.rows_arrived()
        self._stand_on(self.cursor if found is None else found)
        self.post_message(self.Highlighted(self, self.cursor))

    def show_columns(self, *columns: Column) -> None:
        """Use other columns, where the rows to come need them."""
        if columns != self._columns:
            self._columns = columns
            self._share_width()
            self.refresh()

    def rows_arrived(self) -> None:
        """Draw again because the source knows more rows than it did."""
        self.virtual_size = Size(self.size.width, len(self._rows) + _HEADER_HEIGHT)
        self.refresh()

    def rows_moved(self, by: int) -> None:
        """Draw again because rows came before the first one, or left there; cursor and view stay on their rows.

        Args:
            by: How much further down each row is now; negative where rows left.
        """
        top = self.scroll_offset.y + by
        self.virtual_size = Size(self.size.width, len(self._rows) + _HEADER_HEIGHT)
        self.set_reactive(RowList.cursor, self.validate_cursor(self.cursor + by))
        self.scroll_to(y=max(0, top), animate=False, force=True, immediate=True)
        self.refresh()
        self._place_terminal_cursor()

    def say_empty(self, text: str) -> None:
        """Change what is said when there are no rows, such as that the filter hides them all."""
        self._empty = text
        self.refresh()

    # -- the cursor ----------------------------------------------------------

    def validate_cursor(self, cursor: int) -> int:
        """Keep the cursor on a row."""
        return max(0, min(cursor, len(self._rows) - 1))

    def watch_cursor(self, old: int, new: int) -> None:
        """Repaint the few cells that change, and scroll by half a page where the cursor leaves the view."""
        if not self._scroll_to_cursor():
            self._refresh_cursor(old)
            self._refresh_cursor(new)
            if self.place:
                self.refresh(Region(0, 0, self.size.width, _HEADER_HEIGHT))
        self._place_terminal_cursor()
        self.post_message(self.Highlighted(self, new))

    def _stand_on(self, index: int) -> None:
        """Move the cursor without a message."""
        self.set_reactive(RowList.cursor, self.validate_cursor(index))
        self._scroll_to_cursor()
        self._place_terminal_cursor()

    def _refresh_cursor(self, index: int) -> None:
        y = index - self.scroll_offset.y + _HEADER_HEIGHT
        self.refresh(Region(0, y, self._cursor_width, 1))

    def _scroll_to_cursor(self) -> bool:
        """Scroll by half a page where the cursor is out of view, and tell whether that was needed."""
        page = self._page
        top = self.scroll_offset.y
        if page <= 0 or top <= self.cursor < top + page:
            return False
        half = page // 2
        near = top - half <= self.cursor < top + page + half
        if self.cursor < top:
            y = top - half if near else self.cursor
        else:
            y = top + half if near else self.cursor - page + 1
        self.scroll_to(y=max(0, y), animate=False, force=True)
        return True

    def _place_terminal_cursor(self) -> None:
        """Put the terminal's own (hidden) cursor where ours is; screen readers and magnifiers follow it."""
        if self.has_focus and self.is_attached:
            y = self.cursor - self.scroll_offset.y + _HEADER_HEIGHT
            self.app.cursor_position = self.content_region.offset + Offset(0, y)

    @property
    def _page(self) -> int:
        return self.size.height - _HEADER_HEIGHT

    @property
    def place(self) -> str:
        """Where the cursor is, as the header tells it; empty where all rows are in view."""
        return f"{self.cursor + 1}/{len(self._rows)}" if len(self._rows) > self._page else ""

    @property
    def _cursor_width(self) -> int:
        """The marker and the first column: wide enough to see, narrow enough to be cheap."""
        return _MARKER_WIDTH + (self._widths[0] if self._widths else 0)

    # -- keys ----------------------------------------------------------------

    def action_cursor_up(self) -> None:
        """Go up by one row."""
        self.cursor -= 1

    def action_cursor_down(self) -> None:
        """Go down by one row."""
        self.cursor += 1

    def action_page_up(self) -> None:
        """Go up by one page."""
        self.cursor -= max(1, self._page)

    def action_page_down(self) -> None:
        """Go down by one page."""
        self.cursor += max(1, self._page)

    def action_first(self) -> None:
        """Go to the first row."""
        self.cursor = 0

    def action_last(self) -> None:
        """Go to the last row."""
        self.cursor = len(self._rows) - 1

    def action_choose(self) -> None:
        """Tell that the row under the cursor was chosen."""
        if len(self._rows):
            self.post_message(self.Chosen(self, self.cursor))

    # -- drawing -------------------------------------------------------------

    def on_resize(self) -> None:
        """Share the width among the columns again, and keep the cursor in view."""
        self._share_width()
        self.virtual_size = Size(self.size.width, len(self._rows) + _HEADER_HEIGHT)
        self._scroll_to_cursor()
        self._place_terminal_cursor()

    def _share_width(self) -> None:
        self._widths = _shared_widths(self._columns, self.size.width - _MARKER_WIDTH)

    def on_focus(self) -> None:
        """Show that the keys go here."""
        self._refresh_cursor(self.cursor)
        self._place_terminal_cursor()

    def on_blur(self) -> None:
        """Show that the keys go elsewhere."""
        self._refresh_cursor(self.cursor)

    def render_line(self, y: int) -> Strip:
        """Draw one line: the header, a row, or what is said when there are none."""
        index = y + self.scroll_offset.y - _HEADER_HEIGHT
        if y < _HEADER_HEIGHT:
            return self._header()
        if index < len(self._rows):
            return self._row_strip(index)
        if index == 0:
            mark = "> " if self.has_focus else "  "
            text = mark + visible(self._empty, self.size.width - _MARKER_WIDTH)
            return self._strip([Segment(text, self.get_component_rich_style("row-list--empty"))])
        return Strip.blank(self.size.width, self.rich_style)

    def _header(self) -> Strip:
        text = "  " + self._joined([column.title for column in self._columns])
        if self.place:
            place = f" {self.place}"
            text = fitted(text.rstrip(), self.size.width - len(place)) + place
        return self._strip([Segment(text, self.get_component_rich_style("row-list--header"))])

    def _row_strip(self, index: int) -> Strip:
        row = self._rows.row(index)
        texts = [_UNKNOWN] if row is None else row.cells
        style = self._tone_style("dim" if row is None else row.tone)
        text = self._joined(texts)
        if index != self.cursor:
            return self._strip([Segment("  " + text, style)])
        first = visible(texts[0], self._widths[0]) if texts else ""
        component = "row-list--cursor-focused" if self.has_focus else "row-list--cursor"
        cursor_style = self.get_component_rich_style(component)
        return self._strip([Segment("> " + first, cursor_style), Segment(text[len(first) :], style)])

    def _tone_style(self, tone: Tone) -> Style:
        return self.rich_style if tone == "normal" else self.get_component_rich_style(f"row-list--{tone}")

    def _joined(self, texts: Sequence[str]) -> str:
        pairs = zip(texts, self._widths, strict=False)
        return (" " * _GAP).join(fitted(text, width) for text, width in pairs)

    def _strip(self, segments: list[Segment]) -> Strip:
        length = sum(cells(segment.text) for segment in segments)
        return Strip(segments, length).adjust_cell_length(self.size.width, self.rich_style)


def _shared_widths(columns: Sequence[Column], room: int) -> list[int]:
    """Share the room: the flexible column takes what is left, and gives first where there is too little."""
    widths = [column.width for column in columns]
    left = room - sum(widths) - _GAP * (len(columns) - 1)
    giving = sorted(range(len(columns)), key=lambda index: (not columns[index].flexible, -index))
    for index in giving:
        column = columns[index]
        if left > 0 and column.flexible:
            widths[index] += left
            break
        given = min(max(0, -left), max(0, column.width - column.min_width))
        widths[index] -= given
        left += given
    return widths
