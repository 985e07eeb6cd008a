"""A bar chart of the audit entries per day, made of block characters."""

from __future__ import annotations

from datetime import timedelta

from rich.segment import Segment
from textual.strip import Strip
from textual.widget import Widget

from core.audit.activity import Activity
from tui.widgets.safe_text import fit_to_width

_BARS = "▁▂▃▄▅▆▇█"
_NO_ENTRIES = "."
_MAX_BAR_WIDTH = 4


class ActivityChart(Widget):
    """Two lines: a bar for each day and a caption."""

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
        """The number of days that fit, one cell each."""
        return max(1, self.size.width)

    def show(self, activity: Activity) -> None:
        """Display other counts."""
        self._activity = activity
        self._draw_changes()

    def on_resize(self) -> None:
        """Display the days that fit now."""
        self._draw_changes()

    def _draw_changes(self) -> None:
        lines = chart_lines(self._activity, self.size.width) if self._activity else self._lines
        if lines != self._lines:
            self._lines = lines
            self.refresh()

    def render_line(self, y: int) -> Strip:
        """Draw the bars or the caption."""
        text = self._lines[y] if y < len(self._lines) else ""
        return Strip([Segment(fit_to_width(text, self.size.width), self.rich_style)], self.size.width)


def chart_lines(activity: Activity, width: int) -> tuple[str, str]:
    """Return the bars and their caption. A day without entries is drawn as a dot.

    The bars are as wide as fits. If not all days fit, the last ones are drawn.

    Args:
        activity: The entries per day.
        width: The maximum width of the bars, in cells.
    """
    surplus = max(0, len(activity.counts) - max(1, width))
    activity = Activity(activity.first + timedelta(days=surplus), activity.counts[surplus:])
    counts = activity.counts
    day, most = activity.busiest
    day_width = max(1, min(_MAX_BAR_WIDTH, width // max(1, len(counts))))
    bars = "".join(_bar(count, most) * (day_width - 1 or 1) + " " * (day_width > 1) for count in counts)
    if most == 0:
        return bars, f"No entries from {activity.first} to {activity.last}."
    return bars, f"Entries per day, {activity.first} to {activity.last}; most on {day}: {most:,}."


def _bar(count: int, most: int) -> str:
    if count == 0:
        return _NO_ENTRIES
    # Rounded up, so that a single entry is visible next to days with thousands.
    return _BARS[-(-count * len(_BARS) // most) - 1]
