"""No query looks at more than a limited part of the trail, however many entries share one second."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.audit.filter import AuditFilter
from core.audit.paging import Place, Toward, next_slice
from core.opendental.schema import SecurityLog
from tests.support import databases as places
from tests.support.audit_rows import fill, log_row

ZERO = "0000-00-00 00:00:00"
SIZE = 7


def slices(session: Session, wanted: AuditFilter, toward: Toward) -> list[list[int]]:
    """The numbers in each slice, in the order of the direction."""
    found, start = [], None
    while True:
        part = next_slice(session, wanted, toward, start, SIZE)
        rows = session.execute(
            select(SecurityLog.security_log_num, SecurityLog.log_date_time).where(*part.conditions)
        ).all()
        found.append([row[0] for row in rows])
        if part.onward is None:
            return found
        start = part.onward


@pytest.mark.parametrize("toward", Toward)
@pytest.mark.parametrize(
    "wanted", [AuditFilter(), AuditFilter(until=date(2024, 11, 4)), AuditFilter(since=date(2024, 11, 4))]
)
def test_a_second_with_very_many_entries_is_cut_into_small_parts(
    place: places.Place, toward: Toward, wanted: AuditFilter
) -> None:
    moments = {**dict.fromkeys(range(1, 101), ZERO), **dict.fromkeys(range(101, 131), "2024-11-04 10:00:00")}
    moments |= {number: f"2024-11-05 10:00:{number - 131:02}" for number in range(131, 160)}
    fill(place, [log_row(number, moment) for number, moment in moments.items()], [])
    with place.office() as office, office._practice.read() as session:
        found = slices(session, wanted, toward)
        counted = session.scalars(select(func.count()).select_from(SecurityLog)).one()
    assert counted == len(moments)
    assert max(map(len, found)) <= SIZE
    expected = {
        number
        for number, moment in moments.items()
        if not (wanted.since and moment < "2024-11-04") and not (wanted.until and moment >= "2024-11-05")
    }
    assert sorted(number for part in found for number in part) == sorted(expected)


def test_a_place_at_the_edge_of_a_second_has_all_of_it_before_it(place: places.Place) -> None:
    fill(place, [log_row(number) for number in range(1, 30)], [])
    with place.office() as office, office._practice.read() as session:
        first = next_slice(session, AuditFilter(), Toward.OLDER, Place("2024-11-05 00:00:00"), SIZE)
        assert first.onward == Place("2024-11-04 10:00:00", 23)
