"""The message that covers the screen while the terminal is too small."""

from __future__ import annotations

from rich.segment import Segment
from textual.geometry import Size
from textual.strip import Strip
from textual.widget import Widget

from tui.bindings import key
from tui.key_names import display
from tui.platform.shell import MIN_SIZE
from tui.widgets.safe_text import fit_to_width, wrap


class TooSmallMessage(Widget):
    """Covers the whole screen with a message while the terminal is too small."""

    def render_line(self, y: int) -> Strip:
        """Draw one line of the message."""
        lines = wrap(too_small_message(self.size), self.size.width)
        text = lines[y] if y < len(lines) else ""
        return Strip([Segment(fit_to_width(text, self.size.width), self.rich_style)], self.size.width)


def too_small_message(size: Size) -> str:
    """Describe the terminal's size, the smallest usable size and what to do."""
    return (
        f"This terminal is {size.width}x{size.height}; apisetup needs at least {MIN_SIZE.width}x{MIN_SIZE.height}."
        f" Make the window larger, or press {display(key('quit'))} to quit."
    )
