"""One digest of all entries, by which two people can tell whether they verified the same ones."""

from __future__ import annotations

from core.audit.range_reading import RangeContents
from core.seals.entry_tree import EntryTree


class TrailDigest:
    """The digest of the entries of a verification, in the order of their numbers.

    Attributes:
        first: The smallest number; None without entries.
        last: The largest number.
    """

    def __init__(self) -> None:
        self.first: int | None = None
        self.last: int | None = None
        self._tree = EntryTree()

    def add(self, contents: RangeContents) -> None:
        """Take the next entries."""
        if contents.numbers:
            self.first = contents.numbers[0] if self.first is None else self.first
            self.last = contents.numbers[-1]
            self._tree.add(contents.digests)

    @property
    def root(self) -> str:
        """The root of the same tree that a seal of these entries has, in hexadecimal. Nothing can be added after it."""
        return self._tree.root().hex()
