"""Notes on keys, and reviews of them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, Column, Date, DateTime, Named, String, Table, TypedColumns

from core.companion.tables.metadata import METADATA, NUMBER


class KeyNoteColumns(TypedColumns):
    """An office's notes on a key. The key's BAA date and its developer's former names are in other tables.

    Attributes:
        fingerprint: The SHA-256 of the key's text.
    """

    fingerprint: Named[str] = Column(String(64), primary_key=True)
    owner: Named[str] = Column(String(255))
    purpose: Named[str] = Column(String(255))
    agreement_reference: Named[str] = Column(String(255))
    review_date: Named[date | None] = Column(Date)


KEY_NOTE = Table("apisetup_key_note", METADATA, KeyNoteColumns)


class ReviewColumns(TypedColumns):
    """A review of the practice's keys. Times are read from the practice's clock.

    Attributes:
        since: The first day of its period.
        until: The last day of its period.
        known: The findings about the practice as a whole, and what could not be read, when it started.
        ended_at: Null while it is under way.
        ended_by: Empty while it is under way.
        left_open: The keys that it ended without a decision on.
    """

    number: Named[int] = Column(NUMBER, primary_key=True, autoincrement=False)
    name: Named[str] = Column(String(60))
    since: Named[date] = Column(Date)
    until: Named[date] = Column(Date)
    started_at: Named[datetime] = Column(DateTime)
    started_by: Named[str] = Column(String(255))
    known: Named[dict[str, Any]] = Column(JSON)
    ended_at: Named[datetime | None] = Column(DateTime)
    ended_by: Named[str] = Column(String(255))
    left_open: Named[list[str]] = Column(JSON)


REVIEW = Table("apisetup_review", METADATA, ReviewColumns)


class ReviewItemColumns(TypedColumns):
    """A key in a review.

    Attributes:
        review: The number of the review.
        fingerprint: The SHA-256 of the key's text.
        snapshot: What was known of the key when it was listed. Never the key itself.
        decision: The decision; empty for none.
        revision: How often it was decided. A decision names the revision that it replaces.
    """

    review: Named[int] = Column(NUMBER, primary_key=True, autoincrement=False)
    fingerprint: Named[str] = Column(String(64), primary_key=True)
    snapshot: Named[dict[str, Any]] = Column(JSON)
    decision: Named[dict[str, Any]] = Column(JSON)
    revision: Named[int] = Column(NUMBER)


REVIEW_ITEM = Table("apisetup_review_item", METADATA, ReviewItemColumns)
