"""The line where the program speaks: what was done, what is going on, what went wrong."""

from __future__ import annotations

from typing import ClassVar, Literal

from rich.segment import Segment
from textual.strip import Strip
from textual.widget import Widget

from tui.widgets.safe_text import fitted, visible, wrapped

Kind = Literal["ok", "note", "problem"]

_MARKS: dict[Kind, str] = {"ok": "OK: ", "note": "", "problem": "! "}


class StatusLine(Widget):
    """One line, or two where a message is long, that stay until another message comes.

    Args:
        vanishes: Take no line at all while there is nothing to say, as in a dialog.
    """

    DEFAULT_CSS = """
    StatusLine {
        height: 1;
        background: $background;
        color: $foreground;
        & > .status-line--ok { color: $text-success; }
        & > .status-line--problem { color: $text-error; text-style: bold; }
    }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "status-line--ok",
        "status-line--note",
        "status-line--problem",
    }

    MOST_LINES = 2

    def __init__(self, *, vanishes: bool = False) -> None:
        super().__init__()
        self._fewest_lines = 0 if vanishes else 1
        self._kind: Kind = "note"
        self._text = ""
        self._lines: list[str] = []

    @property
    def text(self) -> str:
        """What it says now, without the mark of its kind."""
        return self._text

    @property
    def kind(self) -> Kind:
        """The kind of what it says now."""
        return self._kind

    def say(self, text: str, kind: Kind = "note") -> None:
        """Say something until something else is said; an empty text says nothing.

        Args:
            text: One or two plain sentences.
            kind: Whether it went well, is only a note, or is a problem.
        """
        if (text, kind) == (self._text, self._kind):
            return
        self._text, self._kind = text, kind
        self._fit()
        self.refresh()

    def on_mount(self) -> None:
        """Take as many lines as there are to say."""
        self._fit()

    def on_resize(self) -> None:
        """Break the message for the new width."""
        self._fit()

    def render_line(self, y: int) -> Strip:
        """Draw one line of the message."""
        text = self._lines[y] if y < len(self._lines) else ""
        style = self.get_component_rich_style(f"status-line--{self._kind}")
        return Strip([Segment(fitted(text, self.size.width), style)], self.size.width)

    def _fit(self) -> None:
        width = self.size.width
        if width <= 0:
            return
        # What is far too long for the lines is cut before it is broken, however long it was.
        shown = _MARKS[self._kind] + visible(self._text, width * self.MOST_LINES * 2) if self._text else ""
        lines = wrapped(shown, width) if shown else []
        if len(lines) > self.MOST_LINES:
            rest = " ".join(lines[self.MOST_LINES - 1 :])
            lines = [*lines[: self.MOST_LINES - 1], visible(rest, width)]
        if lines != self._lines:
            self._lines = lines
            self.refresh()
        height = max(self._fewest_lines, len(lines))
        if self.styles.height is None or self.styles.height.value != height:
            self.styles.height = height
