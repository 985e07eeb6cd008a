"""The sealed entries of a practice, read from the lists of all seals in the order of their numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import chain, groupby

from core.seals.entry_list import Block, ListedEntries, UnreadableBlock, unpack
from core.seals.seal import Seal

Blocks = Callable[[int | None, int | None], Iterable[Block]]
"""Returns the blocks of a list that may have entries after a number and up to another one; None for no limit."""

_WINDOW_ENTRIES = 100_000
"""With random numbers, every list covers all numbers, so about so many entries are read at once."""


class SealedEntries:
    """Reads what was sealed, one range of numbers after the other.

    Args:
        lists: The seals, each with the blocks of its list.
        in_windows: True if numbers are random.
    """

    def __init__(self, lists: Sequence[tuple[Seal, Blocks]], *, in_windows: bool) -> None:
        self._lists = lists
        self._low = min((seal.content.first for seal, _ in lists), default=0) - 1
        high = max((seal.content.last for seal, _ in lists), default=0)
        total = sum(seal.content.entries for seal, _ in lists)
        self._span = (high - self._low) // max(1, total // _WINDOW_ENTRIES) + 1 if in_windows else 0
        self._window: list[tuple[int, ListedEntries]] = []
        self._window_end = self._low
        self._high = high

    def between(self, after: int | None, last: int | None) -> list[tuple[int, ListedEntries]]:
        """Return the sealed entries with numbers after one and up to another, by the numbers of their seals."""
        if not self._span:
            return self._read(after, last)
        found: list[tuple[int, ListedEntries]] = []
        end = self._high if last is None else min(last, self._high)
        start = self._low if after is None else max(after, self._low)
        while start < end:
            if start >= self._window_end or not self._window:
                first = max(start, self._window_end)
                self._window_end = first + self._span
                self._window = self._read(start, self._window_end)
            until = min(end, self._window_end)
            found += [(seal, part) for seal, listed in self._window if (part := listed.between(start, until)).numbers]
            start = until
        return found

    def _read(self, after: int | None, last: int | None) -> list[tuple[int, ListedEntries]]:
        found = []
        for seal, blocks in self._lists:
            content = seal.content
            if (last is not None and content.first > last) or (after is not None and content.last <= after):
                continue
            for block in blocks(after, last):
                part = _entries(block)
                low = part.numbers[0] - 1 if part.numbers and after is None else after
                high = part.numbers[-1] if part.numbers and last is None else last
                if part.numbers and low is not None and high is not None:
                    part = part.between(low, high)
                if part.numbers:
                    found.append((content.number, part))
        return _joined(found)


def _joined(parts: Sequence[tuple[int, ListedEntries]]) -> list[tuple[int, ListedEntries]]:
    """Return the parts with those of one seal that follow each other as one, which is compared at once."""
    joined: list[tuple[int, ListedEntries]] = []
    for seal, members in groupby(parts, key=lambda part: part[0]):
        lists = [listed for _, listed in members]
        numbers = list(chain.from_iterable(each.numbers for each in lists))
        moments = list(chain.from_iterable(each.moments for each in lists))
        joined.append((seal, ListedEntries(numbers, moments, b"".join(each.digests for each in lists))))
    return joined


def _entries(block: Block) -> ListedEntries:
    try:
        return unpack(block.content)
    except UnreadableBlock:
        return ListedEntries((), (), b"")
