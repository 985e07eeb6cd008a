"""No query looks at more than a limited part of the trail, however many entries share one second."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.audit.filter import AuditFilter
from core.audit.paging import Direction, PageCursor, next_slice
from core.opendental.schema import SecurityLog
from tests.support import databases as samples
from tests.support.audit_rows import fill, log_row

ZERO = "0000-00-00 00:00:00"
SIZE = 7


def slices(session: Session, wanted: AuditFilter, direction: Direction) -> list[list[int]]:
    """The numbers in each slice, in the order of the direction."""
    found, start = [], None
    while True:
        part = next_slice(session, wanted, direction, start, SIZE)
        rows = session.execute(
            select(SecurityLog.security_log_num, SecurityLog.log_date_time).where(*part.conditions)
        ).all()
        found.append([row[0] for row in rows])
        if part.next_cursor is None:
            return found
        start = part.next_cursor


@pytest.mark.parametrize("direction", Direction)
@pytest.mark.parametrize(
    "wanted", [AuditFilter(), AuditFilter(until=date(2024, 11, 4)), AuditFilter(since=date(2024, 11, 4))]
)
def test_a_second_with_very_many_entries_is_cut_into_small_parts(
    sample: samples.SamplePractice, direction: Direction, wanted: AuditFilter
) -> None:
    moments = {**dict.fromkeys(range(1, 101), ZERO), **dict.fromkeys(range(101, 131), "2024-11-04 10:00:00")}
    moments |= {number: f"2024-11-05 10:00:{number - 131:02}" for number in range(131, 160)}
    fill(sample, [log_row(number, moment) for number, moment in moments.items()], [])
    with sample.office() as office, office._practice.read() as session:
        found = slices(session, wanted, direction)
        counted = session.scalars(select(func.count()).select_from(SecurityLog)).one()
    assert counted == len(moments)
    assert max(map(len, found)) <= SIZE
    expected = {
        number
        for number, moment in moments.items()
        if not (wanted.since and moment < "2024-11-04") and not (wanted.until and moment >= "2024-11-05")
    }
    assert sorted(number for part in found for number in part) == sorted(expected)


def test_a_place_at_the_edge_of_a_second_has_all_of_it_before_it(sample: samples.SamplePractice) -> None:
    fill(sample, [log_row(number) for number in range(1, 30)], [])
    with sample.office() as office, office._practice.read() as session:
        first = next_slice(session, AuditFilter(), Direction.OLDER, PageCursor("2024-11-05 00:00:00"), SIZE)
        assert first.next_cursor == PageCursor("2024-11-04 10:00:00", 23)
