"""Changes whose outcome isn't known yet."""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON, Column, Named, String, Table, TypedColumns

from core.companion.tables.metadata import METADATA, NUMBER


class JournalEntryColumns(TypedColumns):
    """A change that was announced and whose outcome isn't known yet.

    Attributes:
        writer: The program that announced it; it holds the lock file of this name while it runs.
        intent: The fields of `core.practice.journal.Intent`.
        renewed_at: On a server, the time of its clock (seconds since 1970) at which the writer last confirmed that it
            still runs; null in a file.
    """

    number: Named[int] = Column(NUMBER, primary_key=True)
    writer: Named[str] = Column(String(16))
    intent: Named[dict[str, Any]] = Column(JSON)
    renewed_at: Named[int | None] = Column(NUMBER)


JOURNAL_ENTRY = Table("apisetup_journal", METADATA, JournalEntryColumns)
