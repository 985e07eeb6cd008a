"""The details of the highlighted audit entry, next to the list."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.model.audit_entry import HashStatus
from tui.widgets.details_panel import DetailsPanel, labeled
from tui.widgets.tones import Line, safe_line

if TYPE_CHECKING:
    from core.model.audit_entry import AuditEntry

_LABEL_WIDTH = 12


class EntryDetails(DetailsPanel):
    """A panel with the details of one entry."""

    def show_entry(self, entry: AuditEntry | None) -> None:
        """Display an entry; None for an empty panel."""
        self.show_title(f"Entry {entry.number}" if entry else "Details")
        self.show_lines(details_lines(entry) if entry else [])


def details_lines(entry: AuditEntry) -> list[Line]:
    """Return the lines that describe an entry: what is wrong with it, its text, and its columns."""
    problem: list[Line] = []
    if entry.hash_status is not HashStatus.MATCHES:
        problem = [safe_line((f"! {entry.hash_status.explanation}", "alert"), indent=2), Line(())]
    text = [safe_line((line, "strong")) for line in entry.text.splitlines() or [""]]
    columns = (
        ("Time", f"{entry.moment:%Y-%m-%d %H:%M:%S}" if entry.moment else "(no date)"),
        ("User", entry.user or "–"),
        ("Permission", entry.permission),
        ("Computer", entry.computer or "–"),
        ("Log source", entry.source),
        ("Patient", str(entry.patient) if entry.patient else "–"),
        ("Last edit", f"{entry.last_edit:%Y-%m-%d %H:%M:%S}" if entry.last_edit else "–"),
    )
    return [*problem, *text, Line(()), *(labeled(label, value, _LABEL_WIDTH) for label, value in columns)]
