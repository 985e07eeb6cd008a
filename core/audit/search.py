"""Finding entries of the Audit Trail, page by page in both directions, however many there are.

Entries stand in the order of their time and, within a second, of their number. Open Dental indexes the time, the
user, the permission and the number, each alone, and its MyISAM tables are locked while a query reads them. So a page
begins where the last one ended (never by counting off rows), and every query here looks at a limited number of rows -
but one, which finds the first number of a second that has more entries than a page:

*   Dates alone: the index of the time gives the rows in order. It knows no order within a second, so a second that a
    page would cut in two is left to the next page.
*   A condition that few entries meet, by the index of the user or of the permission: those entries are read at once.
*   Any other condition: the range is looked through in slices of the index of the time. A page may then hold no entry
    and still say where to go on, which lets one see how far it came, and stop.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Dialect, cast, func, or_, select
from sqlalchemy.dialects import mysql
from sqlalchemy.orm import InstrumentedAttribute, Session

from core.audit.entry_mapper import STORED_MOMENT, EntryMapper, StoredRow, select_rows
from core.audit.filter import AuditFilter
from core.audit.paging import Direction, PageCursor, beyond, by_time, next_slice
from core.model.audit_entry import AuditEntry, Genuineness
from core.model.audit_events import OUR_KINDS, OUR_PATTERNS
from core.opendental.log_hash_sql import can_compute, seems_suspect
from core.opendental.schema import SecurityLog
from core.practice.practice import Practice

PAGE = 100
"""Entries of one page, as a rule."""
SLICE = 20_000
"""Rows that one query looks at for a condition that no index serves."""
FIRST_SLICE = 2_000
"""The same for the first one: most of what one searches for is near."""
HASHED_SLICE = 4_000
"""Rows of a slice where each row's hash is computed, which takes a few microseconds."""
SLICES_AT_ONCE = 5
"""How many of them are looked through before one is told how far it came."""
FEW = 3_000
"""So many entries of a user or a permission are read at once."""


@dataclass(frozen=True)
class Page:
    """Some entries, the newest first."""

    entries: tuple[AuditEntry, ...]
    next_cursor: PageCursor | None
    """Where the search goes on in the same direction; None where there is nothing more."""


class AuditSearch:
    """One question to the Audit Trail; its answer comes in pages.

    Args:
        practice: The open practice.
        wanted: Which entries are wanted.
        maker: Makes the entries.
    """

    def __init__(self, practice: Practice, wanted: AuditFilter, maker: EntryMapper) -> None:
        self.wanted = wanted
        self.maker = maker
        self._practice = practice
        self._few: bool | None = None

    def page(self, direction: Direction, start: PageCursor | None = None, size: int = PAGE) -> Page:
        """The next entries in a direction.

        Args:
            direction: Which way to go.
            start: Where to begin; None for the newest entry, or for the oldest when going direction newer ones.
            size: How many entries are wanted; there may be fewer, even none, while more are to come.

        Raises:
            PracticeUnavailable: The database cannot be read now.
        """
        with self._practice.read() as session:
            return _PageReader(session, self, direction, size).page(start)

    def mask(self, text: str) -> str:
        """Return a text with every known or named API key in it masked."""
        return self.maker.masked(text)

    def is_selective(self, session: Session) -> bool:
        """Whether an index names all entries in question, and they are not many; asked once."""
        if self._few is None:
            self._few = any(_counts_few(session, condition) for condition in indexed_conditions(self.wanted))
        return self._few


def indexed_conditions(wanted: AuditFilter, *, use_index: bool = True) -> list[ColumnElement[bool]]:
    """The conditions that an index of Open Dental's serves, beside the time's; no index serves a sum."""
    user, permission = (column if use_index else column + 0 for column in (SecurityLog.user_num, SecurityLog.perm_type))
    conditions: list[ColumnElement[bool]] = []
    if wanted.user is not None:
        conditions.append(user == wanted.user)
    if wanted.permission is not None:
        conditions.append(permission == wanted.permission)
    if wanted.ours:
        conditions.append(permission.in_(OUR_KINDS))
    return conditions


def _other_conditions(wanted: AuditFilter, dialect: Dialect) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.source is not None:
        conditions.append(SecurityLog.log_source == wanted.source)
    if wanted.computer:
        conditions.append(_contains(dialect, SecurityLog.comp_name, wanted.computer))
    if wanted.text:
        conditions.append(_contains(dialect, SecurityLog.log_text, wanted.text))
    if wanted.ours:
        conditions.append(or_(*(SecurityLog.log_text.like(pattern) for pattern in OUR_PATTERNS)))
    return conditions


def _contains(dialect: Dialect, column: InstrumentedAttribute[Any], words: str) -> ColumnElement[bool]:
    if dialect.name != "sqlite" and not words.isascii():
        # Old columns cannot hold every character, and refuse to be compared with one that they cannot hold.
        return cast(column, mysql.CHAR(charset="utf8mb4")).contains(words, autoescape=True)
    return column.contains(words, autoescape=True)


def _counts_few(session: Session, condition: ColumnElement[bool]) -> bool:
    some = select(SecurityLog.perm_type).where(condition).limit(FEW + 1).subquery()
    return session.scalars(select(func.count()).select_from(some)).one() <= FEW


class _PageReader:
    """One page being read in one session."""

    def __init__(self, session: Session, search: AuditSearch, direction: Direction, size: int) -> None:
        self._session = session
        self._wanted = search.wanted
        self._maker = search.maker
        self._toward = direction
        self._size = size
        self._few = search.is_selective(session)
        self._hashed = search.wanted.suspect and can_compute(session)
        self._conditions = self._all_conditions()

    def page(self, start: PageCursor | None) -> Page:
        if self._few:
            return self._of_few(start)
        if self._wanted.only_dates:
            return self._of_part(beyond(self._wanted, self._toward, start), start)
        entries: list[AuditEntry] = []
        place = start
        for size in self._slices:
            part = next_slice(self._session, self._wanted, self._toward, place, size)
            page = self._of_part(part.conditions, place)
            entries = self._newest_first(entries, page.entries)
            place = page.next_cursor or part.next_cursor
            if place is None or len(entries) >= self._size:
                break
        return Page(tuple(entries), place)

    @property
    def _slices(self) -> Sequence[int]:
        """The sizes of the slices of one page: most of what one searches for is near."""
        if self._wanted.suspect:
            return [HASHED_SLICE] * SLICES_AT_ONCE
        return [min(FIRST_SLICE, SLICE), *[SLICE] * (SLICES_AT_ONCE - 1)]

    def _newest_first(self, known: Sequence[AuditEntry], more: Sequence[AuditEntry]) -> list[AuditEntry]:
        return [*known, *more] if self._toward is Direction.OLDER else [*more, *known]

    def _all_conditions(self) -> list[ColumnElement[bool]]:
        conditions = _other_conditions(self._wanted, self._session.get_bind().dialect)
        # Where many entries meet them, their indexes would lead to reading all of those and sorting them.
        conditions += indexed_conditions(self._wanted, use_index=self._few)
        if self._hashed:
            conditions.append(seems_suspect(self._session.get_bind().dialect))
        return conditions

    def _of_few(self, start: PageCursor | None) -> Page:
        rows = self._rows(beyond(self._wanted, self._toward, start))
        numbers = list(dict.fromkeys(row[0] for row in rows))
        kept = set(numbers[: self._size])
        return self._as_page([row for row in rows if row[0] in kept], more=len(numbers) > len(kept))

    def _of_part(self, conditions: Sequence[ColumnElement[bool]], start: PageCursor | None) -> Page:
        """The next entries of a part, or those of a whole number of seconds."""
        size = HASHED_SLICE if self._wanted.suspect and not self._hashed else self._size
        rows = self._rows(conditions, limit=size + 1)
        if len(rows) <= size:
            return self._as_page(rows, more=False)
        last = rows[-1][3]
        whole = [row for row in rows if row[3] != last]
        if whole:
            return self._as_page(whole, more=True)
        return self._of_second(str(last), conditions, start, size)

    def _of_second(
        self, moment: str, conditions: Sequence[ColumnElement[bool]], start: PageCursor | None, size: int
    ) -> Page:
        """The next entries of a second that has more than a page of them."""
        older, number = self._toward is Direction.OLDER, SecurityLog.security_log_num
        within = [*conditions, STORED_MOMENT == moment]
        if self._wanted.only_dates and (start is None or start.moment != moment):
            # MyISAM's index of the time does not have the numbers. So they are walked along their own index, from the
            # first one in question on; without that, all the others before it would be read, too.
            ends = select(func.max(number) if older else func.min(number)).where(STORED_MOMENT == moment)
            first = self._session.scalar(ends) or 0
            within.append(number <= first if older else number >= first)
        order = number.desc() if older else number.asc()
        query = select_rows().where(*within, *self._conditions)
        rows = self._session.execute(query.order_by(order).limit(size + 1)).all()
        if not rows:
            return Page((), PageCursor(moment))
        # An entry with several hashes has a row for each; the last entry may have lost some.
        whole = [row for row in rows if row[0] != rows[-1][0]]
        if not whole:
            whole = list(self._session.execute(query.where(number == rows[0][0])).all())
        return self._as_page(whole, more=True)

    def _rows(self, conditions: Sequence[ColumnElement[bool]], limit: int | None = None) -> list[StoredRow]:
        """Rows in the order of the direction."""
        query = select_rows().where(*conditions, *self._conditions)
        if limit is not None:
            query = query.order_by(by_time(self._toward)).limit(limit)
        rows: Sequence[StoredRow] = self._session.execute(query).all()
        return sorted(rows, key=lambda row: (str(row[3]), row[0]), reverse=self._toward is Direction.OLDER)

    def _as_page(self, rows: Sequence[StoredRow], *, more: bool) -> Page:
        entries = self._maker.entries(rows)
        next_cursor = PageCursor(entries[-1].stored_moment, entries[-1].number) if more and entries else None
        if self._wanted.suspect:
            # What the database only suspects is decided here.
            entries = [entry for entry in entries if entry.genuineness is not Genuineness.GENUINE]
        return Page(
            tuple(self._newest_first([], entries if self._toward is Direction.OLDER else entries[::-1])), next_cursor
        )
