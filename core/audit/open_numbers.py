"""The numbers among which hashes without an entry still have to be looked for, once entries were read with theirs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from sqlalchemy import Connection

from core.audit.row_ranges import Limits, NumberScan, RangeScan, RowRange
from core.opendental.schema import SECURITY_LOG_HASH


class OpenNumbers:
    """The numbers that no range had which was read with all of its hashes: every number, at first."""

    def __init__(self) -> None:
        self._parts: list[Limits] = []
        self._after: int | None = None

    def close(self, span: tuple[int, int]) -> None:
        """Take the numbers after one and up to another, which were read. They follow those of the call before."""
        after, last = span
        if after != self._after:
            self._parts.append((self._after, after + 1))
        self._after = last

    def hash_scan(self) -> RangeScan:
        """Return a scan of the hashes with the other numbers."""
        return _PartsScan([*self._parts, (self._after, None)])


class _PartsScan(RangeScan):
    """A scan of several parts of the hashes, one after the other."""

    def __init__(self, parts: list[Limits]) -> None:
        self._scans = [_part_scan(each) for each in parts]
        self._current = 0
        self._part_ends = False

    def next_range(self, connection: Connection, size: int) -> RowRange:
        found = self._scans[self._current].next_range(connection, size)
        self._part_ends = found.is_last
        count = len(self._scans)
        fraction = (self._current + found.fraction) / count
        return replace(found, fraction=fraction, is_last=found.is_last and self._current == count - 1)

    def advance(self, finished: RowRange) -> None:
        self._scans[self._current].advance(finished)
        self._current += self._part_ends

    def in_order(self, moments: Mapping[int, str]) -> list[int]:
        return sorted(moments)


def _part_scan(part: Limits) -> NumberScan:
    return NumberScan(SECURITY_LOG_HASH.c.security_log_num, lambda _: part)
