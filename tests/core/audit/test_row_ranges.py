"""Scans of all entries in ranges."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from sqlalchemy import select

from core.audit.row_ranges import NumberScan
from core.opendental.schema import SECURITY_LOG
from tests.support.audit_rows import log_row, replace_audit_trail
from tests.support.databases import SampleFile

NUMBER = SECURITY_LOG.c.security_log_num


def scanned(file_sample: SampleFile, numbers: Sequence[int], size: int) -> tuple[list[int], list[int | None]]:
    """Return the numbers that a scan reads, and the count that each of its ranges had before it was read."""
    replace_audit_trail(file_sample, [log_row(number) for number in numbers], [])
    found: list[int] = []
    counts: list[int | None] = []
    scan = NumberScan(NUMBER)
    with file_sample.office() as office, office.audit._practice.read() as connection:
        while True:
            part = scan.next_range(connection, size)
            read = connection.scalars(select(NUMBER).where(*part.conditions).order_by(NUMBER)).all()
            found += read
            counts.append(part.count)
            scan.advance(replace(part, count=len(read)))
            if part.is_last:
                return found, counts


@pytest.mark.parametrize("size", [1, 3, 7, 100])
@pytest.mark.parametrize(
    "numbers",
    [
        range(1, 31),
        range(-30, 3),
        [*range(1, 12), *range(40, 61), 90, 2**62, 2**62 + 1],
        [-(2**63), -5, -4, -3, 2**63 - 2, 2**63 - 1],
        [7],
        [],
    ],
)
def test_each_entry_is_in_one_range_whatever_gaps_there_are(
    file_sample: SampleFile, numbers: Sequence[int], size: int
) -> None:
    assert scanned(file_sample, numbers, size)[0] == list(numbers)


def test_the_ends_of_ranges_are_computed_while_numbers_follow_each_other(file_sample: SampleFile) -> None:
    # The first two are counted, and so is one after a range in which numbers are missing.
    assert scanned(file_sample, range(1, 31), 5)[1] == [5, 5, None, None, None, None]
    assert scanned(file_sample, [*range(1, 16), *range(18, 26)], 5)[1] == [5, 5, None, None, 5, None]
