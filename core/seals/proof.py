"""The proof that one entry is in a seal: it is checked without the practice, and without the other entries."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

from sqlalchemy import Connection, select

from core.base.errors import ApiSetupError, EntryGone, OperationNotAllowed
from core.opendental.entry_digest import (
    DIGEST_BYTES,
    DIGEST_COLUMNS,
    digest_of,
    moment_number,
    read_digests,
    row_digest,
)
from core.opendental.schema import SECURITY_LOG
from core.practice.practice import Practice
from core.seals.entry_list import UnreadableBlock, unpack
from core.seals.entry_tree import GROUP, groups
from core.seals.merkle import inclusion_proof, root_from_proof
from core.seals.seal import Seal, UnreadableSeal, parse_seal
from core.seals.sealed_numbers import sealed_among
from core.seals.signing import is_signed_by
from core.seals.store import SealStore

_AT_ONCE = 500
_VERSION = 1


class UnreadableProof(ApiSetupError):
    """A text isn't a proof, or a part of it is missing."""

    def __init__(self, origin: str) -> None:
        super().__init__(
            f"{origin} isn't a complete proof of apisetup.", "Print it again with: apisetup audit proof NUMBER"
        )


@dataclass(frozen=True)
class EntryProof:
    """The proof of one entry."""

    seal: Seal
    values: tuple[str, ...]
    """The values that the digest covers, from the number to `DefNumError`."""
    computed_hash: str
    """The hash that Open Dental gives the entry; it covers the text."""
    computer: str
    place: int
    """The place of the entry among the entries of the seal, from 0."""
    group: tuple[bytes, ...]
    """The digests of the entries in the same leaf of the tree."""
    path: tuple[bytes, ...]
    """The hashes that lead from the leaf to the root."""

    def as_json(self) -> str:
        """Return the proof as one line of JSON."""
        return json.dumps(
            {
                "apisetup_proof": _VERSION,
                "entry": dict(zip(VALUE_NAMES, self.values, strict=True)),
                "open_dental_hash": self.computed_hash,
                "computer": self.computer,
                "place": self.place,
                "group": [each.hex() for each in self.group],
                "path": [each.hex() for each in self.path],
                "seal": json.loads(self.seal.as_json()),
            }
        )

    @property
    def named_values(self) -> tuple[tuple[str, str], ...]:
        """The values with the names of their columns, without the number."""
        return tuple(zip(VALUE_NAMES[1:], self.values[1:], strict=True))

    @property
    def problem(self) -> str:
        """The fault of the proof, in a sentence; empty if it proves that the entry is sealed."""
        content = self.seal.content
        if not is_signed_by(self.seal, content.public_key):
            return f"The signature of seal {content.number} is wrong."
        digest = digest_of(self.values, self.computed_hash, self.computer)
        within = self.place % GROUP
        if within >= len(self.group) or self.group[within] != digest:
            return f"The values of entry {self.values[0]} aren't those that were sealed."
        leaves = -(-content.entries // GROUP)
        root = root_from_proof(b"".join(self.group), self.place // GROUP, leaves, self.path)
        if root is None or root.hex() != content.root:
            return f"The proof doesn't lead to the root of seal {content.number}."
        return ""


VALUE_NAMES = (
    "SecurityLogNum",
    "PermType",
    "UserNum",
    "LogDateTime",
    "PatNum",
    "DateTPrevious",
    "LogSource",
    "DefNum",
    "DefNumError",
)
"""The names of the values that the digest covers."""


def parse_proof(text: str, origin: str) -> EntryProof:
    """Read a proof. Whether it proves anything isn't checked.

    Raises:
        UnreadableProof: It isn't a proof.
    """
    try:
        found: dict[str, Any] = json.loads(text)
        if found["apisetup_proof"] != _VERSION:
            raise UnreadableProof(origin)
        base64.b64decode(found["open_dental_hash"], validate=True)
        return EntryProof(
            parse_seal(json.dumps(found["seal"]), origin),
            tuple(str(found["entry"][name]) for name in VALUE_NAMES),
            str(found["open_dental_hash"]),
            str(found["computer"]),
            int(found["place"]),
            tuple(bytes.fromhex(each) for each in found["group"]),
            tuple(bytes.fromhex(each) for each in found["path"]),
        )
    except (UnreadableSeal, ValueError, TypeError, KeyError, binascii.Error, RecursionError) as error:
        raise UnreadableProof(origin) from error


def prove(practice: Practice, store: SealStore, seals: Sequence[Seal], number: int) -> EntryProof:
    """Return the proof of an entry.

    Raises:
        EntryGone: There is no such entry any more.
        OperationNotAllowed: It isn't sealed, or other entries of its seal were changed.
    """
    seal = next((each for each in seals if sealed_among(store, [each], [number], 0)), None)
    with practice.read() as connection:
        row = connection.execute(select(*DIGEST_COLUMNS).where(SECURITY_LOG.c.security_log_num == number)).first()
    if row is None:
        raise EntryGone(number)
    if seal is None:
        raise OperationNotAllowed(
            f"Entry {number} isn't sealed.", "It was written after the last seal. Seal it with: apisetup audit seal"
        )
    try:
        numbers = list(
            chain.from_iterable(unpack(block.content).numbers for block in store.blocks(seal.content.number))
        )
    except UnreadableBlock:
        numbers = []
    with practice.read() as connection:
        digests = _digests(connection, numbers)
    place = numbers.index(number) if number in numbers else -1
    leaves = groups(digests)
    if place < 0 or len(digests) != len(numbers) * DIGEST_BYTES:
        raise _changed(seal)
    group = leaves[place // GROUP]
    _, computed = row_digest(row)
    values = (row[0], row[1], row[2], moment_number(row[3]), row[4], moment_number(row[5]), *row[6:9])
    proof = EntryProof(
        seal,
        tuple(map(str, values)),
        computed,
        row[9] or "",
        place,
        tuple(group[start : start + DIGEST_BYTES] for start in range(0, len(group), DIGEST_BYTES)),
        tuple(inclusion_proof(leaves, place // GROUP)),
    )
    if proof.problem:
        raise _changed(seal)
    return proof


def _digests(connection: Connection, numbers: Sequence[int]) -> bytes:
    found = bytearray()
    for start in range(0, len(numbers), _AT_ONCE):
        batch = numbers[start : start + _AT_ONCE]
        digests = read_digests(connection, batch)
        found += b"".join(digests.get(number, b"") for number in batch)
    return bytes(found)


def _changed(seal: Seal) -> OperationNotAllowed:
    return OperationNotAllowed(
        f"The entries of seal {seal.content.number} aren't as they were sealed, so nothing can be proved with it.",
        "See what was changed with: apisetup audit verify --seals",
    )
