"""The number of audit entries per day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import String, func, select, type_coerce
from sqlalchemy.orm import Session

from core.audit.entry_mapper import STORED_MOMENT
from core.audit.filter import AuditFilter
from core.audit.paging import time_conditions


@dataclass(frozen=True)
class Activity:
    """The number of entries on each of several consecutive days, oldest day first."""

    first: date
    counts: tuple[int, ...]

    @property
    def last(self) -> date:
        """The last day."""
        return self.first + timedelta(days=len(self.counts) - 1)

    @property
    def busiest(self) -> tuple[date, int]:
        """The day with the most entries and their number; of several such days, the first."""
        most = max(self.counts)
        return self.first + timedelta(days=self.counts.index(most)), most


def read_activity(session: Session, audit_filter: AuditFilter, today: date, days: int) -> Activity:
    """Count the entries of each day within the filter's dates.

    The query reads only the index on the time, so the filter's other conditions are ignored.

    Args:
        today: The last day to count if the filter's dates don't end earlier or start later. The day after it is
            counted, too, if it has entries: the server's clock may have been set back.
        days: The maximum number of days; if the dates span more, the last ones are counted.
    """
    since, until = audit_filter.since, audit_filter.until
    last = since if since is not None and since > today else min(until or today, today)
    first = max(since or date.min, last - timedelta(days=min(days - 1, (last - date.min).days)))
    tomorrow = today + timedelta(days=1) if today < date.max else today
    may_be_ahead = last == today and (until is None or until > today)
    # The first ten characters of a stored time are its date.
    day = func.substr(STORED_MOMENT, 1, 10)
    dates = AuditFilter(since=first, until=tomorrow if may_be_ahead else last)
    query = select(type_coerce(day, String()), func.count()).where(*time_conditions(dates)).group_by(day)
    counts = {str(each): count for each, count in session.execute(query).all()}
    if may_be_ahead and str(tomorrow) in counts:
        last = tomorrow
        first = max(first, last - timedelta(days=min(days - 1, (last - date.min).days)))
    span = (last - first).days + 1
    return Activity(first, tuple(counts.get(str(first + timedelta(days=n)), 0) for n in range(span)))
