"""The size of ranges: adapted to the time on the server, and to nothing else."""

from __future__ import annotations

from math import inf

from core.audit.range_size import (
    FIRST_ROWS,
    MAX_ROWS,
    MIN_ROWS,
    STATEMENT_SECONDS,
    AdaptiveSize,
    RangeSize,
    SizeLimits,
)


def read_ranges(size: RangeSize, row_seconds: float, count: int = 30, round_trip: float = 0.0) -> float:
    """Read ranges at this pace, and return the seconds that the last one took on the server."""
    seconds = 0.0
    for _ in range(count):
        seconds = size.rows * row_seconds
        size.adapt(round_trip + seconds)
    return seconds


def test_a_statement_takes_as_long_as_it_should_on_any_server() -> None:
    for row_seconds in (0.000_002, 0.000_01, 0.000_1):
        seconds = read_ranges(RangeSize(), row_seconds)
        assert 0.9 * STATEMENT_SECONDS < seconds <= STATEMENT_SECONDS


def test_the_size_has_limits() -> None:
    fast, slow = RangeSize(), RangeSize()
    read_ranges(fast, 1e-9)
    read_ranges(slow, 1.0)
    assert (fast.rows, slow.rows) == (MAX_ROWS, MIN_ROWS)


def test_the_first_ranges_grow_slowly() -> None:
    size = RangeSize()
    size.adapt(0.0)
    assert size.rows == 2 * FIRST_ROWS


def test_round_trips_are_not_counted() -> None:
    near, far = RangeSize(), RangeSize(round_trip=0.08)
    read_ranges(near, 0.000_01)
    read_ranges(far, 0.000_01, round_trip=0.08)
    assert abs(far.rows - near.rows) <= 1


def test_a_round_trip_that_was_measured_too_long_is_corrected() -> None:
    size = RangeSize(round_trip=0.5)
    # The first statement is shorter than the round trip that was measured, while the server was busy.
    read_ranges(size, 0.000_01, round_trip=0.001)
    seconds = read_ranges(size, 0.000_01, round_trip=0.001)
    assert seconds < 2 * STATEMENT_SECONDS


def test_a_range_that_is_much_too_slow_shrinks_the_next_one_at_once() -> None:
    size = RangeSize()
    read_ranges(size, 0.000_01)
    before = size.rows
    size.adapt(10 * STATEMENT_SECONDS)
    assert size.rows <= before / 4


def test_a_single_slow_range_is_soon_forgotten() -> None:
    size = RangeSize()
    read_ranges(size, 0.000_01)
    before = size.rows
    size.adapt(10 * STATEMENT_SECONDS)
    read_ranges(size, 0.000_01, count=4)
    assert size.rows >= 0.9 * before


def test_a_server_that_became_slow_gets_smaller_ranges() -> None:
    size = RangeSize()
    read_ranges(size, 0.000_01)
    assert read_ranges(size, 0.000_05) <= STATEMENT_SECONDS


def test_a_size_in_another_unit_follows_the_same_rules() -> None:
    hours = AdaptiveSize(SizeLimits(first=6, smallest=0.25, largest=384, seconds=0.01), round_trip=inf)
    hours.note_round_trip(0.08)
    for _ in range(30):
        hours.adapt(0.08 + hours.value * 0.000_5)
    assert 19 < hours.value < 21


def test_a_busy_computer_on_which_all_statements_take_long_does_not_shrink_ranges() -> None:
    size = RangeSize(round_trip=0.001)
    for _ in range(30):
        size.note_round_trip(0.05)
        size.adapt(0.05 + size.rows * 0.000_01)
    assert size.rows > 1_500
