"""The second line of a screen: the places that a digit goes to, and which one this is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.segment import Segment
from textual import events
from textual.strip import Strip
from textual.widget import Widget

from tui.key_definition import Key
from tui.key_names import display

_GAPS = (3, 2)
"""The numbers of blanks between two places, the better one first."""


class PlacesLine(Widget):
    """The digits and names of the places. The current one is bold and underlined, so it needs no color."""

    DEFAULT_CSS = """
    PlacesLine {
        height: 1;
        background: $background;
        color: $foreground;
        padding: 0 0 0 1;
        & > .places-line--current { color: $focus; text-style: bold underline; }
        & > .places-line--other { color: $muted; text-style: $muted-style; }
    }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {"places-line--current", "places-line--other"}

    def __init__(self) -> None:
        super().__init__()
        self._places: tuple[Key, ...] = ()
        self._current = ""

    def show(self, places: Sequence[Key], current: str) -> None:
        """Display places.

        Args:
            places: The keys of the places.
            current: The id of the key of the current place.
        """
        if (tuple(places), current) != (self._places, self._current):
            self._places, self._current = tuple(places), current
            self.refresh()

    def on_click(self, event: events.Click) -> None:
        """Go to the place that was clicked."""
        texts, gap = self._fit()
        left = 0
        for place, text in zip(self._places, texts, strict=True):
            if left <= event.x - self.styles.padding.left < left + len(text):
                self.app.simulate_key(place.keys.split(",")[0])
                return
            left += len(text) + gap

    def render_line(self, y: int) -> Strip:
        """Draw the line."""
        segments: list[Segment] = []
        texts, gap = self._fit()
        for place, text in zip(self._places, texts, strict=True) if y == 0 else ():
            kind = "current" if place.id == self._current else "other"
            style = self.get_component_rich_style(f"places-line--{kind}")
            segments += [Segment(text, style), Segment(" " * gap, self.rich_style)]
        length = sum(len(segment.text) for segment in segments)
        return Strip(segments, length).adjust_cell_length(self.size.width, self.rich_style)

    def _fit(self) -> tuple[list[str], int]:
        """Return the texts of the places and the gap between them; the first words of the names if all don't fit."""
        texts = [f"{display(place)} {place.label}" for place in self._places]
        for gap in _GAPS:
            if sum(map(len, texts)) + gap * (len(texts) - 1) <= self.size.width:
                return texts, gap
        return [f"{display(place)} {place.label.split()[0]}" for place in self._places], _GAPS[-1]
