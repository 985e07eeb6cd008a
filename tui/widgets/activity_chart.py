"""A bar chart of the audit entries per day, made of block characters, with an axis."""

from __future__ import annotations

from datetime import date, timedelta

from rich.segment import Segment
from textual.strip import Strip

from core.audit.activity import Activity
from tui.widgets.panel import Panel
from tui.widgets.safe_text import fit_to_width
from tui.widgets.tones import TonedView

_BARS = " ▁▂▃▄▅▆▇█"
_LEVELS = len(_BARS) - 1
_NO_ENTRIES = "·"
_MAX_DAY_WIDTH = 4
_TITLE_CELLS = 23
"""The cells of the border's upper line that are left to its corners, blanks and the panel's name."""
_TICK_WIDTH = 6
"""The width of a day's label on the axis if the days are narrower than their numbers, and the space after it."""


class ActivityPanel(Panel):
    """A panel with the chart; its title has the days and the most entries on one of them."""

    def __init__(self) -> None:
        super().__init__(ActivityChart(), id="activity")
        self._activity: Activity | None = None

    def on_mount(self) -> None:
        """Show the title."""
        self.show_title("Entries per day")

    @property
    def chart(self) -> ActivityChart:
        """The chart."""
        return self.query_one(ActivityChart)

    def show(self, activity: Activity) -> None:
        """Display other counts."""
        self._activity = activity
        self._show_caption()
        self.chart.show(activity)

    def on_resize(self) -> None:
        """Show the title that fits now."""
        self._show_caption()

    def _show_caption(self) -> None:
        if self._activity is not None:
            room = self.outer_size.width - _TITLE_CELLS
            self.show_title("Entries per day", format_caption(self._activity, room))


class ActivityChart(TonedView):
    """A bar for each day, and the days below them."""

    DEFAULT_CSS = """
    ActivityChart {
        height: 2;
        overflow: hidden hidden;
        background: $background;
        color: $foreground;
    }
    """

    def __init__(self) -> None:
        super().__init__()
        self._activity: Activity | None = None
        self._lines: tuple[str, ...] = ()

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
        height = max(1, self.size.height - 1)
        lines = chart_lines(self._activity, self.size.width, height) if self._activity else ()
        if lines != self._lines:
            self._lines = lines
            self.refresh()

    def render_line(self, y: int) -> Strip:
        """Draw a line of the bars, or the axis."""
        text = self._lines[y] if y < len(self._lines) else ""
        style = self.tone_style("dim" if y == len(self._lines) - 1 else "accent")
        return Strip([Segment(fit_to_width(text, self.size.width), style)], self.size.width)


def chart_lines(activity: Activity, width: int, height: int = 1) -> tuple[str, ...]:
    """Return the lines of the bars, from the top, and the axis. A day without entries is drawn as a dot.

    The bars are as wide as fits. If not all days fit, the last ones are drawn.

    Args:
        activity: The entries per day.
        width: The maximum width of the bars, in cells.
        height: The number of lines of the bars.
    """
    surplus = max(0, len(activity.counts) - max(1, width))
    first, counts = activity.first + timedelta(days=surplus), activity.counts[surplus:]
    most = max(counts)
    day_width = max(1, min(_MAX_DAY_WIDTH, width // max(1, len(counts))))
    lines = [
        "".join(_bar(count, most, row, height) * (day_width - 1 or 1) + " " * (day_width > 1) for count in counts)
        for row in reversed(range(height))
    ]
    return (*lines, _axis(first, len(counts), day_width))


def format_caption(activity: Activity, width: int) -> str:
    """Return the days of a chart and the most entries on one of them; also that day if it fits into a width."""
    day, most = activity.busiest
    days = f"{activity.first} to {activity.last}"
    remark = "" if activity.follows_filter else " · not filtered: too many entries"
    if not most:
        return f"{days} · no entries{remark}"
    caption = f"{days} · most on {day}: {most:,}{remark}"
    return caption if len(caption) <= width else f"{days} · most {most:,}{remark}"


def _bar(count: int, most: int, row: int, height: int) -> str:
    """Return the character of a bar in a row, counted from the bottom."""
    if count == 0:
        return _NO_ENTRIES if row == 0 else " "
    # Rounded up, so that a single entry is visible next to days with thousands.
    level = -(-count * _LEVELS * height // most) - row * _LEVELS
    return _BARS[max(0, min(_LEVELS, level))]


def _axis(first: date, days: int, day_width: int) -> str:
    """Return the number of each day below its bar, or some of the dates if the days are too narrow for that."""
    dates = [first + timedelta(days=number) for number in range(days)]
    if day_width > 2:
        return "".join(f"{each.day:<{day_width}}" for each in dates).rstrip()
    step = -(-_TICK_WIDTH // day_width)
    ticks = [f"{each:%m-%d}".ljust(step * day_width) for each in dates[::step]]
    return "".join(ticks)[: days * day_width].rstrip()
