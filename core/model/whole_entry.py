"""One audit entry with everything that is known of it."""

from __future__ import annotations

from dataclasses import dataclass

from core.model.audit_entry import AuditEntry
from core.model.audit_events import parse_entry
from core.model.logged_event import LoggedEvent


@dataclass(frozen=True)
class WholeEntry:
    """One entry, and the event that its text records."""

    entry: AuditEntry
    stored_text: str
    """The text as the database holds it; a key in it isn't masked."""
    event: LoggedEvent | None
    """The event of an entry of API Setup; None for all others."""


def listed_entry(entry: AuditEntry) -> WholeEntry | None:
    """Return the whole entry of a list, without reading it again.

    None if its text was masked: then the list doesn't have the stored text.
    """
    return None if entry.text_masked else WholeEntry(entry, entry.text, parse_entry(entry.text))
