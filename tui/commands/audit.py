"""`apisetup audit`: search, verify and export the Audit Trail without a screen."""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from core.audit.export_format import json_value
from core.audit.export_target import TargetExists, validate_target
from core.audit.filter import AuditFilter
from core.audit.filter_language import parse_day, parse_filter
from core.audit.paging import Direction
from core.base.errors import ApiSetupError, ConfigurationError
from core.model.audit_entry import HashStatus, counted
from core.opendental.permission_types import Permission
from tui.commands.key_choice import pointing_at_error
from tui.commands.outcome import COULD_NOT, report_error
from tui.commands.report import DONE, WANTING, OfficeReport, table
from tui.commands.signals import SignalHandler, SignalReceived
from tui.flows.verification_report import format_progress, report_lines
from tui.platform.output import is_terminal
from tui.widgets.safe_text import sanitize

if TYPE_CHECKING:
    from core.audit.export import AuditExport, ExportResult
    from core.audit.verification_report import VerificationReport
    from core.model.audit_entry import AuditEntry
    from tui.commands.office_command import OfficeCommand
    from tui.session import Session


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
            return command.run(partial(_verify, command, signals), Permission.AUDIT_TRAIL)
        command.selection.only()
        try:
            return command.run(partial(_export_or_name_option, command, signals), Permission.AUDIT_TRAIL)
        except SignalReceived as received:
            received.outcome = received.outcome or "no file was kept"
            raise


def _search(command: OfficeCommand, signals: SignalHandler, session: Session) -> OfficeReport:
    options = command.options
    _say_if_slow(session)
    search = session.office.audit.search(_wanted(options, session))
    progress, limit = _Progress(), options.limit or sys.maxsize
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
    data = {"more": more, "entries": [_entry_as_json(each) for each in shown]}
    rows = [(each.stored_moment, each.user, each.permission, _marked(each)) for each in shown]
    lines = table(("TIME", "USER", "PERMISSION", "TEXT"), rows) if rows else ["No entries match."]
    return OfficeReport(DONE, data, [*lines, *(["There are more. Add --limit 0 for all."] if more else [])])


def _marked(entry: AuditEntry) -> str:
    """Return the text of an entry, after its hash's state if it isn't genuine."""
    return entry.text if entry.hash_status is HashStatus.MATCHES else f"[{entry.hash_status.value}] {entry.text}"


def _verify(command: OfficeCommand, signals: SignalHandler, session: Session) -> OfficeReport:
    date_range = _date_range(command.options, session)
    # First, since the beginning may already be what is slow.
    _say_if_slow(session)
    verification = session.office.audit.verification(date_range)
    progress, report = _Progress(), verification.run_batch()
    while not report.done:
        signals.raise_pending()
        progress.show(f"{report.fraction:4.0%}  {format_progress(report, progress.seconds)}")
        report = verification.run_batch()
    progress.clear()
    some_days = date_range.since is not None or date_range.until is not None
    session.office.last_verification.keep(report, some_days=some_days)
    lines = [*map(sanitize, report_lines(report)), *map(_entry_line, report.listed)]
    data = _report_as_json(report, date_range, session)
    return OfficeReport(DONE if report.clean else WANTING, data, lines)


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
    _say_if_slow(session)
    export = audit.export(session.actor, audit_filter, file, may_replace=options.replace, excel=options.excel)
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
    }
    lines = [f"{counted(result.count)} written to {sanitize(str(result.file))}", f"SHA-256 {result.sha256}"]
    if result.not_logged is not None:
        report_error(result.not_logged)
    status = DONE if result.not_logged is None else COULD_NOT
    return OfficeReport(status, data, lines, outcome=f"The export {result.file} is complete.")


def _wanted(options: argparse.Namespace, session: Session) -> AuditFilter:
    """Return the filter with the days of --since and --until."""
    audit, date_range = session.office.audit, _date_range(options, session)
    with pointing_at_error(options.filter):
        audit_filter = parse_filter(options.filter, audit.users(), audit.today())
    if date_range == AuditFilter():
        return audit_filter
    if audit_filter.since or audit_filter.until:
        raise ConfigurationError("The dates are set twice.", "Set the dates with options or in the filter, not both.")
    return replace(audit_filter, since=date_range.since, until=date_range.until)


def _write(export: AuditExport, signals: SignalHandler) -> ExportResult:
    progress, result = _Progress(), export.run_batch()
    while not result.done:
        signals.raise_pending()
        reached = f", came to {result.reached:%Y-%m-%d}" if result.reached else ""
        progress.show(f"{counted(result.count)}{reached}")
        result = export.run_batch()
    progress.clear()
    return result


def _date_range(options: argparse.Namespace, session: Session) -> AuditFilter:
    today = session.office.audit.today()
    since = parse_day(options.since, today) if options.since is not None else None
    until = parse_day(options.until, today) if options.until is not None else None
    if since and until and since > until:
        raise ConfigurationError(f"The range ends on {until}, before it starts.", "Swap the two dates.")
    return AuditFilter(since=since, until=until)


def _say_if_slow(session: Session) -> None:
    slowness = session.office.audit.slowness()
    if slowness:
        print(f"apisetup: {slowness}", file=sys.stderr, flush=True)


def _report_as_json(report: VerificationReport, date_range: AuditFilter, session: Session) -> dict[str, Any]:
    info = session.office.info
    return {
        "practice": info.title,
        "database": info.database,
        "server": info.host,
        "verified_by": session.actor.user_name,
        "since": str(date_range.since) if date_range.since else None,
        "until": str(date_range.until) if date_range.until else None,
        "checked": report.checked,
        "hash_matches": report.hash_matches,
        "altered": report.altered,
        "without_hash": report.without_hash,
        "older_than_first_hash": report.before_hashes,
        "first_hash": report.first_hash or None,
        "deleted": report.orphaned,
        "deleted_numbers": [json_value(number) for number in report.orphaned_numbers],
        "removed_by_open_dental": _removals_as_json(report),
        "entries": [_entry_as_json(entry) for entry in report.listed],
    }


def _entry_as_json(entry: AuditEntry) -> dict[str, Any]:
    return {
        "number": json_value(entry.number),
        "time": entry.stored_moment,
        "user": entry.user,
        "permission": entry.permission,
        "text": entry.text,
        "hash": entry.hash_status.value,
    }


def _removals_as_json(report: VerificationReport) -> dict[str, Any]:
    duplicates = report.removed_duplicates
    return {
        "known": report.maintenance_known,
        "duplicates": duplicates.count,
        "duplicates_first": str(duplicates.first) if duplicates.first else None,
        "duplicates_last": str(duplicates.last) if duplicates.last else None,
        "old_data_hashes_left": report.removed_old,
        "old_data": [
            {
                "entry": json_value(each.number),
                "time": str(each.moment) if each.moment else None,
                "user": each.user,
                "up_to": each.written_day,
            }
            for each in report.old_data_removals
        ],
    }


def _entry_line(entry: AuditEntry) -> str:
    columns = f"{entry.number}  {entry.stored_moment}  {entry.hash_status.value}  {entry.user}  {entry.permission}"
    return sanitize(f"{columns}  {entry.text}", 400)


class _Progress:
    """A progress line on standard error that overwrites itself; shows nothing if that is not a terminal."""

    def __init__(self) -> None:
        self._start = time.monotonic()
        self._width = 0

    @property
    def seconds(self) -> float:
        """The time since the command began its work."""
        return time.monotonic() - self._start

    def show(self, text: str) -> None:
        """Replace the progress line."""
        if is_terminal(sys.stderr):
            print(f"\r{text.ljust(self._width)}", end="", file=sys.stderr, flush=True)
            self._width = len(text)

    def clear(self) -> None:
        """Erase the progress line, so that the result starts on an empty one."""
        if self._width:
            print(f"\r{' ' * self._width}\r", end="", file=sys.stderr, flush=True)
