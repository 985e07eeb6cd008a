"""The list of the entries of a seal: the number, the time and the beginning of the digest of each.

The seal alone shows that something in its period was changed. The list, whose SHA-256 is in the seal, shows which
entry. It is kept in blocks, each one line of base64 that a text column holds.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
import sys
import zlib
from array import array
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, chain

from core.opendental.entry_digest import DIGEST_BYTES

LISTED_BYTES = 8
"""The bytes of a digest that are listed. The whole digests are in the root of the seal's tree."""
BLOCK_ENTRIES = 2_048
_MAX_RAW = BLOCK_ENTRIES * 16


class UnreadableBlock(ValueError):
    """A block isn't what was written."""


@dataclass(frozen=True)
class Block:
    """A part of a list. The entries are in the order of their numbers."""

    first: int
    last: int
    count: int
    content: str

    @property
    def line(self) -> str:
        """The block as a line of a file; the SHA-256 of a list is that of all of its lines."""
        return f"{self.first} {self.last} {self.count} {self.content}\n"


def parse_block(line: str) -> Block:
    """Read a block's line.

    Raises:
        UnreadableBlock: It isn't one.
    """
    parts = line.split()
    if len(parts) != 4 or not all(re.fullmatch("-?[0-9]{1,20}", each) for each in parts[:3]):
        raise UnreadableBlock(line[:100])
    return Block(int(parts[0]), int(parts[1]), int(parts[2]), parts[3])


@dataclass(frozen=True)
class ListedEntries:
    """The entries of a block, or of a part of it."""

    numbers: Sequence[int]
    moments: Sequence[int]
    digests: bytes
    """`LISTED_BYTES` for each entry."""

    def between(self, after: int | None, last: int | None) -> ListedEntries:
        """Return the entries whose numbers are greater than `after`, and `last` at most; None for no limit."""
        start = 0 if after is None else bisect_right(self.numbers, after)
        end = len(self.numbers) if last is None else bisect_right(self.numbers, last)
        digests = self.digests[start * LISTED_BYTES : end * LISTED_BYTES]
        return ListedEntries(self.numbers[start:end], self.moments[start:end], digests)


class ListWriter:
    """Packs entries into blocks."""

    def __init__(self) -> None:
        self._numbers: list[int] = []
        self._moments: list[int] = []
        self._digests = bytearray()
        self._sha256 = hashlib.sha256()

    @property
    def sha256(self) -> str:
        """The SHA-256 of the blocks so far, in hexadecimal."""
        return self._sha256.hexdigest()

    def add(self, numbers: Sequence[int], moments: Sequence[int], digests: bytes) -> Iterator[Block]:
        """Append entries, and yield the blocks that are full."""
        self._numbers += numbers
        self._moments += moments
        self._digests += shorten(digests)
        while len(self._numbers) >= BLOCK_ENTRIES:
            yield self._pack(BLOCK_ENTRIES)

    def finish(self) -> Iterator[Block]:
        """Yield the last block, if there is one."""
        if self._numbers:
            yield self._pack(len(self._numbers))

    def _pack(self, count: int) -> Block:
        numbers, moments = self._numbers[:count], self._moments[:count]
        content = pack(numbers, moments, bytes(self._digests[: count * LISTED_BYTES]))
        del self._numbers[:count], self._moments[:count], self._digests[: count * LISTED_BYTES]
        block = Block(numbers[0], numbers[-1], count, content)
        self._sha256.update(block.line.encode())
        return block


def shorten(digests: bytes) -> bytes:
    """Return the listed beginnings of digests."""
    words = array("Q", digests)
    return words[:: DIGEST_BYTES // LISTED_BYTES].tobytes()


def pack(numbers: Sequence[int], moments: Sequence[int], digests: bytes) -> str:
    """Return the content of a block."""
    packed = zlib.compress(_differences(numbers) + _differences(moments), 3)
    return base64.b64encode(len(numbers).to_bytes(4, "big") + digests + packed).decode()


def unpack(content: str) -> ListedEntries:
    """Read the content of a block.

    Raises:
        UnreadableBlock: It isn't what `pack` returned.
    """
    try:
        raw = base64.b64decode(content, validate=True)
        count = int.from_bytes(raw[:4], "big")
        digests, packed = raw[4 : 4 + count * LISTED_BYTES], raw[4 + count * LISTED_BYTES :]
        inflater = zlib.decompressobj()
        differences = inflater.decompress(packed, _MAX_RAW)
        if (
            len(raw) < 4
            or not inflater.eof
            or count > BLOCK_ENTRIES
            or len(differences) != count * 16
            or len(digests) != count * LISTED_BYTES
        ):
            raise UnreadableBlock(count)
        numbers = _sums(differences[: count * 8])
        if numbers and max(numbers) > _LARGEST:
            numbers = [number - (_MASK + 1) if number > _LARGEST else number for number in numbers]
        return ListedEntries(numbers, _sums(differences[count * 8 :]), digests)
    except (binascii.Error, zlib.error, OverflowError) as error:
        raise UnreadableBlock from error


def sha256_of(blocks: Iterable[Block]) -> str:
    """Return the SHA-256 of a list, in hexadecimal."""
    digest = hashlib.sha256()
    for block in blocks:
        digest.update(block.line.encode())
    return digest.hexdigest()


def _differences(values: Sequence[int]) -> bytes:
    # Unsigned, and modulo 2^64: the difference of two numbers may be larger than a signed one holds.
    pairs = zip(values, chain((0,), values), strict=False)
    return _little_endian(array("Q", [value - before & _MASK for value, before in pairs])).tobytes()


def _sums(raw: bytes) -> list[int]:
    differences = array("Q")
    differences.frombytes(raw)
    sums = list(accumulate(_little_endian(differences)))
    # They don't decrease, so if the last one fits, all do.
    return sums if not sums or sums[-1] <= _MASK else [each & _MASK for each in sums]


def _little_endian(values: array[int]) -> array[int]:
    if sys.byteorder == "big":
        values.byteswap()
    return values


_MASK, _LARGEST = (1 << 64) - 1, (1 << 63) - 1
