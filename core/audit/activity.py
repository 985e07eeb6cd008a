"""The number of audit entries per day."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from datetime import date, timedelta

from sqlalchemy import Connection, String, func, select, type_coerce

from core.audit.entry_mapper import STORED_MOMENT, EntryMapper, select_rows
from core.audit.filter import AuditFilter
from core.audit.paging import time_conditions
from core.audit.search import row_conditions
from core.model.audit_entry import HashStatus

MAX_READ = 20_000
"""The maximum number of entries that are read to count those that meet a filter, since MyISAM locks them meanwhile."""


@dataclass(frozen=True)
class Activity:
    """The number of entries on each of several consecutive days, oldest day first."""

    first: date
    counts: tuple[int, ...]
    follows_filter: bool = True
    """False if the days have too many entries to look at each one, so that only the filter's dates were met."""

    @property
    def last(self) -> date:
        """The last day."""
        return self.first + timedelta(days=len(self.counts) - 1)

    @property
    def busiest(self) -> tuple[date, int]:
        """The day with the most entries and their number; of several such days, the first."""
        most = max(self.counts)
        return self.first + timedelta(days=self.counts.index(most)), most


def read_activity(
    connection: Connection, audit_filter: AuditFilter, today: date, days: int, mapper: EntryMapper
) -> Activity:
    """Count the entries of each day that a filter shows.

    The first query reads only the index on the time. The entries themselves are read, for the filter's other
    conditions, only if those days have at most `MAX_READ` of them.

    Args:
        today: The last day to count if the filter's dates don't end earlier or start later. The day after it is
            counted, too, if it has entries: the server's clock may have been set back.
        days: The maximum number of days; if the dates span more, the last ones are counted.
        mapper: Converts rows to entries.
    """
    since, until = audit_filter.since, audit_filter.until
    last = since if since is not None and since > today else min(until or today, today)
    first = max(since or date.min, last - timedelta(days=min(days - 1, (last - date.min).days)))
    tomorrow = today + timedelta(days=1) if today < date.max else today
    may_be_ahead = last == today and (until is None or until > today)
    counts = _count_all(connection, first, tomorrow if may_be_ahead else last)
    if may_be_ahead and str(tomorrow) in counts:
        last = tomorrow
        first = max(first, last - timedelta(days=min(days - 1, (last - date.min).days)))
    span = [str(first + timedelta(days=n)) for n in range((last - first).days + 1)]
    follows = audit_filter.only_dates or sum(counts.get(day, 0) for day in span) <= MAX_READ
    if follows and not audit_filter.only_dates:
        counts = _count_matching(connection, replace(audit_filter, since=first, until=last), mapper)
    return Activity(first, tuple(counts.get(day, 0) for day in span), follows)


# The first ten characters of a stored time are its date.
_DAY = func.substr(STORED_MOMENT, 1, 10)


def _count_all(connection: Connection, first: date, last: date) -> dict[str, int]:
    query = select(type_coerce(_DAY, String()), func.count()).where(*time_conditions(AuditFilter(first, last)))
    return {str(day): count for day, count in connection.execute(query.group_by(_DAY)).all()}


def _count_matching(connection: Connection, audit_filter: AuditFilter, mapper: EntryMapper) -> dict[str, int]:
    conditions = [*time_conditions(audit_filter), *row_conditions(connection, audit_filter)]
    if not audit_filter.suspect:
        query = select(type_coerce(_DAY, String()), func.count()).where(*conditions).group_by(_DAY)
        return {str(day): count for day, count in connection.execute(query).all()}
    entries = mapper.entries(connection.execute(select_rows().where(*conditions)).all())
    return Counter(each.stored_moment[:10] for each in entries if each.hash_status is not HashStatus.MATCHES)
