"""A panel with the details of the row under a list's cursor."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from tui.widgets.panel import Panel
from tui.widgets.text_lines import TextLines
from tui.widgets.tones import Line, Tone, safe_line

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.timer import Timer

DETAILS_DELAY = 0.15
"""Seconds without a move of the cursor before the details follow it. Keys that repeat send only the two list lines."""

KEY_LABEL_WIDTH = 9
"""The width of the labels in the details of a key, with the space after the longest one."""


class DetailsPanel(Panel):
    """A panel whose text follows a cursor."""

    def __init__(self) -> None:
        super().__init__(id="details-panel")
        self._timer: Timer | None = None

    def compose(self) -> ComposeResult:
        """Compose the text."""
        yield TextLines(id="details")

    def show_lines(self, lines: Sequence[Line], *, keep_place: bool = False) -> None:
        """Display lines. Tab reaches them only if they are more than fit, so that it soon reaches the fields.

        Args:
            lines: The lines.
            keep_place: They describe the same as before, so they stay scrolled as they are.
        """
        text = self.query_one(TextLines)
        text.show(lines, keep_place=keep_place)
        text.can_focus = text.has_focus or text.overflows

    def follow(self, show: Callable[[], None]) -> None:
        """Call a function that shows other details, once the cursor rests."""
        if self._timer is not None:
            self._timer.stop()
        if DETAILS_DELAY:
            self._timer = self.set_timer(DETAILS_DELAY, show)
        else:
            show()


def labeled(label: str, text: str, width: int, tone: Tone = "normal") -> Line:
    """Return a line with a label of some width before a text."""
    return safe_line((f"{label:<{width}}", "dim"), (text, tone), indent=width)
