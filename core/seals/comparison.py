"""The comparison of the Audit Trail's entries with its seals, range by range in the order of their numbers."""

from __future__ import annotations

from collections.abc import Sequence

from core.audit.range_reading import RangeContents
from core.model.audit_entry import counted
from core.opendental.entry_digest import DIGEST_BYTES, moment_number, number_moment
from core.seals.entry_list import LISTED_BYTES, shorten
from core.seals.entry_tree import EntryTree
from core.seals.seal import Seal
from core.seals.seal_report import MAX_LISTED, SealedEntry, Tampering
from core.seals.sealed_entries import Blocks, SealedEntries
from core.seals.sealing import LATE

MAX_DELETED = 50_000
"""The maximum number of deleted entries that are looked for in Open Dental's own notes."""


class Comparison:
    """Compares entries with seals.

    Args:
        seals: The seals that prove something, in the order of their numbers, each with the blocks of its list; None for
            a seal whose list is missing.
        now: The practice's time, as a number.
        numbers_grow: False if the practice uses random numbers.

    Attributes:
        matched: The number of entries that are as they were sealed.
        unsealed: The number of entries that were written after the last seal.
        untold: The number of entries that may be in seals that are missing, so that nothing can be said about them.
        counts: How many entries of each kind aren't as sealed.
        found: Those entries; at most `MAX_LISTED` of each kind, but all deleted ones up to `MAX_DELETED`.
        removed_up_to: The last time of entries that *Remove Old Data* removed; 0 if it wasn't used.
        removed_old: The number of sealed entries that it removed.
    """

    def __init__(self, seals: Sequence[tuple[Seal, Blocks | None]], now: int, *, numbers_grow: bool) -> None:
        self.matched = self.unsealed = self.untold = 0
        self.counts = dict.fromkeys(Tampering, 0)
        self.found: list[SealedEntry] = []
        self._seals = {seal.content.number: seal for seal, _ in seals}
        self._trees = {number: EntryTree() for number in self._seals}
        self._broken: set[int] = set()
        self._unlisted = [seal for seal, blocks in seals if blocks is None]
        listed = [(seal, blocks) for seal, blocks in seals if blocks is not None]
        self._sealed = SealedEntries(listed, in_windows=not numbers_grow)
        self._oldest = _oldest_of_each([seal for seal, _ in seals])
        self._last = max(self._seals, default=0)
        self._numbers_grow = numbers_grow
        self._gaps = _gaps([seal for seal, _ in seals])
        self._oldest_unsealed = _after(self._seals[self._last], now) if self._seals else 0
        self._after: int | None = None
        self.removed_up_to = 0
        self.removed_old = 0

    def add(self, contents: RangeContents) -> None:
        """Compare the next entries. They follow those of the call before without a gap."""
        if contents.numbers:
            self._compare(contents, contents.numbers[-1])

    @property
    def notes(self) -> list[str]:
        """A sentence about the entries that nothing can be said about; none if there are none."""
        if not self.untold:
            return []
        is_one = self.untold == 1
        return [
            f"{counted(self.untold)} may be in seals that aren't here, so nothing can be said about"
            f" {'it' if is_one else 'them'}. Name the earlier seals, too."
        ]

    def finish(self) -> list[str]:
        """Compare what is sealed after the last entry, and return what is wrong with whole seals."""
        self._compare(RangeContents((), ()), None)
        problems = []
        for number, seal in self._seals.items():
            tree = self._trees[number]
            if number in self._broken:
                continue
            if tree.entries == seal.content.entries and tree.root().hex() == seal.content.root:
                continue
            unlisted = seal in self._unlisted
            problems.append(
                f"The entries {seal.content.first} to {seal.content.last} aren't as seal {number} has them. "
                + (
                    "Which ones were changed can't be told without the list of its entries."
                    if unlisted
                    else "No single entry differs, so the list of its entries was forged."
                )
            )
        return problems

    def _compare(self, contents: RangeContents, last: int | None) -> None:
        parts = self._sealed.between(self._after, last)
        self._after = last
        if len(parts) == 1 and not self._unlisted:
            seal, part = parts[0]
            same = part.numbers == contents.numbers and part.digests == shorten(contents.digests)
            if same and min(contents.moments) >= self._oldest[seal]:
                self._trees[seal].add(contents.digests)
                self.matched += len(part.numbers)
                return
        self._compare_each(
            contents,
            {
                number: (seal, part.moments[place], part.digests[place * LISTED_BYTES : (place + 1) * LISTED_BYTES])
                for seal, part in parts
                for place, number in enumerate(part.numbers)
            },
        )

    def _compare_each(self, contents: RangeContents, sealed: dict[int, tuple[int, int, bytes]]) -> None:
        for place, number in enumerate(contents.numbers):
            digest = contents.digests[place * DIGEST_BYTES : (place + 1) * DIGEST_BYTES]
            moment = contents.moments[place]
            expected = sealed.pop(number, None)
            if expected is None:
                self._take_unlisted(number, moment, digest)
                continue
            seal, _, listed = expected
            if digest[:LISTED_BYTES] != listed:
                self._broken.add(seal)
                self._find(Tampering.ALTERED, number, seal, moment)
                continue
            self._trees[seal].add(digest)
            if moment < self._oldest[seal]:
                self._find(Tampering.INSERTED, number, seal, moment)
            else:
                self.matched += 1
        for number, (seal, moment, _) in sealed.items():
            self._broken.add(seal)
            if 0 < moment <= self.removed_up_to:
                self.removed_old += 1
            else:
                self._find(Tampering.DELETED, number, seal, moment)

    def _take_unlisted(self, number: int, moment: int, digest: bytes) -> None:
        """Take an entry that is in no list.

        It's one of a seal without a list, of a missing seal, written after the last seal, or inserted.
        """
        for seal in self._unlisted:
            if seal.content.first <= number <= seal.content.last:
                self._trees[seal.content.number].add(digest)
                self.matched += 1
                return
        if self._may_be_in_a_missing_seal(number, moment):
            self.untold += 1
        elif moment >= self._oldest_unsealed:
            self.unsealed += 1
        else:
            self._find(Tampering.INSERTED, number, self._last, moment)

    def _may_be_in_a_missing_seal(self, number: int, moment: int) -> bool:
        if not self._gaps or (self._numbers_grow and number > self._seals[self._last].content.last):
            return False
        return any(oldest <= moment <= newest for oldest, newest in self._gaps)

    def _find(self, kind: Tampering, number: int, seal: int, moment: int) -> None:
        self.counts[kind] += 1
        if self.counts[kind] <= (MAX_DELETED if kind is Tampering.DELETED else MAX_LISTED):
            self.found.append(SealedEntry(kind, number, seal, number_moment(moment)))


def _oldest_of_each(seals: Sequence[Seal]) -> dict[int, int]:
    """Return by each seal's number the oldest time that a genuine entry in it can have."""
    oldest: dict[int, int] = {}
    before: Seal | None = None
    for seal in seals:
        oldest[seal.content.number] = _after(before, seal.content.sealed_at) if before else 0
        before = seal
    return oldest


def _gaps(seals: Sequence[Seal]) -> list[tuple[int, int]]:
    """Return the oldest and the newest time that entries of missing seals can have, for each gap in the numbers."""
    found: list[tuple[int, int]] = []
    before: Seal | None = None
    for seal in seals:
        if seal.content.number > (before.content.number if before else 0) + 1:
            found.append((_after(before, seal.content.sealed_at) if before else 0, seal.content.sealed_at))
        before = seal
    return found


def _after(seal: Seal, now: int) -> int:
    """Return the time after which an entry may be dated that a seal doesn't have, although the clock may go back."""
    moment = number_moment(min(seal.content.sealed_at, now))
    return moment_number(moment - LATE) if moment is not None and moment.year > 1880 else 0
