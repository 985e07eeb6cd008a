"""The seals that a verification uses: from the companion, from the seal directory, and from files that were named."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from core.base.errors import ApiSetupError
from core.seals.directory import SealDirectory, list_file, read_seal_file
from core.seals.entry_list import Block, sha256_of
from core.seals.seal import Seal
from core.seals.sealed_entries import Blocks
from core.seals.store import SealStore


@dataclass
class SealCollection:
    """Seals with the blocks of their lists, and what was odd about where they come from."""

    seals: dict[int, Seal] = field(default_factory=dict)
    lists: dict[int, Blocks] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def chain(self) -> list[Seal]:
        """The seals in the order of their numbers."""
        return [self.seals[number] for number in sorted(self.seals)]


def collect_seals(store: SealStore | None, directory: SealDirectory | None, files: Sequence[Path]) -> SealCollection:
    """Collect the seals of a practice.

    Args:
        store: The companion's seals; None for a computer without the companion.
        directory: The seal directory; None if there is none.
        files: Further files with seals.

    Raises:
        ConfigurationError: A named file can't be read.
        UnreadableSeal: A named file isn't a seal.
        PracticeUnavailable: The companion can't be read.
    """
    found = SealCollection()
    if store is not None:
        for seal in store.seals():
            _add(found, seal, partial(_stored_blocks, store, seal.content.number), "the companion")
    newest = max(found.seals, default=0)
    if directory is not None:
        try:
            elsewhere = [(directory.file(seal.content.number), seal) for seal in directory.seals()]
        except ApiSetupError as error:
            found.problems.append(f"The seals in seal_dir can't be used: {error.sentence}")
            elsewhere = []
        _add_files(found, elsewhere)
    _add_files(found, [(path, read_seal_file(path)) for path in files])
    ahead = sorted(number for number in found.seals if number > newest)
    if store is not None and newest and ahead:
        found.problems.append(
            f"The companion ends with seal {newest}, but seal {ahead[-1]} exists elsewhere: the companion was restored"
            " from an older backup, or seals were deleted from it."
        )
    _check_lists(found)
    return found


def _stored_blocks(store: SealStore, number: int, after: int | None, last: int | None) -> Iterable[Block]:
    return store.blocks(number, after, last)


def _add_files(found: SealCollection, files: Iterable[tuple[Path, Seal]]) -> None:
    for path, seal in files:
        entries = list_file(path)
        _add(found, seal, entries.blocks if entries is not None else None, str(path))


def _add(found: SealCollection, seal: Seal, blocks: Blocks | None, origin: str) -> None:
    number = seal.content.number
    known = found.seals.get(number)
    if known is not None and known != seal:
        found.problems.append(
            f"Seal {number} in {origin} isn't the one found before it: one of the two was exchanged, or another"
            " companion seals this practice, too."
        )
        return
    found.seals[number] = seal
    if blocks is not None and (number not in found.lists or not _is_right(seal, found.lists[number])):
        found.lists[number] = blocks


def _check_lists(found: SealCollection) -> None:
    """Drop the lists that aren't those that were sealed."""
    for number, blocks in list(found.lists.items()):
        if not _is_right(found.seals[number], blocks):
            del found.lists[number]
            found.problems.append(f"The list of the entries of seal {number} was changed, so it isn't used.")


def _is_right(seal: Seal, blocks: Blocks) -> bool:
    return sha256_of(blocks(None, None)) == seal.content.entry_list
