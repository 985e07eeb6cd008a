"""Reading the Audit Trail page by page."""

from __future__ import annotations

from itertools import count

from core.audit.filter import AuditFilter
from core.audit.paging import Place, Toward
from core.audit.search import AuditSearch
from core.model.audit_entry import AuditEntry
from core.office.office import Office

EVERYTHING = AuditFilter()


def latest(office: Office, size: int = 1_000) -> tuple[AuditEntry, ...]:
    """The latest entries, newest first."""
    return office.audit.search(EVERYTHING).page(Toward.OLDER, size=size).entries


def walked(search: AuditSearch, toward: Toward, start: Place | None = None, size: int = 100) -> list[AuditEntry]:
    """All entries from a place on in one direction, page by page, in the order of the direction."""
    entries: list[AuditEntry] = []
    for number in count(1):
        page = search.page(toward, start, size)
        entries += page.entries if toward is Toward.OLDER else page.entries[::-1]
        if page.onward is None:
            break
        assert page.onward != start, "the search stands still"
        assert number < 2_000, "the search does not end"
        start = page.onward
    return entries
