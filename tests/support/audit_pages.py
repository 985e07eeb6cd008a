"""Reading entries of the Audit Trail."""

from __future__ import annotations

from itertools import count

from core.audit.filter import AuditFilter
from core.audit.paging import Direction, PageCursor
from core.audit.search import AuditSearch
from core.model.audit_entry import AuditEntry
from core.office.office import Office

EVERYTHING = AuditFilter()
"""The filter that all entries meet."""
NEWEST_FIRST = [10, 1, 9, 8, 7, 6, 4, 3, 2, 5]
"""The numbers of a sample practice's entries, newest first."""


def newest_entries(office: Office, size: int = 1_000) -> tuple[AuditEntry, ...]:
    """Return the newest entries, newest first, at most `size`."""
    return office.audit.search(EVERYTHING).page(Direction.OLDER, size=size).entries


def all_entries(
    search: AuditSearch, direction: Direction, start: PageCursor | None = None, size: int = 100
) -> list[AuditEntry]:
    """Return all entries after a cursor, read in pages of `size`, in the order of the direction."""
    entries: list[AuditEntry] = []
    for number in count(1):
        page = search.page(direction, start, size)
        entries += page.entries if direction is Direction.OLDER else page.entries[::-1]
        if page.next_cursor is None:
            break
        assert page.next_cursor != start, "the search makes no progress"
        assert number < 2_000, "the search does not end"
        start = page.next_cursor
    return entries
