"""The search for entries of the Audit Trail, page by page in both directions, however many entries there are.

Entries are ordered by their time and, within one second, by their number. Open Dental has separate indexes on the time,
the user, the permission and the number, and its MyISAM tables are locked while a query reads them. A page therefore
starts at a cursor (never at an OFFSET), and every query here reads a limited number of rows, except one: the query that
finds the first number of a second that has more entries than a page. There are three kinds of search:

*   Only dates: the index on the time returns the rows in order. It has no order within a second, so a second that
    would be split between two pages is left to the next page.
*   A selective condition, one that few entries meet: those entries are read at once, with the index on the user or on
    the permission.
*   Any other condition: the range is read in slices, with the index on the time. A page may then be empty and still
    have a cursor, so that a screen can show the progress of a long search and stop it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from operator import itemgetter
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, Dialect, func, not_, or_, select

from core.audit.entry_mapper import STORED_MOMENT, EntryMapper, StoredRow, select_rows
from core.audit.filter import Alternatives, AuditFilter
from core.audit.paging import Direction, PageCursor, conditions_after, next_slice, time_order
from core.audit.text_search import contains
from core.model.audit_entry import AuditEntry, HashStatus
from core.model.audit_events import our_kinds, our_patterns, parse_entry
from core.model.export_events import ExportStarted
from core.opendental.log_hash_sql import can_compute, seems_suspect
from core.opendental.permission_types import Permission
from core.opendental.schema import SECURITY_LOG
from core.practice.practice import Practice

PAGE_SIZE = 100
"""The default number of entries per page."""
SLICE_SIZE = 20_000
"""The number of rows that one query reads for a condition without an index."""
FIRST_SLICE_SIZE = 2_000
"""The size of the first slice of a page, since most searches find something recent."""
HASHED_SLICE_SIZE = 4_000
"""The size of a slice when each row's hash is computed, which takes a few microseconds per row."""
SLICES_PER_PAGE = 5
"""The maximum number of slices read for one page, so that the progress of a long search can be shown."""
MAX_SELECTIVE_ROWS = 3_000
"""The maximum number of entries of a user or a permission that are read at once."""


@dataclass(frozen=True)
class Page:
    """Some entries, newest first."""

    entries: tuple[AuditEntry, ...]
    next_cursor: PageCursor | None
    """The cursor from which the next page in the same direction starts; None after the last page."""


class AuditSearch:
    """One search of the Audit Trail, whose result is read in pages.

    Args:
        practice: The open practice.
        audit_filter: The conditions that the entries meet.
        mapper: Converts rows to entries.
    """

    def __init__(self, practice: Practice, audit_filter: AuditFilter, mapper: EntryMapper) -> None:
        self.audit_filter = audit_filter
        self.mapper = mapper
        self._practice = practice
        self._selective: bool | None = None

    def page(self, direction: Direction, start: PageCursor | None = None, size: int = PAGE_SIZE) -> Page:
        """Read the next page in a direction.

        Args:
            direction: The direction to read in.
            start: The cursor to start from; None for the newest entry, or for the oldest one in direction NEWER.
            size: The number of entries wanted; the page may have fewer, even none, although more entries follow.

        Raises:
            PracticeUnavailable: The database can't be read.
        """
        with self._practice.read() as connection:
            return _PageReader(connection, self, direction, size).page(start)

    def mask_keys(self, text: str) -> str:
        """Return a text with every known or named API key in it masked."""
        return self.mapper.mask_keys(text)

    def is_selective(self, connection: Connection) -> bool:
        """Return True if an index finds all entries in question and they are few; counted once per search."""
        if self._selective is None:
            conditions = indexed_conditions(self.audit_filter)
            self._selective = any(_matches_few_rows(connection, condition) for condition in conditions)
        return self._selective


def indexed_conditions(audit_filter: AuditFilter, *, use_index: bool = True) -> list[ColumnElement[bool]]:
    """Return the conditions other than the time's for which Open Dental has an index.

    Args:
        use_index: False to keep the database from using those indexes, by adding 0 to the column.
    """

    def column(name: str) -> ColumnElement[int]:
        # Made only if it's needed: making an expression takes as long as reading some entries.
        return _COLUMNS[name] if use_index else _COLUMNS[name] + 0

    conditions: list[ColumnElement[bool]] = []
    if audit_filter.user is not None:
        conditions.append(column("user") == audit_filter.user)
    if audit_filter.permission is not None:
        conditions.append(column("permission") == audit_filter.permission)
    if audit_filter.ours:
        conditions.append(column("permission").in_(our_kinds()))
    conditions += [
        column(each.field).in_(each.values)
        for each in audit_filter.more
        if each.field in ("user", "permission") and not each.excluded
    ]
    return conditions


def row_conditions(connection: Connection, audit_filter: AuditFilter) -> list[ColumnElement[bool]]:
    """Return all conditions other than the time's, for a query that reads the rows in question anyway.

    For entries whose hash doesn't match they only preselect: the hash computed in Python decides.
    """
    dialect = connection.dialect
    conditions = [*_other_conditions(audit_filter, dialect), *indexed_conditions(audit_filter, use_index=False)]
    return [*conditions, seems_suspect(dialect)] if audit_filter.suspect and can_compute(connection) else conditions


def _other_conditions(audit_filter: AuditFilter, dialect: Dialect) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if audit_filter.source is not None:
        conditions.append(SECURITY_LOG.c.log_source == audit_filter.source)
    if audit_filter.computer:
        conditions.append(contains(dialect, SECURITY_LOG.c.comp_name, audit_filter.computer))
    if audit_filter.text:
        conditions.append(contains(dialect, SECURITY_LOG.c.log_text, audit_filter.text))
    if audit_filter.ours:
        conditions.append(or_(*(SECURITY_LOG.c.log_text.like(pattern) for pattern in our_patterns())))
    conditions += [
        _one_of(each, dialect)
        for each in audit_filter.more
        if each.excluded or each.field not in ("user", "permission")
    ]
    return conditions


_IN_ORDER = {direction: select_rows().order_by(time_order(direction)) for direction in Direction}
_COLUMNS: dict[str, Column[Any]] = {
    "user": SECURITY_LOG.c.user_num,
    "permission": SECURITY_LOG.c.perm_type,
    "source": SECURITY_LOG.c.log_source,
    "computer": SECURITY_LOG.c.comp_name,
    "text": SECURITY_LOG.c.log_text,
}


def _one_of(alternatives: Alternatives, dialect: Dialect) -> ColumnElement[bool]:
    """Return the condition that an entry has one of some values, or none of them."""
    column = _COLUMNS[alternatives.field]
    has_one = or_(
        *(
            column == value if isinstance(value, int) else contains(dialect, column, value)
            for value in alternatives.values
        )
    )
    # Without a value there is nothing to find in it.
    return or_(column.is_(None), not_(has_one)) if alternatives.excluded else has_one


def _matches_few_rows(connection: Connection, condition: ColumnElement[bool]) -> bool:
    rows = select(SECURITY_LOG.c.perm_type).where(condition).limit(MAX_SELECTIVE_ROWS + 1).subquery()
    return connection.scalars(select(func.count()).select_from(rows)).one() <= MAX_SELECTIVE_ROWS


def _only_quotes(entry: AuditEntry, texts: Sequence[str]) -> bool:
    """Return True if an entry contains one of some texts only because an earlier export had it in its filter."""
    logged = parse_entry(entry.text) if entry.permission_number == Permission.AUDIT_TRAIL else None
    if logged is None or not isinstance(logged.event, ExportStarted):
        return False
    filter_, rest = logged.event.filter, replace(logged, event=replace(logged.event, filter="")).text()
    wanted = [text.casefold() for text in texts]
    return any(text in filter_.casefold() for text in wanted) and not any(text in rest.casefold() for text in wanted)


def _wanted_texts(audit_filter: AuditFilter) -> list[tuple[str, ...]]:
    """Return the texts that entries are searched for; of each tuple they contain at least one."""
    first = [(audit_filter.text,)] if audit_filter.text else []
    others = [each.values for each in audit_filter.more if each.field == "text" and not each.excluded]
    return [*first, *(tuple(map(str, values)) for values in others)]


class _PageReader:
    """Reads one page over one connection."""

    def __init__(self, connection: Connection, search: AuditSearch, direction: Direction, size: int) -> None:
        self._connection = connection
        self._filter = search.audit_filter
        self._mapper = search.mapper
        self._direction = direction
        self._size = size
        self._selective = search.is_selective(connection)
        self._hashed = search.audit_filter.suspect and can_compute(connection)
        self._conditions = self._all_conditions()

    def page(self, start: PageCursor | None) -> Page:
        if self._selective:
            return self._selective_page(start)
        if self._filter.only_dates:
            return self._page_in_time_order(conditions_after(self._filter, self._direction, start), start)
        entries: list[AuditEntry] = []
        cursor = start
        for size in self._slice_sizes:
            part = next_slice(self._connection, self._filter, self._direction, cursor, size)
            page = self._page_in_time_order(part.conditions, cursor)
            entries = self._newest_first(entries, page.entries)
            cursor = page.next_cursor or part.next_cursor
            if cursor is None or len(entries) >= self._size:
                break
        return Page(tuple(entries), cursor)

    @property
    def _slice_sizes(self) -> Sequence[int]:
        if self._filter.suspect:
            return [HASHED_SLICE_SIZE] * SLICES_PER_PAGE
        return [min(FIRST_SLICE_SIZE, SLICE_SIZE), *[SLICE_SIZE] * (SLICES_PER_PAGE - 1)]

    def _newest_first(self, earlier: Sequence[AuditEntry], later: Sequence[AuditEntry]) -> list[AuditEntry]:
        """Join entries that were read one after the other."""
        return [*earlier, *later] if self._direction is Direction.OLDER else [*later, *earlier]

    def _all_conditions(self) -> list[ColumnElement[bool]]:
        conditions = _other_conditions(self._filter, self._connection.dialect)
        # If many entries meet these conditions, using their indexes would mean reading and sorting all of them.
        conditions += indexed_conditions(self._filter, use_index=self._selective)
        if self._hashed:
            conditions.append(seems_suspect(self._connection.dialect))
        return conditions

    def _selective_page(self, start: PageCursor | None) -> Page:
        rows = self._read_rows(conditions_after(self._filter, self._direction, start))
        numbers = list(dict.fromkeys(row[0] for row in rows))
        kept = set(numbers[: self._size])
        return self._to_page([row for row in rows if row[0] in kept], more=len(numbers) > len(kept))

    def _page_in_time_order(self, conditions: Sequence[ColumnElement[bool]], start: PageCursor | None) -> Page:
        """Read the entries that meet these conditions, or as many of them as fit on a page in whole seconds."""
        size = HASHED_SLICE_SIZE if self._filter.suspect and not self._hashed else self._size
        rows = self._read_rows(conditions, limit=size + 1)
        if len(rows) <= size:
            return self._to_page(rows, more=False)
        last_moment = rows[-1][3]
        whole_seconds = [row for row in rows if row[3] != last_moment]
        if whole_seconds:
            return self._to_page(whole_seconds, more=True)
        return self._page_within_second(str(last_moment), conditions, start, size)

    def _page_within_second(
        self, moment: str, conditions: Sequence[ColumnElement[bool]], start: PageCursor | None, size: int
    ) -> Page:
        """Read the next entries of a second that has more entries than a page."""
        older, number = self._direction is Direction.OLDER, SECURITY_LOG.c.security_log_num
        within = [*conditions, STORED_MOMENT == moment]
        if self._filter.only_dates and (start is None or start.moment != moment):
            # MyISAM's index on the time doesn't contain the numbers, so the rows are read with the index on the number.
            # Without this bound, all rows before the first one in question would be read as well.
            ends = select(func.max(number) if older else func.min(number)).where(STORED_MOMENT == moment)
            first = self._connection.scalar(ends) or 0
            within.append(number <= first if older else number >= first)
        order = number.desc() if older else number.asc()
        query = select_rows().where(*within, *self._conditions)
        rows = self._connection.execute(query.order_by(order).limit(size + 1)).all()
        if not rows:
            return Page((), PageCursor(moment))
        # An entry with several hashes has one row for each, and the limit may have cut off some of the last entry's.
        complete = [row for row in rows if row[0] != rows[-1][0]]
        if not complete:
            complete = list(self._connection.execute(query.where(number == rows[0][0])).all())
        return self._to_page(complete, more=True)

    def _read_rows(self, conditions: Sequence[ColumnElement[bool]], limit: int | None = None) -> list[StoredRow]:
        """Fetch rows and sort them in the order of the direction."""
        query = (select_rows() if limit is None else _IN_ORDER[self._direction]).where(*conditions, *self._conditions)
        if limit is not None:
            query = query.limit(limit)
        rows: Sequence[StoredRow] = self._connection.execute(query).all()
        return sorted(rows, key=itemgetter(3, 0), reverse=self._direction is Direction.OLDER)

    def _to_page(self, rows: Sequence[StoredRow], *, more: bool) -> Page:
        entries = self._mapper.entries(rows)
        next_cursor = PageCursor(entries[-1].stored_moment, entries[-1].number) if more and entries else None
        if self._filter.suspect:
            # The database only preselects entries; the hash computed in Python decides.
            entries = [entry for entry in entries if entry.hash_status is not HashStatus.MATCHES]
        for texts in _wanted_texts(self._filter):
            entries = [entry for entry in entries if not _only_quotes(entry, texts)]
        return Page(tuple(entries if self._direction is Direction.OLDER else entries[::-1]), next_cursor)
