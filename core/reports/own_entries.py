"""The entries of API Setup in a range of days, read page by page."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from core.audit.filter import AuditFilter
from core.audit.paging import Direction, PageCursor
from core.audit.service import AuditService
from core.model.audit_entry import AuditEntry
from core.model.audit_events import parse_entry
from core.model.logged_event import EXPORT, SEAL, LoggedEvent
from core.model.monthly_report import OwnEntry
from core.model.opening_events import ApiSetupOpened

MAX_ENTRIES = 5_000
"""The number of entries that a report lists; the others are counted."""
PAGE_SIZE = 500


@dataclass(frozen=True)
class OwnEntries:
    """The entries of API Setup in some days."""

    entries: tuple[OwnEntry, ...]
    """Oldest first."""
    others: int
    """The number of older ones, beyond `MAX_ENTRIES`."""


def read_own_entries(audit: AuditService, since: date, until: date) -> OwnEntries:
    """Read what API Setup recorded, here or in Open Dental, without its own openings, exports and seals.

    Seals have a part of their own in every report. Memory stays flat: only the newest entries are kept.

    Args:
        audit: The Audit Trail.
        since: The first day, by the practice's clock.
        until: The last day.

    Raises:
        PracticeUnavailable: The database can't be read.
        NotPermitted: The database user may not read the Audit Trail.
    """
    search = audit.search(AuditFilter(since=since, until=until, ours=True))
    kept: deque[OwnEntry] = deque(maxlen=MAX_ENTRIES)
    count = 0
    cursor: PageCursor | None = None
    while True:
        page = search.page(Direction.NEWER, cursor, PAGE_SIZE)
        found = [each for each in _with_events(audit, page.entries[::-1]) if _belongs(each.logged)]
        kept.extend(found)
        count += len(found)
        cursor = page.next_cursor
        if cursor is None:
            return OwnEntries(tuple(kept), count - len(kept))


def _with_events(audit: AuditService, entries: Sequence[AuditEntry]) -> list[OwnEntry]:
    events = {each.number: parse_entry(each.text) for each in entries if not each.text_masked}
    # The text of Open Dental's own window holds a whole key, by which its entry is recognized.
    masked = [each.number for each in entries if each.text_masked]
    events |= {whole.entry.number: whole.event for whole in audit.with_numbers(masked)}
    return [OwnEntry(each, event) for each in entries if (event := events.get(each.number)) is not None]


def _belongs(logged: LoggedEvent) -> bool:
    return not isinstance(logged.event, ApiSetupOpened) and logged.event.description not in (EXPORT, SEAL)
