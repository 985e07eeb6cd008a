"""`apisetup audit`: search, verify and export the Audit Trail without a screen."""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from core.audit.export_target import TargetExists, validate_target
from core.audit.filter import AuditFilter
from core.audit.filter_language import parse_filter
from core.audit.paging import Direction
from core.base.errors import ApiSetupError, ConfigurationError
from core.model.audit_entry import HashStatus, counted
from core.opendental.permission_types import Permission
from tui.commands.audit_report import date_range_of, entry_as_json, say_if_slow
from tui.commands.key_choice import pointing_at_error
from tui.commands.outcome import COULD_NOT, report_error
from tui.commands.progress import Progress
from tui.commands.report import DONE, OfficeReport, table
from tui.commands.signals import SignalHandler, SignalReceived
from tui.widgets.safe_text import sanitize

if TYPE_CHECKING:
    from core.audit.export import AuditExport, ExportResult
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
            return command.run(partial(_search, command, signals), Permission.AUDIT_TRAIL)
        if command.options.verb == "verify":
            from tui.commands.audit_verify import verify

            return command.run(partial(verify, command, signals), Permission.AUDIT_TRAIL)
        if command.options.verb in SEAL_VERBS:
            from tui.commands import audit_seals

            return audit_seals.run(command, signals)
        command.selection.only()
        try:
            return command.run(partial(_export_or_name_option, command, signals), Permission.AUDIT_TRAIL)
        except SignalReceived as received:
            received.outcome = received.outcome or "no file was kept"
            raise


def _search(command: OfficeCommand, signals: SignalHandler, session: Session) -> OfficeReport:
    options = command.options
    say_if_slow(session)
    search = session.office.audit.search(_wanted(options, session))
    progress, limit = Progress(), options.limit or sys.maxsize
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


def _export_or_name_option(command: OfficeCommand, signals: SignalHandler, session: Session) -> OfficeReport:
    try:
        return _export(command, signals, session)
    except TargetExists as error:
        raise ConfigurationError(error.sentence, "Choose another name, or add --replace to replace it.") from error


def _export(command: OfficeCommand, signals: SignalHandler, session: Session) -> OfficeReport:
    options, audit = command.options, session.office.audit
    audit_filter = _wanted(options, session)
    file = validate_target(options.file, may_replace=options.replace)
    if options.excel and file.suffix.casefold() != ".csv":
        raise ConfigurationError("--excel is for .csv files.", "Leave out --excel, or choose a name that ends in .csv.")
    say_if_slow(session)
    export = audit.export(
        session.actor,
        audit_filter,
        file,
        may_replace=options.replace,
        excel=options.excel,
        not_recorded=session.not_recorded,
    )
    export.begin()
    try:
        result = _write(export, signals)
    except BaseException as interruption:
        if export.is_published and isinstance(interruption, SignalReceived):
            interruption.outcome = f"{sanitize(str(file))} is complete, but the Audit Trail may not record that"
        try:
            export.cancel()
        except ApiSetupError as error:
            # Only reported here: the error that ended the export is the one to raise.
            report_error(error)
        raise
    data = {
        "file": str(result.file),
        "about": str(result.manifest),
        "entries": result.count,
        "sha256": result.sha256,
        "not_recorded": result.not_recorded or None,
    }
    lines = [f"{counted(result.count)} written to {sanitize(str(result.file))}", f"SHA-256 {result.sha256}"]
    if result.not_recorded:
        lines.append(f"Not recorded in the practice: {sanitize(result.not_recorded)}")
    if result.not_logged is not None:
        report_error(result.not_logged)
    status = DONE if result.not_logged is None else COULD_NOT
    return OfficeReport(status, data, lines, outcome=f"The export {result.file} is complete.")


def _wanted(options: argparse.Namespace, session: Session) -> AuditFilter:
    """Return the filter with the days of --since and --until."""
    audit, date_range = session.office.audit, date_range_of(options, session)
    with pointing_at_error(options.filter):
        audit_filter = parse_filter(options.filter, audit.users(), audit.today())
    if date_range == AuditFilter():
        return audit_filter
    if audit_filter.since or audit_filter.until:
        raise ConfigurationError("The dates are set twice.", "Set the dates with options or in the filter, not both.")
    return replace(audit_filter, since=date_range.since, until=date_range.until)


def _write(export: AuditExport, signals: SignalHandler) -> ExportResult:
    progress, result = Progress(), export.run_batch()
    while not result.done:
        signals.raise_pending()
        reached = f", came to {result.reached:%Y-%m-%d}" if result.reached else ""
        progress.show(f"{counted(result.count)}{reached}")
        result = export.run_batch()
    progress.clear()
    return result
