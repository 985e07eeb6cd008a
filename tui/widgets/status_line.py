"""The status line: results, progress and problems."""

from __future__ import annotations

from typing import ClassVar, Literal

from rich.segment import Segment
from textual.strip import Strip
from textual.widget import Widget

from tui.widgets.safe_text import fit_to_width, sanitize, wrap

Kind = Literal["ok", "note", "problem"]

_MARKS: dict[Kind, str] = {"ok": "✓ ", "note": "", "problem": "! "}


class StatusLine(Widget):
    """One message, which stays until the next one. A long message takes two lines.

    Args:
        collapse: Take no line while there is no message, as in a dialog.
    """

    DEFAULT_CSS = """
    StatusLine {
        height: 1;
        background: $background;
        color: $foreground;
        padding: 0 1;
        & > .status-line--ok { color: $good; }
        & > .status-line--problem { color: $alert; text-style: bold; }
    }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "status-line--ok",
        "status-line--note",
        "status-line--problem",
    }

    MAX_LINES = 2

    def __init__(self, *, collapse: bool = False) -> None:
        super().__init__()
        self._min_lines = 0 if collapse else 1
        self._kind: Kind = "note"
        self._text = ""
        self._lines: list[str] = []

    @property
    def text(self) -> str:
        """The current message, without the mark of its kind."""
        return self._text

    @property
    def kind(self) -> Kind:
        """The kind of the current message."""
        return self._kind

    def show(self, text: str, kind: Kind = "note") -> None:
        """Display a message until the next one.

        Args:
            text: One or two plain sentences; empty for no message.
            kind: `ok` for a success, `problem` for a failure, `note` for anything else.
        """
        if (text, kind) == (self._text, self._kind):
            return
        self._text, self._kind = text, kind
        self._wrap_text()
        self.refresh()

    def on_mount(self) -> None:
        """Wrap the message and set the height."""
        self._wrap_text()

    def on_resize(self) -> None:
        """Wrap the message for the new width."""
        self._wrap_text()

    def render_line(self, y: int) -> Strip:
        """Draw one line of the message."""
        text = self._lines[y] if y < len(self._lines) else ""
        style = self.get_component_rich_style(f"status-line--{self._kind}")
        return Strip([Segment(fit_to_width(text, self.size.width), style)], self.size.width)

    def _wrap_text(self) -> None:
        width = self.size.width
        if width <= 0:
            return
        # Shortened before it is wrapped, so that a very long message costs no more than a full one.
        shown = _MARKS[self._kind] + sanitize(self._text, width * self.MAX_LINES * 2) if self._text else ""
        lines = wrap(shown, width) if shown else []
        if len(lines) > self.MAX_LINES:
            rest = " ".join(lines[self.MAX_LINES - 1 :])
            lines = [*lines[: self.MAX_LINES - 1], sanitize(rest, width)]
        if lines != self._lines:
            self._lines = lines
            self.refresh()
        height = max(self._min_lines, len(lines))
        if self.styles.height is None or self.styles.height.value != height:
            self.styles.height = height
