"""Merkle trees and proofs against a plain reading of RFC 6962."""

from __future__ import annotations

from hashlib import sha256
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from core.seals.entry_tree import GROUP, EntryTree, groups
from core.seals.merkle import EMPTY_ROOT, inclusion_proof, root_from_proof, root_of
from tests.support.properties import examples

leaves = st.lists(st.binary(max_size=40), max_size=70)
digests = st.lists(st.binary(min_size=32, max_size=32), max_size=70)


def plain_root(data: list[bytes]) -> bytes:
    """Compute the Merkle Tree Hash by its recursive definition."""
    if len(data) < 2:
        return sha256(b"\0" + data[0]).digest() if data else sha256(b"").digest()
    half = 1
    while half * 2 < len(data):
        half *= 2
    return sha256(b"\1" + plain_root(data[:half]) + plain_root(data[half:])).digest()


@given(leaves)
@examples(100)
def test_the_root_is_that_of_the_definition(data: list[bytes]) -> None:
    assert root_of(data) == plain_root(data)


@given(leaves.filter(bool), st.data())
@examples(100)
def test_a_proof_leads_from_its_leaf_to_the_root(data: list[bytes], draw: st.DataObject) -> None:
    index = draw.draw(st.integers(0, len(data) - 1))
    path = inclusion_proof(data, index)
    assert root_from_proof(data[index], index, len(data), path) == plain_root(data)


@given(leaves.filter(bool), st.data())
@examples(100)
def test_a_proof_proves_no_other_leaf_place_or_count(data: list[bytes], draw: st.DataObject) -> None:
    index = draw.draw(st.integers(0, len(data) - 1))
    path = inclusion_proof(data, index)
    root = root_of(data)
    assert root_from_proof(data[index] + b"x", index, len(data), path) != root
    assert root_from_proof(data[index], len(data), len(data), path) is None
    assert root_from_proof(data[index], index, len(data), [*path, root]) != root
    for place in range(len(path)):
        assert root_from_proof(data[index], index, len(data), path[:place] + path[place + 1 :]) != root


@given(digests, st.lists(st.integers(0, 70), max_size=5))
@examples(100)
def test_the_tree_of_entries_has_groups_as_leaves_however_they_arrive(entries: list[bytes], cuts: list[int]) -> None:
    tree = EntryTree()
    places = [0, *sorted(cuts), len(entries)]
    for start, end in pairwise(places):
        tree.add(b"".join(entries[start:end]))
    whole = b"".join(entries)
    expected = [b"".join(entries[start : start + GROUP]) for start in range(0, len(entries), GROUP)]
    assert groups(whole) == expected
    assert tree.root() == (plain_root(expected) if expected else EMPTY_ROOT)
