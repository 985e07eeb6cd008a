"""The common parts of the commands about the Audit Trail: the days of their options, and entries as JSON."""

from __future__ import annotations

import argparse
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from core.audit.export_format import json_value
from core.audit.filter import AuditFilter
from core.audit.filter_language import parse_day, parse_filter
from core.base.errors import ConfigurationError
from tui.commands.key_choice import pointing_at_error
from tui.platform.output import print_error

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


def wanted_filter(options: argparse.Namespace, session: Session) -> AuditFilter:
    """Return the filter with the days of --since and --until."""
    audit, date_range = session.office.audit, date_range_of(options, session)
    with pointing_at_error(options.filter):
        audit_filter = parse_filter(options.filter, audit.users(), audit.today())
    if date_range == AuditFilter():
        return audit_filter
    if audit_filter.since or audit_filter.until:
        raise ConfigurationError("The dates are set twice.", "Set the dates with options or in the filter, not both.")
    return replace(audit_filter, since=date_range.since, until=date_range.until)


def say_if_slow(session: Session) -> None:
    """Print why the trail is slow to read, if it is."""
    slowness = session.office.audit.slowness()
    if slowness:
        print_error(slowness)


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
