"""The last line of a screen: the keys that work now."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.segment import Segment
from textual import events
from textual.strip import Strip
from textual.widget import Widget

from tui.key_definition import Key
from tui.key_names import display
from tui.widgets.safe_text import cell_width, sanitize

_GAP = 2


class KeyBar(Widget):
    """One line of keys and their labels, as many as fit, redrawn only when it changes."""

    DEFAULT_CSS = """
    KeyBar {
        height: 1;
        background: $background;
        color: $foreground;
        padding: 0 1;
        & > .key-bar--key { color: $focus; text-style: bold; }
    }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {"key-bar--key"}

    def __init__(self) -> None:
        super().__init__()
        self._keys: tuple[tuple[str, Key], ...] = ()

    def show(self, keys: Sequence[tuple[str, Key]]) -> None:
        """Display other keys, each under the name by which it works now, the most important first."""
        if tuple(keys) != self._keys:
            self._keys = tuple(keys)
            self.refresh()

    def on_click(self, event: events.Click) -> None:
        """Do what the key that was clicked does."""
        left = 0
        for name, key in self._fitting():
            width = _width(name, key)
            if left <= event.x - self.styles.padding.left < left + width - _GAP:
                self.app.simulate_key(name.split(",")[0])
                return
            left += width

    def _fitting(self) -> list[tuple[str, Key]]:
        """Return the keys that fit, with their names. The help is always among them, and comes last."""
        ordered = sorted(self._keys, key=lambda named: named[1].id == "help")
        while ordered and sum(_width(*named) for named in ordered) > self.size.width + _GAP:
            del ordered[len(ordered) - (2 if len(ordered) > 1 and ordered[-1][1].id == "help" else 1)]
        return ordered

    def render_line(self, y: int) -> Strip:
        """Draw as many keys as fit."""
        key_style = self.get_component_rich_style("key-bar--key")
        segments: list[Segment] = []
        for name, key in self._fitting() if y == 0 else ():
            if segments:
                segments.append(Segment(" " * _GAP, self.rich_style))
            shown, label = _texts(name, key)
            segments += [Segment(shown, key_style), Segment(f" {label}", self.rich_style)]
        used = sum(cell_width(segment.text) for segment in segments)
        return Strip(segments, used).adjust_cell_length(self.size.width, self.rich_style)


def _texts(name: str, key: Key) -> tuple[str, str]:
    return sanitize(display(name)), sanitize(key.label)


def _width(name: str, key: Key) -> int:
    """Return the width of a key with its label and the gap behind it, in cells."""
    shown, label = _texts(name, key)
    return cell_width(shown) + 1 + cell_width(label) + _GAP
