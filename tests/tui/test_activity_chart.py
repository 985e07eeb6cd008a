"""Tests of the bar chart of entries per day."""

from __future__ import annotations

from datetime import date

import pytest

from core.audit.activity import Activity
from core.offices.open_request import OpenRequest
from tests.support.user_driver import run_program
from tui.screens.audit_trail import AuditTrailScreen
from tui.widgets.activity_chart import ActivityChart, chart_lines, format_caption

FIRST = date(2024, 11, 1)


def bars(*counts: int, width: int = 80) -> str:
    return chart_lines(Activity(FIRST, counts), width)[0]


def caption(*counts: int, width: int = 80) -> str:
    return format_caption(Activity(FIRST, counts), width)


@pytest.mark.parametrize(
    ("width", "drawn"),
    [(80, "▄▄▄ ███ "), (8, "▄▄▄ ███ "), (7, "▄▄ ██ "), (6, "▄▄ ██ "), (5, "▄ █ "), (4, "▄ █ "), (3, "▄█"), (2, "▄█")],
)
def test_bars_use_the_available_width(width: int, drawn: str) -> None:
    assert bars(1, 2, width=width) == drawn


@pytest.mark.parametrize("days", [1, 2, 10, 31, 80, 365])
def test_bars_are_never_wider_than_the_screen(days: int) -> None:
    assert [width for width in range(1, 400) if len(bars(*range(days), width=width)) > width] == []


def test_bar_heights_are_relative_to_the_busiest_day() -> None:
    assert bars(*range(9), width=9) == "·▁▂▃▄▅▆▇█"


def test_a_day_without_entries_is_drawn_as_a_dot() -> None:
    assert bars(0, 8, 0, width=3) == "·█·"
    assert bars(0, 8) == "··· ███ "


def test_the_caption_says_that_no_day_has_entries() -> None:
    assert bars(0, 0, width=2) == "··"
    assert caption(0, 0) == "2024-11-01 to 2024-11-02 · no entries"


def test_one_entry_is_visible_next_to_thousands() -> None:
    assert bars(1, 100_000, 0, width=3) == "▁█·"


def test_the_caption_contains_the_range_and_the_busiest_day() -> None:
    assert caption(3, 1_200, 1_200, 0) == "2024-11-01 to 2024-11-04 · most on 2024-11-02: 1,200"


def test_only_the_last_days_are_drawn_if_not_all_fit() -> None:
    activity = Activity(FIRST, (9, 9, 0, 4, 2))
    assert chart_lines(activity, 3) == ("·█▄", "11-")


def test_the_axis_has_the_number_of_each_day_or_some_of_the_dates() -> None:
    assert chart_lines(Activity(date(2024, 10, 30), (1, 2, 3)), 12)[-1] == "30  31  1"
    assert chart_lines(Activity(date(2024, 10, 30), (1,) * 15), 15)[-1] == "10-30 11-05 11-"


def test_higher_bars_have_more_levels() -> None:
    assert chart_lines(Activity(FIRST, (1, 16, 8, 0)), 4, 2)[:2] == (" █  ", "▁██·")


async def test_a_narrower_terminal_draws_fewer_days(demo: OpenRequest) -> None:
    async with run_program(demo, size=(120, 24)) as user:
        await user.press("t")
        await user.at(AuditTrailScreen)
        await user.fill("filter", "")
        await user.press("enter")
        chart = user.screen.query_one(ActivityChart)
        assert len(chart.render_line(0).text) == 116
        assert "to 2024-11-05" in user.panel("activity")
        await user.pilot.resize_terminal(60, 24)
        await user.settle()
        # The demo practice has entries of yesterday and today.
        assert chart.render_line(0).text[-2:] not in ("··", "  ")
        assert len(chart.render_line(0).text.strip()) == 56


def test_a_caption_that_does_not_fit_names_no_day() -> None:
    assert caption(3, 1200, width=37) == "2024-11-01 to 2024-11-02 · most 1,200"
