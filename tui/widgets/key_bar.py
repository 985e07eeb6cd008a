"""The last line of a screen: the keys that matter here."""

from __future__ import annotations

from collections.abc import Sequence

from rich.segment import Segment
from textual.strip import Strip
from textual.widget import Widget

from tui.bindings import Key, display, typing_key
from tui.widgets.safe_text import cells, visible

MAX_KEYS = 7
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
        self._typing = False

    def show(self, keys: Sequence[Key], *, typing: bool = False) -> None:
        """Show other keys.

        Args:
            keys: The keys, the most important first.
            typing: A text field has focus, which takes letters for itself: only keys that work all the same are shown.
        """
        if (tuple(keys), typing) != (self._keys, self._typing):
            self._keys, self._typing = tuple(keys), typing
            self.refresh()

    def _named(self) -> list[tuple[str, str]]:
        """The keys as they are shown now, with what they do."""
        names = [(typing_key(key) if self._typing else key.keys, key.label) for key in self._keys]
        return [(display(name), label) for name, label in names if name is not None]

    def render_line(self, y: int) -> Strip:
        """Draw as many keys as fit."""
        width = self.size.width
        key_style = self.get_component_rich_style("key-bar--key")
        segments: list[Segment] = []
        used = 0
        for shown, does in self._named()[:MAX_KEYS] if y == 0 else ():
            name, label = visible(shown), " " + visible(does)
            size = cells(name) + cells(label) + (2 if used else 0)
            if used + size > width:
                break
            if used:
                segments.append(Segment("  ", self.rich_style))
            segments += [Segment(name, key_style), Segment(label, self.rich_style)]
            used += size
        return Strip(segments, used).adjust_cell_length(width, self.rich_style)
