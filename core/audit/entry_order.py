"""The order of the entries' numbers and times: gaps in the numbers, and times that go back."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from operator import le

MAX_KEPT = 5_000
"""The maximum number of gaps, and of setbacks, that are kept; gaps are counted beyond it."""


@dataclass(frozen=True)
class Gap:
    """Numbers that no entry has, between two that have one. Times are numbers such as 20241104103000."""

    before: int
    after: int
    moment_before: int
    moment_after: int


@dataclass(frozen=True)
class Setback:
    """An entry that is dated before the one with the number before it."""

    number: int
    moment: int
    number_before: int
    before: int


class EntryOrder:
    """Takes the numbers and times of all entries in the order of the numbers.

    Attributes:
        gap_count: The number of gaps.
        setbacks: The entries that are dated before the one before them.
    """

    def __init__(self) -> None:
        self.gap_count = 0
        self.setbacks: list[Setback] = []
        self._gaps: list[Gap] = []
        self._missing: dict[int, int] = {}
        """By the number before a gap, how many of its numbers nothing explains."""
        self._steps: Counter[int] = Counter()
        self._entries = 0
        self._last: tuple[int, int] | None = None
        self._last_dated: tuple[int, int] | None = None

    @property
    def gaps(self) -> list[Gap]:
        """The gaps of which at least one number isn't explained."""
        return [gap for gap in self._gaps if self._missing[gap.before] > 0]

    @property
    def step(self) -> int:
        """The step in which numbers usually grow: 1, or more with replication."""
        if not self._steps:
            return 1
        step, count = self._steps.most_common(1)[0]
        return step if count > self._entries / 2 else 1

    def add(self, numbers: Sequence[int], moments: Sequence[int]) -> None:
        """Take the next entries."""
        if not numbers:
            return
        self._entries += len(numbers)
        first = self._last[0] + 1 if self._last else numbers[0]
        if numbers[-1] - first + 1 != len(numbers):
            self._find_gaps(numbers, moments)
        dated = (
            [(number, moment) for number, moment in zip(numbers, moments, strict=True) if moment]
            if (0 in moments)
            else None
        )
        times = moments if dated is None else [moment for _, moment in dated]
        latest = self._last_dated[1] if self._last_dated else 0
        if times and (times[0] < latest or not all(map(le, times, times[1:]))):
            self._find_setbacks(dated or list(zip(numbers, moments, strict=True)))
        self._last = numbers[-1], moments[-1]
        if times:
            self._last_dated = dated[-1] if dated else self._last

    def fill(self, numbers: Iterable[int]) -> None:
        """Take numbers in gaps that something else explains or reports."""
        starts = [gap.before for gap in self._gaps]
        for number in numbers:
            place = bisect_right(starts, number - 1) - 1
            if place >= 0 and number < self._gaps[place].after:
                self._missing[starts[place]] -= 1

    def _find_gaps(self, numbers: Sequence[int], moments: Sequence[int]) -> None:
        entries = list(zip(numbers, moments, strict=True))
        for (before, moment_before), (after, moment_after) in pairwise(
            [self._last, *entries] if self._last else entries
        ):
            step = after - before
            if step == 1:
                continue
            if len(self._steps) < MAX_KEPT or step in self._steps:
                self._steps[step] += 1
            self.gap_count += 1
            if len(self._gaps) < MAX_KEPT:
                self._gaps.append(Gap(before, after, moment_before, moment_after))
                self._missing[before] = step - 1

    def _find_setbacks(self, entries: Sequence[tuple[int, int]]) -> None:
        for before, entry in pairwise([self._last_dated, *entries] if self._last_dated else entries):
            if entry[1] < before[1] and len(self.setbacks) < MAX_KEPT:
                self.setbacks.append(Setback(entry[0], entry[1], before[0], before[1]))
