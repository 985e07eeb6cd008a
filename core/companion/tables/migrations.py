"""The migrations that were applied to the companion."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Column, DateTime, Named, String, Table, TypedColumns

from core.companion.tables.metadata import METADATA, NUMBER


class MigrationColumns(TypedColumns):
    """An applied migration, recorded in the transaction that applied it."""

    number: Named[int] = Column(NUMBER, primary_key=True, autoincrement=False)
    name: Named[str] = Column(String(80))
    applied_at: Named[datetime] = Column(DateTime)


MIGRATION = Table("apisetup_migration", METADATA, MigrationColumns)
