"""The Merkle tree of a seal: each leaf is the digests of 16 entries, so that a tree of millions is quickly made."""

from __future__ import annotations

from core.opendental.entry_digest import DIGEST_BYTES
from core.seals.merkle import MerkleTree

GROUP = 16
"""The number of entries in a leaf; the last leaf may have fewer."""
_GROUP_BYTES = GROUP * DIGEST_BYTES


class EntryTree:
    """A tree over the digests of entries, in the order of their numbers."""

    def __init__(self) -> None:
        self.entries = 0
        self._tree = MerkleTree()
        self._rest = b""

    def add(self, digests: bytes) -> None:
        """Append the digests of entries, 32 bytes each."""
        self.entries += len(digests) // DIGEST_BYTES
        if self._rest:
            digests = self._rest + digests
        whole = len(digests) - len(digests) % _GROUP_BYTES
        add = self._tree.add
        for start in range(0, whole, _GROUP_BYTES):
            add(digests[start : start + _GROUP_BYTES])
        self._rest = digests[whole:]

    def root(self) -> bytes:
        """Return the root. No digest can be added after that."""
        if self._rest:
            self._tree.add(self._rest)
            self._rest = b""
        return self._tree.root()


def groups(digests: bytes) -> list[bytes]:
    """Return the leaves of the tree over digests."""
    return [digests[start : start + _GROUP_BYTES] for start in range(0, len(digests), _GROUP_BYTES)]
