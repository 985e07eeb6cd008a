"""The status line: results, progress and problems, and on the right how to undo what just happened."""

from __future__ import annotations

from typing import ClassVar, Literal

from rich.segment import Segment
from textual.strip import Strip
from textual.widget import Widget

from tui.widgets.safe_text import cell_width, fit_to_width, sanitize, wrap

Kind = Literal["ok", "note", "problem"]

_MARKS: dict[Kind, str] = {"ok": "✓ ", "note": "", "problem": "! "}


_GAP = 2
"""The blanks between a message and the hints on its right."""


class StatusLine(Widget):
    """One message, which stays until the next one. A long message takes several lines.

    Args:
        collapse: Take no line while there is no message, as in a dialog.
        max_lines: The number of lines after which a message is cut.
        more: The hint on the right of a message that is cut: the key that shows the whole message.
    """

    DEFAULT_CSS = """
    StatusLine {
        height: 1;
        background: $background;
        color: $foreground;
        padding: 0 1;
        & > .status-line--ok { color: $good; }
        & > .status-line--problem { color: $alert; text-style: bold; }
        & > .status-line--hint { color: $focus; text-style: bold; }
    }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "status-line--ok",
        "status-line--note",
        "status-line--problem",
        "status-line--hint",
    }

    def __init__(self, *, collapse: bool = False, max_lines: int = 2, more: str = "") -> None:
        super().__init__()
        self._min_lines = 0 if collapse else 1
        self._max_lines = max_lines
        self._more = more
        self._hint = ""
        self._right = ""
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

    @property
    def hint(self) -> str:
        """The hint on the right of the message; empty for none."""
        return self._right

    def show(self, text: str, kind: Kind = "note", hint: str = "") -> None:
        """Display a message until the next one.

        Args:
            text: One or two plain sentences; empty for no message.
            kind: `ok` for a success, `problem` for a failure, `note` for anything else.
            hint: A key and what it does with what just happened, on the right; empty for none.
        """
        if (text, kind, hint) == (self._text, self._kind, self._hint):
            return
        self._text, self._kind, self._hint = text, kind, hint
        self._wrap_text()
        self.refresh()
        if hint:
            self._remove_older_hints()

    def _remove_older_hints(self) -> None:
        """Remove the hints of the screens below, whose keys would now act on what this message is about."""
        for screen in self.app.screen_stack:
            for older in screen.query(StatusLine):
                if older is not self:
                    older.show(older.text, older.kind)

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
        if not self._right or y != len(self._lines) - 1:
            return Strip([Segment(fit_to_width(text, self.size.width), style)], self.size.width)
        room = self.size.width - cell_width(self._right)
        hint = Segment(self._right, self.get_component_rich_style("status-line--hint"))
        return Strip([Segment(fit_to_width(text, room), style), hint], self.size.width)

    def _wrap_text(self) -> None:
        width = self.size.width
        if width <= 0:
            return
        lines, right = self._fit(width, self._hint)
        if len(lines) > self._max_lines:
            lines, right = self._fit(width, "  ".join(filter(None, (self._more, self._hint))))
            rest = " ".join(lines[self._max_lines - 1 :])
            lines = [*lines[: self._max_lines - 1], sanitize(rest, width - _room_for(right))]
        if (lines, right) != (self._lines, self._right):
            self._lines, self._right = lines, right
            self.refresh()
        height = max(self._min_lines, len(lines))
        if self.styles.height is None or self.styles.height.value != height:
            self.styles.height = height

    def _fit(self, width: int, right: str) -> tuple[list[str], str]:
        """Return the lines of the message, narrow enough for the hint on the right, and the hint if there is room."""
        if not self._text:
            return [], ""
        if width < 3 * _room_for(right):
            right = ""
        room = width - _room_for(right)
        # Shortened before it is wrapped, so that a very long message costs no more than a full one.
        return wrap(_MARKS[self._kind] + sanitize(self._text, room * self._max_lines * 2), room), right


def _room_for(right: str) -> int:
    return cell_width(right) + _GAP if right else 0
