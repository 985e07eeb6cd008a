"""One audit entry with everything that is known of it."""

from __future__ import annotations

from dataclasses import dataclass

from core.model.audit_entry import AuditEntry
from core.model.logged_event import LoggedEvent


@dataclass(frozen=True)
class WholeEntry:
    """One entry with the columns that only a close look needs."""

    entry: AuditEntry
    f_key: int
    definition: int
    definition_error: int
    stored_text: str
    """The text as the database holds it; a key in it isn't masked."""
    event: LoggedEvent | None
    """The event of an entry of API Setup; None for all others."""
