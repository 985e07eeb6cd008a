"""Which entry of the Audit Trail tells of a change: who made it, when, from what to what."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import replace

from core.audit.paging import Direction
from core.audit.search import AuditSearch
from core.base.errors import Conflict
from core.model.audit_entry import AuditEntry, Genuineness
from core.model.audit_events import NOT_DONE, STATUS_EDIT

DAYS_BACK = 1
"""How far back is looked, from today on: what moved while a screen showed it, moved lately."""

_NOBODY = "No audit entry since yesterday tells who changed it: Open Dental's own window writes none of this kind."


def with_attribution(conflict: Conflict, search: AuditSearch, key_tag: str = "") -> Conflict:
    """A conflict with the words of the entry that tells of it.

    Args:
        conflict: A value that moved.
        search: Looks through the entries of API Setup of the last days.
        key_tag: The short fingerprint of the API key whose value it is; empty for a setting.
    """
    entry = _newest(search, _matcher(conflict.what, key_tag))
    return replace(conflict, attribution=_NOBODY if entry is None else _worded(entry, conflict.now))


def _newest(search: AuditSearch, tells: Callable[[str], bool]) -> AuditEntry | None:
    """The newest entry that tells of something; one is passed over that says later that it was not done."""
    undone: Counter[str] = Counter()
    page = search.page(Direction.OLDER)
    while True:
        for entry in page.entries:
            text = entry.text.removeprefix(NOT_DONE)
            if not tells(text):
                continue
            if entry.text != text:
                undone[text] += 1
            elif undone[text]:
                undone[text] -= 1
            else:
                return entry
        if page.next_cursor is None:
            return None
        page = search.page(Direction.OLDER, page.next_cursor)


def _matcher(what: str, key_tag: str) -> Callable[[str], bool]:
    if not key_tag:
        setting = re.compile(rf"API Setup: (?:.*; )?{re.escape(what)} (?:changed )?from ", re.DOTALL)
        return lambda text: setting.match(text) is not None
    begin = f"API key {key_tag} "
    change = STATUS_EDIT if what == "Key Status" else re.compile(rf"\) {re.escape(what)} changed(?: from|:) ")
    return lambda text: _of_key(text).startswith(begin) and change.search(text) is not None


def _of_key(text: str) -> str:
    """The beginning of an entry about a key without the mask, which says little."""
    return re.sub(r"^API key \S+ ", "API key ", text)


def _worded(entry: AuditEntry, now: str) -> str:
    doubt = "" if entry.genuineness is Genuineness.GENUINE else " (this entry is not genuine)"
    words = f"{entry.moment}, {entry.user or 'nobody'}: {entry.text}{doubt}"
    if f" to {now}" in entry.text or "changed: " in entry.text:
        return words
    return f"The last entry about it tells of another value, so another program changed it since. {words}"
