"""`apisetup audit`: search, verify and export the Audit Trail without a screen."""

from __future__ import annotations

import sys
from functools import partial
from typing import TYPE_CHECKING

from core.audit.paging import Direction
from core.model.audit_entry import HashStatus, counted
from core.opendental.permission_types import Permission
from tui.commands.audit_report import entry_as_json, say_if_slow, wanted_filter
from tui.commands.progress import Progress
from tui.commands.report import DONE, OfficeReport, table
from tui.commands.signals import SignalHandler

if TYPE_CHECKING:
    from core.model.audit_entry import AuditEntry
    from tui.commands.office_command import OfficeCommand
    from tui.session import Session


SEAL_VERBS = ("seal", "seals", "seal-key", "proof")


def run(command: OfficeCommand) -> int:
    """Run one of the `audit` commands and return the exit status.

    Raises:
        ApiSetupError: The command failed.
        SignalReceived: A signal ended it.
    """
    with SignalHandler() as signals:
        if command.options.verb == "search":
            return command.read(partial(_search, command, signals), Permission.AUDIT_TRAIL)
        if command.options.verb == "verify":
            from tui.commands.audit_verify import verify

            return command.read(partial(verify, command, signals), Permission.AUDIT_TRAIL)
        if command.options.verb in SEAL_VERBS:
            from tui.commands import audit_seals

            return audit_seals.run(command, signals)
        from tui.commands import audit_export

        return audit_export.export(command, signals)


def _search(command: OfficeCommand, signals: SignalHandler, session: Session) -> OfficeReport:
    options = command.options
    say_if_slow(session)
    search = session.office.audit.search(wanted_filter(options, session))
    progress, limit = Progress(hidden=command.reads_several), options.limit or sys.maxsize
    entries: list[AuditEntry] = []
    page = search.page(Direction.OLDER)
    while True:
        signals.raise_pending()
        entries += page.entries
        if len(entries) > limit or page.next_cursor is None:
            break
        progress.show(counted(len(entries)))
        page = search.page(Direction.OLDER, page.next_cursor)
    progress.clear()
    more = len(entries) > limit or page.next_cursor is not None
    shown = entries[:limit]
    data = {"more": more, "entries": [entry_as_json(each) for each in shown]}
    rows = [(each.stored_moment, each.user, each.permission, _marked(each)) for each in shown]
    lines = table(("TIME", "USER", "PERMISSION", "TEXT"), rows) if rows else ["No entries match."]
    return OfficeReport(DONE, data, [*lines, *(["There are more. Add --limit 0 for all."] if more else [])])


def _marked(entry: AuditEntry) -> str:
    """Return the text of an entry, after its hash's state if it isn't genuine."""
    return entry.text if entry.hash_status is HashStatus.MATCHES else f"[{entry.hash_status.value}] {entry.text}"
