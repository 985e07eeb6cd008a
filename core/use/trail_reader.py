"""Reads the entries that developers' changes left in the Audit Trail, for a window of time.

Open Dental finds them by `by {name} through` in the text of entries with the log source API (its own method behind
GET /securitylogs does the same). Entries of the API have the user 0. Only the time, the user and the permission have an
index, so every query here reads a window of time: MyISAM locks the table meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, Connection, String, case, func, literal, or_, select, type_coerce

from core.audit.entry_mapper import STORED_MOMENT
from core.audit.text_search import contains
from core.opendental.column_types import server_time
from core.opendental.log_hash import NO_DATE
from core.opendental.log_sources import API
from core.opendental.schema import SECURITY_LOG
from core.practice.practice import Practice

_FIRST_YEAR = "1880-01-01 00:00:00"
"""Entries before have no date."""


@dataclass(frozen=True)
class DayUse:
    """The changes that a developer made on one day, of one kind and through one computer.

    Attributes:
        name: The developer's name, case-folded.
        permission: The number of the entries' permission type.
    """

    name: str
    day: date
    permission: int
    computer: str
    entries: int
    first: datetime
    last: datetime


def now_and_oldest(practice: Practice, connection: Connection) -> tuple[datetime, datetime | None]:
    """Return the practice's time, and that of the oldest entry that has one; None for an empty trail."""
    oldest = select(func.min(STORED_MOMENT)).where(STORED_MOMENT >= _FIRST_YEAR).scalar_subquery()
    # One statement, since each one takes a round trip.
    now = practice.now_expression()
    clock = literal(now) if isinstance(now, datetime) else now
    moment, first = connection.execute(select(clock, oldest)).one()
    return server_time(moment), None if first is None else server_time(first)


def read_window(connection: Connection, names: Mapping[str, str], since: datetime, until: datetime) -> list[DayUse]:
    """Read the changes of some developers from a time (included) to another (excluded).

    Args:
        connection: To the practice.
        names: The developers' names as entries spell them, by case-folded name.
        since: The start of the window.
        until: The end of the window.
    """
    if not names:
        return []
    folded = tuple(names)
    found = case(*((_made_by(connection, names[name]), number) for number, name in enumerate(folded)), else_=-1)
    developer = found.label("developer")
    # The first ten characters of a stored time are its date.
    day = type_coerce(func.substr(STORED_MOMENT, 1, 10), String()).label("day")
    permission, computer = SECURITY_LOG.c.perm_type, SECURITY_LOG.c.comp_name
    query = (
        select(developer, day, permission, computer, func.count(), func.min(STORED_MOMENT), func.max(STORED_MOMENT))
        .where(*_of_api(since, until))
        .group_by(developer, day, permission, computer)
    )
    return [
        DayUse(folded[number], first.date(), kind, machine or "", count, first, server_time(last))
        for number, _day, kind, machine, count, earliest, last in connection.execute(query)
        if number >= 0 and (first := server_time(earliest)) != NO_DATE
    ]


def read_patients(connection: Connection, names: Iterable[str], since: datetime, until: datetime) -> set[int]:
    """Return the numbers of the patients whose records some developers changed in a window of time."""
    patient = SECURITY_LOG.c.pat_num
    made = or_(*(_made_by(connection, name) for name in names))
    return set(connection.scalars(select(patient).where(*_of_api(since, until), patient > 0, made).distinct()))


def _of_api(since: datetime, until: datetime) -> tuple[ColumnElement[bool], ...]:
    moment = SECURITY_LOG.c.log_date_time
    # Adding 0 keeps the database from reading all entries of user 0 with the index on the user.
    return (moment >= since, moment < until, SECURITY_LOG.c.user_num + 0 == 0, SECURITY_LOG.c.log_source == API)


def _made_by(connection: Connection, name: str) -> ColumnElement[bool]:
    return contains(connection.dialect, SECURITY_LOG.c.log_text, f"by {name} through")
