"""All events that API Setup writes to the Audit Trail, and those of Open Dental's own window that it recognizes.

Each event is a frozen dataclass with `text()` and `parse()`, and no other module knows the sentences. The two are
inverse to each other whatever names an event holds (`core.model.event_text` quotes names that would make a sentence
ambiguous). A text that can't be read in full - it was shortened, or an earlier version wrote it with an ambiguous
name - lacks the uncertain values or becomes an `UnreadableEvent`; then `LoggedEvent.is_exact` is false.

To add an event, define its class in the module of its subject, one of `core.model.logged_event.EVENT_MODULES`; a text
is tried on the events in their order. To add a setting, add it to `core.model.event_text.Setting`.
"""

from __future__ import annotations

import re
from functools import cache

from core.model.logged_event import AuditEvent, LoggedEvent, Stage, known_events
from core.opendental.permission_types import Permission


def parse_entry(text: str) -> LoggedEvent | None:
    """Return the event of an entry that API Setup wrote, here or in Open Dental; None for all others."""
    logged = LoggedEvent.parse(text)
    return logged if logged is not None and logged.event.ours else None


@cache
def our_patterns() -> tuple[str, ...]:
    """Return patterns for SQL's LIKE that match the texts of API Setup, of whatever stage."""
    return tuple(dict.fromkeys(f"{stage.value}{_like(event)}" for stage in Stage for event in _ours()))


@cache
def our_kinds() -> tuple[Permission, ...]:
    """Return the permission types of API Setup's entries. Sign-ins are left out: every window writes the same ones."""
    return tuple(sorted({Permission.SETUP, *(event.permission for event in _ours())}))


@cache
def change_kinds() -> tuple[Permission, ...]:
    """Return the permission types of changes that were made; older versions of Open Dental record all as Setup."""
    return tuple(sorted({Permission.SETUP, *(event.permission for event in known_events() if event.changes_practice)}))


@cache
def change_patterns() -> tuple[str, ...]:
    """Return patterns for SQL's LIKE that match the texts of changes that were made."""
    return tuple(dict.fromkeys(_like(event) for event in known_events() if event.changes_practice))


def _ours() -> list[type[AuditEvent]]:
    return [event for event in known_events() if event.ours]


def _like(event: type[AuditEvent]) -> str:
    """Return a pattern for SQL's LIKE that matches every text of an event."""
    if event.like:
        return event.like
    fixed, _, variable = event.template.partition("{")
    if fixed:
        return f"{fixed}%" if variable else fixed
    return re.sub(r"\{\w+\}", "%", event.template)
