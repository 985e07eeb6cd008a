"""Audit entries as a list."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.audit_entry import AuditEntry, Genuineness
from tui.widgets.row_list import Column, Row, RowList

if TYPE_CHECKING:
    from collections.abc import Sequence

_COLUMNS = (
    Column("Date and time", 19, min_width=16),
    Column("User", 16, min_width=9),
    Column("Genuine", 7, min_width=7),
    Column("Permission", 22, min_width=11),
    Column("Log Text", 24, min_width=24, flexible=True),
)


class EntryList(RowList):
    """Shows audit entries, newest first; whether each is genuine stands there as a word."""

    def __init__(self, *, empty: str) -> None:
        super().__init__(*_COLUMNS, empty=empty)
        self._entries: dict[int, AuditEntry] = {}

    @property
    def entry(self) -> AuditEntry | None:
        """The entry under the cursor."""
        row = self.row
        return self._entries.get(row.identity) if row and isinstance(row.identity, int) else None

    def show_entries(self, entries: Sequence[AuditEntry]) -> None:
        """Show entries; the cursor stays on the entry it was on."""
        self._entries = {entry.number: entry for entry in entries}
        self.show([_row(entry) for entry in entries])


def _row(entry: AuditEntry) -> Row:
    genuine = entry.genuineness is Genuineness.GENUINE
    cells = (
        f"{entry.moment:%Y-%m-%d %H:%M:%S}" if entry.moment else "(no date)",
        entry.user,
        "yes" if genuine else entry.genuineness.value.upper(),
        entry.permission,
        entry.text,
    )
    return Row(cells, entry.number, "normal" if genuine else "alert")
