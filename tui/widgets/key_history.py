"""The history of a key, from its audit entries."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from core.model.audit_entry import HashStatus
from tui.widgets.tones import Line, safe_line

if TYPE_CHECKING:
    from core.model.audit_entry import AuditEntry

_SHOWN = 50
"""The number of entries that the details show; the key's own screen lists all of them."""


def what_happened(entry: AuditEntry) -> str:
    """Return what an entry says about a key without naming the key again; the whole text if it is no event of ours."""
    # Most practices are opened without anybody looking at the history of a key, and the events are many classes.
    from core.model.audit_events import parse_entry

    logged = parse_entry(entry.text)
    return logged.summary if logged is not None else entry.text


def history_lines(entries: Sequence[AuditEntry]) -> list[Line]:
    """Return a line for each entry about a key, newest first."""
    if not entries:
        return [safe_line(("No audit entries for this key.", "dim"))]
    return [_line(entry) for entry in entries[:_SHOWN]]


def _line(entry: AuditEntry) -> Line:
    matches = entry.hash_status is HashStatus.MATCHES
    moment = f"{entry.moment:%Y-%m-%d}" if entry.moment else "(no date) "
    text = f"{what_happened(entry)} by {entry.user}"
    mark = "" if matches else f"! {entry.hash_status.value}: "
    return safe_line((f"{moment}  ", "dim"), (f"{mark}{text}", "normal" if matches else "alert"), indent=12)
