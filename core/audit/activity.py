"""How many entries the Audit Trail got day by day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import String, func, select, type_coerce
from sqlalchemy.orm import Session

from core.audit.entry_mapper import STORED_MOMENT
from core.audit.filter import AuditFilter
from core.audit.paging import within_times


@dataclass(frozen=True)
class Activity:
    """The number of entries on each of some days in a row, the oldest day first."""

    first: date
    counts: tuple[int, ...]

    @property
    def last(self) -> date:
        """The last day."""
        return self.first + timedelta(days=len(self.counts) - 1)

    @property
    def busiest(self) -> tuple[date, int]:
        """The first of the days with the most entries."""
        most = max(self.counts)
        return self.first + timedelta(days=self.counts.index(most)), most


def read_activity(session: Session, wanted: AuditFilter, today: date, days: int) -> Activity:
    """Count the entries of each day that the filter's dates name, whatever else it asks for.

    The index of the time alone answers it. Where the dates name more days than are wanted, the last ones count.
    """
    last = min(wanted.until or today, today) if wanted.since is None or wanted.since <= today else wanted.since
    first = max(wanted.since or date.min, last - timedelta(days=min(days - 1, (last - date.min).days)))
    # The first ten characters of a time are its day.
    day = func.substr(STORED_MOMENT, 1, 10)
    dated = AuditFilter(since=first, until=last)
    query = select(type_coerce(day, String()), func.count()).where(*within_times(dated)).group_by(day)
    counts = {str(each): count for each, count in session.execute(query).all()}
    span = (last - first).days + 1
    return Activity(first, tuple(counts.get(str(first + timedelta(days=n)), 0) for n in range(span)))
