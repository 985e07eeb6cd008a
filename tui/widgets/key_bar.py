"""The last line of a screen: the most important keys of the screen."""

from __future__ import annotations

from collections.abc import Sequence

from rich.segment import Segment
from textual.strip import Strip
from textual.widget import Widget

from tui.bindings import Key, display, typing_key
from tui.widgets.safe_text import cell_width, sanitize

MAX_KEYS = 7
"""The maximum number of keys in the bar. A longer bar is hard to read, and the help lists all keys."""


class KeyBar(Widget):
    """One line of keys and their labels, redrawn only when it changes.

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
        self._typing = False

    def show(self, keys: Sequence[Key], *, typing: bool = False) -> None:
        """Display other keys.

        Args:
            keys: The keys, the most important first.
            typing: A text field has focus and takes letters as text. Display only the keys that work anyway.
        """
        if (tuple(keys), typing) != (self._keys, self._typing):
            self._keys, self._typing = tuple(keys), typing
            self.refresh()

    def _key_names(self) -> list[tuple[str, str]]:
        """Return the displayed name and the label of each key that works now."""
        names = [(typing_key(key) if self._typing else key.keys, key.label) for key in self._keys]
        return [(display(name), label) for name, label in names if name is not None]

    def render_line(self, y: int) -> Strip:
        """Draw as many keys as fit."""
        width = self.size.width
        key_style = self.get_component_rich_style("key-bar--key")
        segments: list[Segment] = []
        used = 0
        for key_name, key_label in self._key_names()[:MAX_KEYS] if y == 0 else ():
            name, label = sanitize(key_name), " " + sanitize(key_label)
            size = cell_width(name) + cell_width(label) + (2 if used else 0)
            if used + size > width:
                break
            if used:
                segments.append(Segment("  ", self.rich_style))
            segments += [Segment(name, key_style), Segment(label, self.rich_style)]
            used += size
        return Strip(segments, used).adjust_cell_length(width, self.rich_style)
