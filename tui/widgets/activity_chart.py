"""Entries per day as a row of bars, made of characters."""

from __future__ import annotations

from datetime import timedelta

from rich.segment import Segment
from textual.strip import Strip
from textual.widget import Widget

from core.audit.activity import Activity
from tui.widgets.safe_text import fitted

_BARS = "▁▂▃▄▅▆▇█"
_NOTHING = "."
_WIDEST = 4


class ActivityChart(Widget):
    """Two lines: a bar for each day, and what the bars are."""

    DEFAULT_CSS = """
    ActivityChart {
        height: 2;
        background: $background;
        color: $foreground;
    }
    """

    def __init__(self) -> None:
        super().__init__()
        self._activity: Activity | None = None
        self._lines = ("", "")

    @property
    def days(self) -> int:
        """How many days there is room for."""
        return max(1, self.size.width)

    def show(self, activity: Activity) -> None:
        """Show how many entries there were."""
        self._activity = activity
        self._fit()

    def on_resize(self) -> None:
        """Show the days for which there is room now."""
        self._fit()

    def _fit(self) -> None:
        lines = chart_lines(self._activity, self.size.width) if self._activity else self._lines
        if lines != self._lines:
            self._lines = lines
            self.refresh()

    def render_line(self, y: int) -> Strip:
        """Draw the bars, or the line below them."""
        text = self._lines[y] if y < len(self._lines) else ""
        return Strip([Segment(fitted(text, self.size.width), self.rich_style)], self.size.width)


def chart_lines(activity: Activity, width: int) -> tuple[str, str]:
    """The bars, each as wide as there is room for, and a sentence about them; a day without entries is a point.

    Where there is no room for all days, the last ones are shown.
    """
    surplus = max(0, len(activity.counts) - max(1, width))
    activity = Activity(activity.first + timedelta(days=surplus), activity.counts[surplus:])
    counts = activity.counts
    day, most = activity.busiest
    wide = max(1, min(_WIDEST, width // max(1, len(counts))))
    bars = "".join(_bar(count, most) * (wide - 1 or 1) + " " * (wide > 1) for count in counts)
    if most == 0:
        return bars, f"No entries from {activity.first} to {activity.last}."
    return bars, f"Entries per day, {activity.first} to {activity.last}; most on {day}: {most:,}."


def _bar(count: int, most: int) -> str:
    if count == 0:
        return _NOTHING
    # Rounded up, so that a single entry is seen beside thousands.
    return _BARS[-(-count * len(_BARS) // most) - 1]
