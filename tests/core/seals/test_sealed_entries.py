"""The entries of many lists, read in ranges."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from core.base.errors import PracticeUnavailable
from core.seals.entry_list import Block, ListWriter
from core.seals.seal import Seal
from core.seals.sealed_entries import Blocks, SealedEntries
from tests.core.seals.test_seal import content

NUMBERS = [*range(1, 5_000), *range(5_010, 9_000)]
MOMENTS = [20241104100000 + number for number in NUMBERS]
DIGESTS = b"".join(number.to_bytes(32, "little") for number in NUMBERS)


class _Lists:
    """The lists of two seals, the second of which begins with an entry that came late."""

    def __init__(self) -> None:
        self.read: list[tuple[int, int]] = []
        self.fails_at = 0

    def entries(self) -> SealedEntries:
        late = NUMBERS[100]
        first = [place for place, number in enumerate(NUMBERS) if number <= 6_000 and number != late]
        second = [100, *(place for place, number in enumerate(NUMBERS) if number > 6_000)]
        return SealedEntries([self._list(1, first), self._list(2, second)], in_windows=False)

    def _list(self, seal: int, places: list[int]) -> tuple[Seal, Blocks]:
        writer = ListWriter()
        digests = b"".join(DIGESTS[place * 32 : place * 32 + 32] for place in places)
        numbers, moments = [NUMBERS[place] for place in places], [MOMENTS[place] for place in places]
        blocks = [*writer.add(numbers, moments, digests), *writer.finish()]

        def read(after: int | None, last: int | None) -> Iterator[Block]:
            for block in blocks:
                if (after is None or block.last > after) and (last is None or block.first <= last):
                    self.read.append((seal, block.first))
                    if len(self.read) == self.fails_at:
                        raise PracticeUnavailable("The companion can't be read.", "")
                    yield block

        return Seal(content(seal, entries=len(places), first=numbers[0], last=numbers[-1]), ""), read


def _in_ranges(entries: SealedEntries, size: int) -> list[tuple[int, int, int]]:
    """Read all in ranges of numbers, each again after an error, and return the seals, numbers and times."""
    found: list[tuple[int, int, int]] = []
    ends = [*range(size, NUMBERS[-1], size), None]
    for after, last in zip([None, *ends], ends, strict=False):
        try:
            parts = entries.between(after, last)
        except PracticeUnavailable:
            parts = entries.between(after, last)
        for seal, part in parts:
            found += [(seal, *each) for each in zip(part.numbers, part.moments, strict=True)]
            assert part.digests == b"".join(number.to_bytes(8, "little") for number in part.numbers)
    return found


EXPECTED = sorted(
    (number, 2 if number > 6_000 or number == NUMBERS[100] else 1, moment)
    for number, moment in zip(NUMBERS, MOMENTS, strict=True)
)


@pytest.mark.parametrize("size", [7, 1_000, 2_048, 20_000])
def test_each_block_is_read_once_however_small_the_ranges_are(size: int) -> None:
    lists = _Lists()
    found = _in_ranges(lists.entries(), size)
    assert sorted((number, seal, moment) for seal, number, moment in found) == EXPECTED
    assert len(lists.read) == len(set(lists.read)) == 5


@pytest.mark.parametrize("fails_at", range(1, 6))
def test_a_range_that_could_not_be_read_is_read_again(fails_at: int) -> None:
    lists = _Lists()
    lists.fails_at = fails_at
    found = _in_ranges(lists.entries(), 1_000)
    assert sorted((number, seal, moment) for seal, number, moment in found) == EXPECTED
    assert len(lists.read) > 5
