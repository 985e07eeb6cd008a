"""The last line of a screen: the keys that matter here."""

from __future__ import annotations

from collections.abc import Sequence

from rich.segment import Segment
from textual.strip import Strip
from textual.widget import Widget

from tui.bindings import Key, display
from tui.widgets.plain import cells, visible

MOST_KEYS = 6
"""More than these nobody reads; the help has all."""


class KeyBar(Widget):
    """One line of keys and what they do, drawn again only when it says something else.

    Args:
        keys: The keys, the most important first.
    """

    DEFAULT_CSS = """
    KeyBar {
        height: 1;
        background: $background;
        color: $foreground;
        & > .key-bar--key { text-style: bold; }
    }
    """
    COMPONENT_CLASSES = {"key-bar--key"}  # noqa: RUF012 - declared so by Textual

    def __init__(self, keys: Sequence[Key] = ()) -> None:
        super().__init__()
        self._keys = tuple(keys)

    def show(self, keys: Sequence[Key]) -> None:
        """Show other keys."""
        if tuple(keys) != self._keys:
            self._keys = tuple(keys)
            self.refresh()

    def render_line(self, y: int) -> Strip:
        """Draw as many keys as fit."""
        width = self.size.width
        key_style = self.get_component_rich_style("key-bar--key")
        segments: list[Segment] = []
        used = 0
        for key in self._keys[:MOST_KEYS] if y == 0 else ():
            name, label = visible(display(key)), " " + visible(key.label)
            size = cells(name) + cells(label) + (2 if used else 0)
            if used + size > width:
                break
            if used:
                segments.append(Segment("  ", self.rich_style))
            segments += [Segment(name, key_style), Segment(label, self.rich_style)]
            used += size
        return Strip(segments, used).adjust_cell_length(width, self.rich_style)
