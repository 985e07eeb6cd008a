"""A small bar chart, laid out for a template that draws it as SVG."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

_BAR, _GAP = 5, 1
HEIGHT = 24


@dataclass(frozen=True)
class Bar:
    """A bar, in units of the chart's view box."""

    x: int
    y: int
    width: int
    height: int
    label: str
    """The text that a pointer over it shows."""


@dataclass(frozen=True)
class BarChart:
    """Bars from left to right, on a line."""

    width: int
    height: int
    bars: tuple[Bar, ...]
    label: str
    """The chart in a sentence, for those who can't see it."""


def bar_chart(values: Sequence[int], labels: Sequence[str], label: str) -> BarChart:
    """Lay out a bar for each value, the largest one as high as the chart. A value above 0 is at least one unit high.

    Args:
        values: The values; none of them is negative.
        labels: What each of them stands for.
        label: The chart in a sentence.
    """
    most = max(values, default=0)
    bars = []
    for place, (value, meaning) in enumerate(zip(values, labels, strict=True)):
        height = max(1, round(value * HEIGHT / most)) if value else 0
        bars.append(Bar(place * (_BAR + _GAP), HEIGHT - height, _BAR, height, f"{meaning}: {value:,}"))
    return BarChart(max(1, len(values) * (_BAR + _GAP) - _GAP), HEIGHT, tuple(bars), label)
