"""Reading the Audit Trail page by page."""

from __future__ import annotations

from itertools import count

from core.audit.filter import AuditFilter
from core.audit.paging import Direction, PageCursor
from core.audit.search import AuditSearch
from core.model.audit_entry import AuditEntry
from core.office.office import Office

EVERYTHING = AuditFilter()


def latest(office: Office, size: int = 1_000) -> tuple[AuditEntry, ...]:
    """The latest entries, newest first."""
    return office.audit.search(EVERYTHING).page(Direction.OLDER, size=size).entries


def walked(
    search: AuditSearch, direction: Direction, start: PageCursor | None = None, size: int = 100
) -> list[AuditEntry]:
    """All entries from a place on in one direction, page by page, in the order of the direction."""
    entries: list[AuditEntry] = []
    for number in count(1):
        page = search.page(direction, start, size)
        entries += page.entries if direction is Direction.OLDER else page.entries[::-1]
        if page.next_cursor is None:
            break
        assert page.next_cursor != start, "the search stands still"
        assert number < 2_000, "the search does not end"
        start = page.next_cursor
    return entries
