"""The sealed entries of a practice, read from the lists of all seals in the order of their numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain

from core.seals.entry_list import Block, ListedEntries, UnreadableBlock, unpack
from core.seals.seal import Seal

Blocks = Callable[[int | None, int | None], Iterable[Block]]
"""Returns the blocks of a list that may have entries after a number and up to another one; None for no limit."""

_NOTHING = ListedEntries((), (), b"")
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
        self._in_windows = in_windows
        self._streams = [_Stream(seal, blocks) for seal, blocks in lists]
        self._low = min((seal.content.first for seal, _ in lists), default=0) - 1
        high = max((seal.content.last for seal, _ in lists), default=0)
        total = sum(seal.content.entries for seal, _ in lists)
        self._span = (high - self._low) // max(1, total // _WINDOW_ENTRIES) + 1
        self._window: list[tuple[int, ListedEntries]] = []
        self._window_end = self._low
        self._high = high

    def between(self, after: int | None, last: int | None) -> list[tuple[int, ListedEntries]]:
        """Return the sealed entries with numbers after one and up to another, by the numbers of their seals.

        The numbers after which entries are wanted never decrease.
        """
        if not self._in_windows:
            return self._next(after, last)
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

    def _next(self, after: int | None, last: int | None) -> list[tuple[int, ListedEntries]]:
        try:
            parts = [(stream.number, stream.up_to(last)) for stream in self._streams]
        except Exception:
            # The caller will ask for the same entries again.
            for stream in self._streams:
                stream.restart(after)
            raise
        return [(seal, part) for seal, part in parts if part.numbers]

    def _read(self, after: int, last: int) -> list[tuple[int, ListedEntries]]:
        found = []
        for seal, blocks in self._lists:
            content = seal.content
            if content.first > last or content.last <= after:
                continue
            parts = [_entries(block).between(after, last) for block in blocks(after, last)]
            found.append((content.number, _joined(parts)))
        return [(seal, part) for seal, part in found if part.numbers]


class _Stream:
    """Reads the list of a seal from its beginning to its end, each block once."""

    def __init__(self, seal: Seal, blocks: Blocks) -> None:
        self.number = seal.content.number
        self._first = seal.content.first
        self._blocks = blocks
        self.restart(None)

    def restart(self, after: int | None) -> None:
        """Begin again after a number."""
        self._after = after
        self._reading: Iterator[Block] | None = None
        self._rest = _NOTHING

    def up_to(self, last: int | None) -> ListedEntries:
        """Return the next entries, up to a number; None for all."""
        if last is not None and self._first > last:
            return _NOTHING
        if self._reading is None:
            self._reading = iter(self._blocks(self._after, None))
        parts = [self._rest.between(None, last)]
        self._rest = self._rest.between(last, None) if last is not None else _NOTHING
        while not self._rest.numbers and (block := next(self._reading, None)) is not None:
            listed = _entries(block).between(self._after, None)
            parts.append(listed.between(None, last))
            self._rest = listed.between(last, None) if last is not None else _NOTHING
        return _joined(parts)


def _joined(parts: Sequence[ListedEntries]) -> ListedEntries:
    """Return parts that follow each other as one, which is compared at once."""
    numbers = list(chain.from_iterable(each.numbers for each in parts))
    moments = list(chain.from_iterable(each.moments for each in parts))
    return ListedEntries(numbers, moments, b"".join(each.digests for each in parts))


def _entries(block: Block) -> ListedEntries:
    try:
        return unpack(block.content)
    except UnreadableBlock:
        return _NOTHING
