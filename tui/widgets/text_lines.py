"""A read-only pane of plain text, such as the license agreement or a whole audit entry."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.binding import BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.strip import Strip

from tui.bindings import bindings
from tui.widgets.safe_text import sanitize_lines
from tui.widgets.tones import Line, TonedView, common_width, line_width

_BLANK = Line(())
_WHEEL_LINES = 3


class TextLines(TonedView, can_focus=True):
    """Lines of plain text or of texts with tones. Showing another text redraws only the lines that differ.

    Args:
        text: The initial text.
        wrap: Wrap long lines between words; otherwise shorten them.
        can_focus: Let keys scroll the pane.
    """

    DEFAULT_CSS = """
    TextLines {
        height: 1fr;
        overflow: hidden hidden;
        background: $background;
        color: $foreground;
    }
    """
    BINDING_GROUP_TITLE = "Lists"
    BINDINGS: ClassVar[list[BindingType]] = bindings("up", "down", "page-up", "scroll-down", "first", "last")

    class Progress(Message):
        """Posted when `read_percent` or `end_seen` changes."""

        def __init__(self, text_lines: TextLines, read_percent: int, end_seen: bool) -> None:
            super().__init__()
            self.text_lines = text_lines
            self.read_percent = read_percent
            self.end_seen = end_seen

        @property
        def control(self) -> TextLines:
            """The pane, for `@on` with a selector."""
            return self.text_lines

    def __init__(
        self,
        text: str | Sequence[str | Line] = "",
        *,
        wrap: bool = True,
        can_focus: bool = True,
        id: str | None = None,  # noqa: A002 - Textual's name for it
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self.can_focus = can_focus
        self._wrap = wrap
        self._lines = _to_lines(text)
        self._drawn: list[Line] = []
        self._wrapped: tuple[int, dict[Line, list[Line]]] = 0, {}
        """A width, and the parts of each line at that width."""
        self._progress = (0, False)
        self._end_seen = False

    @property
    def end_seen(self) -> bool:
        """True if the last line of the current text has been in view."""
        return self._end_seen

    @property
    def overflows(self) -> bool:
        """True if the text has more lines than fit."""
        return len(self._drawn) > self.size.height

    @property
    def read_percent(self) -> int:
        """The position of the last line in view, from 0 to 100."""
        if not self._drawn:
            return 100
        return min(100, 100 * (self.scroll_offset.y + self.size.height) // len(self._drawn))

    def show(self, text: str | Sequence[str | Line], *, keep_place: bool = False) -> None:
        """Display another text from its beginning.

        Args:
            text: The text.
            keep_place: It is the same text with newer details, so it stays scrolled as it is.
        """
        self._lines = _to_lines(text)
        self._end_seen = self._end_seen and keep_place
        if self.scroll_offset.y and not keep_place:
            self.scroll_to(y=0, animate=False, force=True)
        self._draw_changes()
        self._update_progress()

    # -- drawing -------------------------------------------------------------

    def on_resize(self) -> None:
        """Wrap the text for the new width."""
        self._draw_changes()
        self._update_progress()

    def render_line(self, y: int) -> Strip:
        """Draw one line."""
        index = y + self.scroll_offset.y
        line = self._drawn[index] if index < len(self._drawn) else _BLANK
        strip = Strip(self.line_segments(line), line_width(line))
        return strip.adjust_cell_length(self.size.width, self.tone_style("normal"))

    def _draw_changes(self) -> None:
        old, new = self._drawn, self._fit_lines()
        self._drawn = new
        # A changed virtual size redraws the whole pane, so all texts that fit into the pane use the same size.
        self.virtual_size = Size(self.size.width, max(len(new), self.size.height))
        top = self.scroll_offset.y
        for y in range(self.size.height):
            before = old[top + y] if top + y < len(old) else _BLANK
            after = new[top + y] if top + y < len(new) else _BLANK
            if before != after:
                start = common_width(before, after)
                self.refresh(Region(start, y, max(line_width(before), line_width(after)) - start, 1))

    def _fit_lines(self) -> list[Line]:
        width = self.size.width
        if width <= 0:
            return []
        if self._wrap:
            return [part for parts in self._wrap_lines(width) for part in parts]
        return [line.shortened(width) for line in self._lines]

    def _wrap_lines(self, width: int) -> list[list[Line]]:
        """Return the parts of each line. Details are shown again and again with few changes, so the others are kept."""
        last_width, kept = self._wrapped
        if width != last_width:
            kept = {}
        parts = [kept[line] if line in kept else line.wrapped(width) for line in self._lines]
        self._wrapped = width, dict(zip(self._lines, parts, strict=True))
        return parts

    # -- scrolling -----------------------------------------------------------

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Update the progress."""
        super().watch_scroll_y(old_value, new_value)
        self._update_progress()

    def _update_progress(self) -> None:
        if not self.size.height:
            return
        percent = self.read_percent
        self._end_seen = self._end_seen or percent == 100
        if self._progress != (percent, self._end_seen):
            self._progress = (percent, self._end_seen)
            self.post_message(self.Progress(self, percent, self._end_seen))

    def _scroll_by(self, lines: int) -> None:
        self.scroll_to(y=self.scroll_offset.y + lines, animate=False, force=True)

    def on_mouse_scroll_down(self) -> None:
        """Scroll down by some lines for each step of the wheel."""
        self._scroll_by(_WHEEL_LINES)

    def on_mouse_scroll_up(self) -> None:
        """Scroll up by some lines for each step of the wheel."""
        self._scroll_by(-_WHEEL_LINES)

    def action_cursor_up(self) -> None:
        """Scroll up by one line."""
        self._scroll_by(-1)

    def action_cursor_down(self) -> None:
        """Scroll down by one line."""
        self._scroll_by(1)

    def action_page_up(self) -> None:
        """Scroll up by one page, keeping one line of the old page in view."""
        self._scroll_by(1 - self.size.height)

    def action_page_down(self) -> None:
        """Scroll down by one page, keeping one line of the old page in view."""
        self._scroll_by(self.size.height - 1)

    def action_first(self) -> None:
        """Scroll to the first line."""
        self._scroll_by(-len(self._drawn))

    def action_last(self) -> None:
        """Scroll to the last line."""
        self._scroll_by(len(self._drawn))


def _to_lines(text: str | Sequence[str | Line]) -> list[Line]:
    parts = [text] if isinstance(text, str) else text
    return [line for part in parts for line in _lines_of(part)]


def _lines_of(part: str | Line) -> list[Line]:
    if isinstance(part, Line):
        return [part]
    return [Line(((line, "normal"),)) for line in sanitize_lines(part)]
