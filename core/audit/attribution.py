"""Finding the audit entry that says who changed a value, when, from what and to what."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

from core.audit.paging import Direction
from core.audit.search import AuditSearch
from core.base.errors import Conflict
from core.model.audit_entry import AuditEntry, HashStatus
from core.model.audit_events import parse_entry
from core.model.logged_event import AuditEvent, LoggedEvent, Stage

DAYS_BACK = 1
"""The number of days before today that are searched: a value that changed while a screen showed it changed lately."""

_NOBODY = "No audit entry since yesterday shows who changed it. Open Dental's own window doesn't log this change."


def recent_entries(search: AuditSearch, *, numbered_in_order: bool) -> list[AuditEntry]:
    """Return all entries of a search, the last one that was written first.

    Args:
        search: Searches the entries of API Setup of the last days.
        numbered_in_order: The entries' numbers tell their order. The server's clock doesn't: it may have been set back.
    """
    entries: list[AuditEntry] = []
    page = search.page(Direction.OLDER)
    entries += page.entries
    while page.next_cursor is not None:
        page = search.page(Direction.OLDER, page.next_cursor)
        entries += page.entries
    return sorted(entries, key=lambda entry: entry.number, reverse=True) if numbered_in_order else entries


def with_attribution(conflict: Conflict, entries: Iterable[AuditEntry], key_tag: str = "") -> Conflict:
    """Return a conflict with the text of the entry that attributes it.

    Args:
        conflict: A value that was changed by somebody else.
        entries: The entries of API Setup of the last days, from `recent_entries`.
        key_tag: The short fingerprint of the API key whose value it is; empty for a setting.
    """
    found = _newest(entries, conflict.what, key_tag)
    return replace(conflict, attribution=_NOBODY if found is None else _format(*found, conflict))


def _newest(entries: Iterable[AuditEntry], what: str, key_tag: str) -> tuple[AuditEntry, AuditEvent] | None:
    """Return the newest entry about a value, without those of which a later one says that they were not done."""
    not_done: Counter[AuditEvent] = Counter()
    for entry in entries:
        logged = parse_entry(entry.text)
        if logged is None or what not in logged.event.values_after or logged.event.key_tag != key_tag:
            continue
        if logged == LoggedEvent(logged.event, Stage.NOT_DONE):
            not_done[logged.event] += 1
        elif logged.stage is not Stage.DONE:
            continue
        elif not_done[logged.event]:
            not_done[logged.event] -= 1
        else:
            return entry, logged.event
    return None


def _format(entry: AuditEntry, event: AuditEvent, conflict: Conflict) -> str:
    doubt = "" if entry.hash_status is HashStatus.MATCHES else " (this entry's hash doesn't match or is missing)"
    words = f"{entry.moment}, {entry.user or 'nobody'}: {entry.text}{doubt}"
    if event.values_after[conflict.what] in (None, conflict.now):
        return words
    return f"The last entry about it has a different value, so another program has changed it since. {words}"
