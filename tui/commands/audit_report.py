"""The common parts of the commands about the Audit Trail: the days of their options, and entries as JSON."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, Any

from core.audit.export_format import json_value
from core.audit.filter import AuditFilter
from core.audit.filter_language import parse_day
from core.base.errors import ConfigurationError

if TYPE_CHECKING:
    from core.model.audit_entry import AuditEntry
    from tui.session import Session


def date_range_of(options: argparse.Namespace, session: Session) -> AuditFilter:
    """Return a filter with the days of --since and --until."""
    today = session.office.audit.today()
    since = parse_day(options.since, today) if options.since is not None else None
    until = parse_day(options.until, today) if options.until is not None else None
    if since and until and since > until:
        raise ConfigurationError(f"The range ends on {until}, before it starts.", "Swap the two dates.")
    return AuditFilter(since=since, until=until)


def say_if_slow(session: Session) -> None:
    """Print why the trail is slow to read, if it is."""
    slowness = session.office.audit.slowness()
    if slowness:
        print(f"apisetup: {slowness}", file=sys.stderr, flush=True)


def entry_as_json(entry: AuditEntry) -> dict[str, Any]:
    """Return what JSON says of an entry."""
    return {
        "number": json_value(entry.number),
        "time": entry.stored_moment,
        "user": entry.user,
        "permission": entry.permission,
        "text": entry.text,
        "hash": entry.hash_status.value,
    }
