"""The list widget for keys, audit entries and offices.

A view on Textual's Line API. It draws only the visible rows and takes plain text that is never parsed as
markup. Moving the cursor redraws two rows, so that the list is usable over a slow connection. The cursor is marked by a
bar, so nothing depends on color.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import BindingType
from textual.geometry import Offset, Region, Size
from textual.message import Message
from textual.reactive import var
from textual.strip import Strip

from tui.bindings import bindings
from tui.widgets.row_drawing import aligned, cell_tone, column_title, merged, top_with_cursor
from tui.widgets.rows import COLUMN_GAP, Column, Row, Rows, RowSource, changed_rows, column_widths
from tui.widgets.safe_text import cell_width, fit_to_width, sanitize
from tui.widgets.tones import Tone, TonedView, terse

_HEADER_HEIGHT = 1
_MARKER_WIDTH = 2
"""The bar of the cursor and the mark of the row."""
_CURSOR = "▌"
_LOADING = "…"


class RowList(TonedView, can_focus=True):
    """A list of rows in columns with a cursor.

    Args:
        columns: The columns.
        empty: The text that is displayed if there are no rows.
    """

    DEFAULT_CSS = """
    RowList {
        height: 1fr;
        overflow: hidden hidden;
        background: $background;
        color: $foreground;
        & > .row-list--header { color: $muted; text-style: $muted-style; }
        & > .row-list--cursor { text-style: bold; }
        & > .row-list--cursor-focused {
            background: $row-background; color: $row-foreground; text-style: $row-style;
        }
        & > .row-list--bar { color: $focus; background: $row-background; }
        & > .row-list--empty { color: $muted; text-style: $muted-style; }
    }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "row-list--header",
        "row-list--cursor",
        "row-list--cursor-focused",
        "row-list--bar",
        "row-list--empty",
    }
    BINDING_GROUP_TITLE = "Lists"
    BINDINGS: ClassVar[list[BindingType]] = bindings("up", "down", "page-up", "page-down", "first", "last", "choose")

    cursor: var[int] = var(0, init=False)
    """The index of the row under the cursor; 0 when there are no rows."""

    class Highlighted(Message):
        """Posted when the cursor moved to another row or other rows were shown."""

        def __init__(self, row_list: RowList, index: int) -> None:
            super().__init__()
            self.row_list = row_list
            self.index = index

        @property
        def control(self) -> RowList:
            """The list, for `@on` with a selector."""
            return self.row_list

    class Chosen(Message):
        """Posted when Enter was pressed on a row."""

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
        empty: str = "Nothing to show.",
        id: str | None = None,  # noqa: A002 - Textual's name for it
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self._columns = columns
        self._empty = empty
        self._rows: RowSource = Rows()
        self._shown: list[int] = []
        self._widths: list[int] = []
        self._sorted: tuple[int, bool] | None = None

    @property
    def rows(self) -> RowSource:
        """The displayed rows."""
        return self._rows

    @property
    def row(self) -> Row | None:
        """The row under the cursor, or None if there is none or it is not loaded yet."""
        return self._rows.row(self.cursor) if len(self._rows) else None

    def show(self, rows: RowSource | Iterable[Row], keep: Hashable = None) -> None:
        """Display other rows. The cursor stays on its row if that row is among them.

        If the number of rows stays the same, only the lines that differ are drawn again.

        Args:
            rows: The rows, or a source of them.
            keep: The identity of the row to put the cursor on, instead of the current one.
        """
        current = self.row
        identity = keep if keep is not None or current is None else current.identity
        before, cursor = self._rows, self.cursor
        self._rows = Rows(rows) if isinstance(rows, Iterable) else rows
        index = None if identity is None else self._rows.find(identity)
        changed = changed_rows(before, self._rows)
        if changed is None:
            self.refresh_rows()
        self._move_cursor_silently(cursor if index is None else index)
        if changed is not None:
            self._redraw(changed, cursor)
        self.post_message(self.Highlighted(self, self.cursor))

    def show_columns(self, *columns: Column) -> None:
        """Change the columns, if the rows that follow need others."""
        if columns != self._columns:
            self._columns = columns
            self._fit_columns()
            self.refresh()

    def show_order(self, column: int | None, *, descending: bool = False) -> None:
        """Mark the column by which the rows are sorted with an arrow in the header.

        Args:
            column: Its index; None if the rows aren't sorted by a column.
            descending: The largest value comes first.
        """
        order = None if column is None else (column, descending)
        if self._sorted != order:
            self._sorted = order
            self.refresh(Region(0, 0, self.size.width, _HEADER_HEIGHT))

    def shows_column(self, column: int) -> bool:
        """Return True if the list is wide enough for a column, by its index."""
        return column in self._shown

    def refresh_rows(self) -> None:
        """Redraw after the source loaded more rows."""
        self.virtual_size = Size(self.size.width, len(self._rows) + _HEADER_HEIGHT)
        self.refresh()

    def shift_rows(self, by: int) -> None:
        """Redraw after rows were added or removed before the first one. Cursor and view stay on their rows.

        Args:
            by: The change of each row's index; negative if rows were removed.
        """
        top = self.scroll_offset.y + by
        self.virtual_size = Size(self.size.width, len(self._rows) + _HEADER_HEIGHT)
        self.set_reactive(RowList.cursor, self.validate_cursor(self.cursor + by))
        self.scroll_to(y=max(0, top), animate=False, force=True, immediate=True)
        self.refresh()
        self._place_terminal_cursor()

    def set_empty_text(self, text: str) -> None:
        """Change the text for a list without rows, for example to say that the filter hides them all."""
        if self._empty != text:
            self._empty = text
            self.refresh()

    # -- the cursor ----------------------------------------------------------

    def validate_cursor(self, cursor: int) -> int:
        """Limit the cursor to the existing rows."""
        return max(0, min(cursor, len(self._rows) - 1))

    def watch_cursor(self, old: int, new: int) -> None:
        """Redraw the few cells that change, or scroll by half a page if the cursor left the view."""
        if not self._scroll_to_cursor():
            self._refresh_row(old)
            self._refresh_row(new)
            if self.position_label:
                self.refresh(Region(0, 0, self.size.width, _HEADER_HEIGHT))
        self._place_terminal_cursor()
        self.post_message(self.Highlighted(self, new))

    def on_click(self, event: events.Click) -> None:
        """Move the cursor to the row that was clicked; the second click opens it."""
        offset = event.get_content_offset(self)
        index = offset.y - _HEADER_HEIGHT + self.scroll_offset.y if offset is not None else -1
        if offset is None or offset.y < _HEADER_HEIGHT or index >= len(self._rows):
            return
        self.cursor = index
        if event.chain == 2:
            self.action_choose()

    def on_mouse_scroll_down(self) -> None:
        """Move the cursor down by one row for each step of the wheel."""
        self.action_cursor_down()

    def on_mouse_scroll_up(self) -> None:
        """Move the cursor up by one row for each step of the wheel."""
        self.action_cursor_up()

    def _move_cursor_silently(self, index: int) -> None:
        """Move the cursor without posting `Highlighted`."""
        self.set_reactive(RowList.cursor, self.validate_cursor(index))
        self._scroll_to_cursor()
        self._place_terminal_cursor()

    def _redraw(self, changed: set[int], cursor: int) -> None:
        """Draw the rows that changed, and those that the cursor left and reached."""
        if cursor != self.cursor:
            changed = changed | {cursor, self.cursor}
            self.refresh(Region(0, 0, self.size.width, _HEADER_HEIGHT))
        for index in changed:
            if 0 <= index - self.scroll_offset.y < self._page:
                self._refresh_row(index)

    def _refresh_row(self, index: int) -> None:
        y = index - self.scroll_offset.y + _HEADER_HEIGHT
        self.refresh(Region(0, y, self._row_width, 1))

    def _scroll_to_cursor(self) -> bool:
        """Scroll by half a page if the cursor is out of view, or further if it is more than half a page away.

        Returns:
            True if it scrolled.
        """
        page = self._page
        top = self.scroll_offset.y
        if page <= 0 or top <= self.cursor < top + page:
            return False
        self.scroll_to(y=top_with_cursor(self.cursor, top, page), animate=False, force=True)
        return True

    def _place_terminal_cursor(self) -> None:
        """Move the terminal's hidden cursor to the row. Screen readers and magnifiers follow it."""
        if self.has_focus and self.is_attached:
            y = self.cursor - self.scroll_offset.y + _HEADER_HEIGHT
            self.app.cursor_position = self.content_region.offset + Offset(0, y)

    @property
    def _page(self) -> int:
        return self.size.height - _HEADER_HEIGHT

    @property
    def position_label(self) -> str:
        """The position in the header, such as `7/300`; empty if all rows are in view."""
        return f"{self.cursor + 1}/{len(self._rows)}" if len(self._rows) > self._page else ""

    @property
    def _row_width(self) -> int:
        """The width of the highlight: the marker and all columns."""
        return min(self.size.width, _MARKER_WIDTH + sum(self._widths) + COLUMN_GAP * max(0, len(self._widths) - 1))

    # -- keys ----------------------------------------------------------------

    def action_cursor_up(self) -> None:
        """Move the cursor up by one row."""
        self.cursor -= 1

    def action_cursor_down(self) -> None:
        """Move the cursor down by one row."""
        self.cursor += 1

    def action_page_up(self) -> None:
        """Move the cursor up by one page."""
        self.cursor -= max(1, self._page)

    def action_page_down(self) -> None:
        """Move the cursor down by one page."""
        self.cursor += max(1, self._page)

    def action_first(self) -> None:
        """Move the cursor to the first row."""
        self.cursor = 0

    def action_last(self) -> None:
        """Move the cursor to the last row."""
        self.cursor = len(self._rows) - 1

    def action_choose(self) -> None:
        """Post `Chosen` for the row under the cursor."""
        if len(self._rows):
            self.post_message(self.Chosen(self, self.cursor))

    # -- drawing -------------------------------------------------------------

    def on_resize(self) -> None:
        """Fit the columns to the new width and keep the cursor in view."""
        self._fit_columns()
        self.virtual_size = Size(self.size.width, len(self._rows) + _HEADER_HEIGHT)
        self._scroll_to_cursor()
        self._place_terminal_cursor()

    def _fit_columns(self) -> None:
        self._shown = [index for index, column in enumerate(self._columns) if column.is_shown(self.size.width)]
        self._widths = column_widths(self._shown_columns, self.size.width - _MARKER_WIDTH)

    @property
    def _shown_columns(self) -> list[Column]:
        return [self._columns[index] for index in self._shown]

    def on_focus(self) -> None:
        """Highlight the cursor for a list with focus."""
        self._refresh_row(self.cursor)
        self._place_terminal_cursor()

    def on_blur(self) -> None:
        """Highlight the cursor for a list without focus."""
        self._refresh_row(self.cursor)

    def render_line(self, y: int) -> Strip:
        """Draw one line: the header, a row, or the text for a list without rows."""
        index = y + self.scroll_offset.y - _HEADER_HEIGHT
        if y < _HEADER_HEIGHT:
            return self._header()
        if index < len(self._rows):
            return self._row_strip(index)
        if index == 0:
            mark = f"{_CURSOR} " if self.has_focus else "  "
            with_own_names = getattr(self.screen, "with_own_names", str)
            text = mark + sanitize(with_own_names(self._empty), self.size.width - _MARKER_WIDTH)
            return self._strip([Segment(text, terse(self.get_component_rich_style("row-list--empty")))])
        return Strip.blank(self.size.width, self.tone_style("normal"))

    def _header(self) -> Strip:
        text = "  " + (" " * COLUMN_GAP).join(map(self._title, self._shown, self._widths))
        if self.position_label:
            position = f" {self.position_label}"
            text = fit_to_width(text.rstrip(), self.size.width - len(position)) + position
        return self._strip([Segment(text, terse(self.get_component_rich_style("row-list--header")))])

    def _title(self, index: int, width: int) -> str:
        """Return the title of a column, with an arrow if the rows are sorted by it."""
        arrow = "" if self._sorted is None or self._sorted[0] != index else "▼" if self._sorted[1] else "▲"
        return aligned(column_title(self._columns[index].title, width, arrow), width, self._columns[index])

    def _row_strip(self, index: int) -> Strip:
        row = self._rows.row(index) or Row([_LOADING, *[""] * len(self._columns)], tone="dim")
        is_current = index == self.cursor
        highlight = Style()
        if is_current:
            name = "row-list--cursor-focused" if self.has_focus else "row-list--cursor"
            highlight = self._cursor_style(name)
        segments = self.markers(row, is_current=is_current, highlight=highlight)
        for index_of_cell, width in zip(self._shown, self._widths, strict=True):
            column = self._columns[index_of_cell]
            text = aligned(row.cells[index_of_cell], width, column)
            style = self._cell_style(cell_tone(row, index_of_cell, column), highlight)
            gap = " " * COLUMN_GAP if index_of_cell != self._shown[0] else ""
            segments.append(Segment(gap + text, style))
        return self._strip(merged(segments))

    def markers(self, row: Row, *, is_current: bool, highlight: Style) -> list[Segment]:
        """Return the bar of the cursor and the row's mark."""
        if is_current and self.has_focus:
            bar = Segment(_CURSOR, terse(self.get_component_rich_style("row-list--bar")))
        else:
            bar = Segment(_CURSOR, self.tone_style("dim")) if is_current else Segment(" ", self.tone_style("normal"))
        return [bar, Segment(row.mark or " ", self._cell_style(row.tone, highlight))]

    def _cursor_style(self, component: str) -> Style:
        """Return the part of a style that the cursor adds to a row's own: the colors of cells stay visible."""
        style = terse(self.get_component_rich_style(component))
        if component == "row-list--cursor":
            return Style(bold=True)
        return Style(bgcolor=style.bgcolor, bold=style.bold, reverse=style.reverse, dim=False)

    def _cell_style(self, tone: Tone, highlight: Style) -> Style:
        # A reversed color would become a colored block.
        return (self.tone_style("normal") if highlight.reverse else self.tone_style(tone)) + highlight

    def _strip(self, segments: list[Segment]) -> Strip:
        length = sum(cell_width(segment.text) for segment in segments)
        return Strip(segments, length).adjust_cell_length(self.size.width, self.tone_style("normal"))
