"""The use of keys as it was read from the Audit Trail."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Column, Date, DateTime, Named, String, Table, TypedColumns

from core.companion.tables.metadata import METADATA, NUMBER


class UseDayColumns(TypedColumns):
    """The changes that a developer made through the API on one day, of one kind and through one computer.

    Attributes:
        name: The developer's name as entries hold it, case-folded.
        permission: The number of the entries' permission type.
    """

    name: Named[str] = Column(String(255), primary_key=True)
    day: Named[date] = Column(Date, primary_key=True)
    permission: Named[int] = Column(NUMBER, primary_key=True, autoincrement=False)
    computer: Named[str] = Column(String(255), primary_key=True)
    entries: Named[int] = Column(NUMBER)
    first_at: Named[datetime] = Column(DateTime)
    last_at: Named[datetime] = Column(DateTime)


USE_DAY = Table("apisetup_use_day", METADATA, UseDayColumns)


class UseRangeColumns(TypedColumns):
    """The part of the Audit Trail that was read for a developer's name."""

    name: Named[str] = Column(String(255), primary_key=True)
    since: Named[datetime] = Column(DateTime)
    until: Named[datetime] = Column(DateTime)
    complete: Named[int] = Column(NUMBER)


USE_RANGE = Table("apisetup_use_range", METADATA, UseRangeColumns)


class FormerNameColumns(TypedColumns):
    """A name that a developer had before, as an admin entered it. `developer` is case-folded."""

    developer: Named[str] = Column(String(255), primary_key=True)
    former_name: Named[str] = Column(String(255), primary_key=True)


FORMER_NAME = Table("apisetup_former_name", METADATA, FormerNameColumns)
