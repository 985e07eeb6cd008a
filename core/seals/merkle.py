"""Merkle trees as in RFC 6962, section 2.1: one hash for any number of leaves, and short proofs of each."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

EMPTY_ROOT = sha256(b"").digest()
"""The root of a tree without leaves."""


def leaf_hash(data: bytes) -> bytes:
    """Return the hash of a leaf."""
    return sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of an inner node."""
    return sha256(b"\x01" + left + right).digest()


class MerkleTree:
    """A tree that grows leaf by leaf, in memory for one hash per level."""

    def __init__(self) -> None:
        self.count = 0
        self._subtrees: list[bytes] = []
        """The roots of the complete subtrees, the largest first: one for each bit of the count."""

    def add(self, data: bytes) -> None:
        """Append a leaf."""
        node, full = leaf_hash(data), self.count
        # As many complete subtrees end here as the count has ones at its end.
        while full & 1:
            node = node_hash(self._subtrees.pop(), node)
            full >>= 1
        self._subtrees.append(node)
        self.count += 1

    def root(self) -> bytes:
        """Return the root of the tree so far."""
        if not self._subtrees:
            return EMPTY_ROOT
        root = self._subtrees[-1]
        for subtree in reversed(self._subtrees[:-1]):
            root = node_hash(subtree, root)
        return root


def root_of(leaves: Sequence[bytes]) -> bytes:
    """Return the root of the tree over leaves."""
    tree = MerkleTree()
    for data in leaves:
        tree.add(data)
    return tree.root()


def inclusion_proof(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """Return the audit path of a leaf: the hashes that lead from it to the root, the lowest first."""
    path: list[bytes] = []
    start, count = 0, len(leaves)
    while count > 1:
        half = 1 << (count - 1).bit_length() - 1
        left, right = leaves[start : start + half], leaves[start + half : start + count]
        if index - start < half:
            path.append(root_of(right))
            count = half
        else:
            path.append(root_of(left))
            start, count = start + half, count - half
    return path[::-1]


def root_from_proof(data: bytes, index: int, count: int, path: Sequence[bytes]) -> bytes | None:
    """Return the root that an audit path leads to; None if the path doesn't fit the index and the count.

    This is the algorithm of RFC 9162, section 2.1.3.2.
    """
    if not 0 <= index < count:
        return None
    position, last, root = index, count - 1, leaf_hash(data)
    for sibling in path:
        if last == 0:
            return None
        if position & 1 or position == last:
            root = node_hash(sibling, root)
            while not position & 1 and position:
                position, last = position >> 1, last >> 1
        else:
            root = node_hash(root, sibling)
        position, last = position >> 1, last >> 1
    return root if last == 0 else None
