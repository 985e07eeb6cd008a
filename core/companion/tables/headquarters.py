"""Answers of headquarters, and local data about its keys."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, Column, Date, DateTime, ForeignKey, Named, String, Table, TypedColumns

from core.companion.tables.licenses import LICENSE_ACCEPTANCE
from core.companion.tables.metadata import METADATA, NUMBER


class HeadquartersAnswerColumns(TypedColumns):
    """The last list of keys received from headquarters. The table has at most one row, with number 1.

    Attributes:
        asked_at: The time of the request, by the practice's clock.
        question: The number of the request. Answers are ordered by it, since a clock may be set back.
        listed_keys: One object per key: `fingerprint`, `masked`, `developer`, `status` (Open Dental's number),
            `date_disabled` (ISO 8601, or null), `email`, `phone`, `permissions`, `developer_number`. Never the
            key itself.
    """

    number: Named[int] = Column(NUMBER, primary_key=True, autoincrement=False)
    asked_at: Named[datetime] = Column(DateTime)
    question: Named[int] = Column(NUMBER)
    listed_keys: Named[list[dict[str, Any]]] = Column(JSON)


HEADQUARTERS_ANSWER = Table("apisetup_headquarters_answer", METADATA, HeadquartersAnswerColumns)


class HeadquartersKeyColumns(TypedColumns):
    """Local data about a key at headquarters that headquarters doesn't store."""

    fingerprint: Named[str] = Column(String(64), primary_key=True)
    added: Named[datetime | None] = Column(DateTime)
    agreement_since: Named[date | None] = Column(Date)
    license_number: Named[int | None] = Column(NUMBER, ForeignKey(LICENSE_ACCEPTANCE.c.number))


HEADQUARTERS_KEY = Table("apisetup_headquarters_key", METADATA, HeadquartersKeyColumns)
