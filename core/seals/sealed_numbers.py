"""The sealed ones among some entries, found without reading the lists of all seals."""

from __future__ import annotations

from collections.abc import Sequence

from core.seals.entry_list import UnreadableBlock, unpack
from core.seals.seal import Seal
from core.seals.store import SealStore


def sealed_among(store: SealStore, seals: Sequence[Seal], numbers: Sequence[int], since: int) -> set[int]:
    """Return those of some numbers that a seal covers.

    Args:
        store: Keeps the lists of the seals.
        seals: The seals of the practice.
        numbers: The numbers of entries, sorted.
        since: No entry of these is older than this time, so seals whose newest entry is older aren't read.
    """
    if not numbers:
        return set()
    wanted, found = set(numbers), set[int]()
    for seal in seals:
        if seal.content.newest < since:
            continue
        for block in store.blocks(seal.content.number, numbers[0] - 1, numbers[-1]):
            try:
                found |= wanted.intersection(unpack(block.content).numbers)
            except UnreadableBlock:
                continue
    return found
