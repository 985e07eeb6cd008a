"""Slices of the Audit Trail are limited in size, however many entries share one second."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import Connection, func, select

from core.audit.filter import AuditFilter
from core.audit.paging import Direction, PageCursor, next_slice
from core.opendental.schema import SECURITY_LOG
from tests.support import databases as samples
from tests.support.audit_rows import log_row, replace_audit_trail

ZERO = "0000-00-00 00:00:00"
SIZE = 7


def slices(connection: Connection, audit_filter: AuditFilter, direction: Direction) -> list[list[int]]:
    """Return the numbers of the entries in each slice; the slices are in the order of the direction."""
    numbers, start = [], None
    while True:
        part = next_slice(connection, audit_filter, direction, start, SIZE)
        rows = connection.execute(
            select(SECURITY_LOG.c.security_log_num, SECURITY_LOG.c.log_date_time).where(*part.conditions)
        ).all()
        numbers.append([row[0] for row in rows])
        if part.next_cursor is None:
            return numbers
        start = part.next_cursor


@pytest.mark.parametrize("direction", Direction)
@pytest.mark.parametrize(
    "audit_filter", [AuditFilter(), AuditFilter(until=date(2024, 11, 4)), AuditFilter(since=date(2024, 11, 4))]
)
def test_a_second_with_very_many_entries_is_divided_into_slices(
    sample: samples.SamplePractice, direction: Direction, audit_filter: AuditFilter
) -> None:
    moments = {**dict.fromkeys(range(1, 101), ZERO), **dict.fromkeys(range(101, 131), "2024-11-04 10:00:00")}
    moments |= {number: f"2024-11-05 10:00:{number - 131:02}" for number in range(131, 160)}
    replace_audit_trail(sample, [log_row(number, moment) for number, moment in moments.items()], [])
    with sample.office() as office, office._practice.read() as connection:
        numbers = slices(connection, audit_filter, direction)
        total = connection.scalars(select(func.count()).select_from(SECURITY_LOG)).one()
    assert total == len(moments)
    assert max(map(len, numbers)) <= SIZE
    expected = {
        number
        for number, moment in moments.items()
        if not (audit_filter.since and moment < "2024-11-04") and not (audit_filter.until and moment >= "2024-11-05")
    }
    assert sorted(number for part in numbers for number in part) == sorted(expected)


def test_a_slice_from_an_earlier_cursor_starts_at_the_first_entry_of_a_second(sample: samples.SamplePractice) -> None:
    replace_audit_trail(sample, [log_row(number) for number in range(1, 30)], [])
    with sample.office() as office, office._practice.read() as connection:
        first = next_slice(connection, AuditFilter(), Direction.OLDER, PageCursor("2024-11-05 00:00:00"), SIZE)
        assert first.next_cursor == PageCursor("2024-11-04 10:00:00", 23)
