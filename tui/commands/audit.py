"""`apisetup audit verify` and `apisetup audit export`: work on the Audit Trail without a screen."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from core.audit.export_format import json_value
from core.audit.export_target import TargetExists, validate_target
from core.audit.filter import AuditFilter
from core.audit.filter_language import parse_day, parse_filter
from core.base.errors import ApiSetupError, ConfigurationError
from core.filtering.terms import FilterError
from core.model.audit_entry import counted
from tui.commands.office_session import office_session
from tui.commands.outcome import COULD_NOT, report_error
from tui.commands.signals import SignalHandler, SignalReceived
from tui.flows.verification_report import format_progress, report_lines
from tui.platform.output import is_terminal, print_error, print_result
from tui.widgets.safe_text import sanitize

if TYPE_CHECKING:
    from core.audit.export import AuditExport, ExportResult
    from core.audit.service import AuditService
    from core.audit.verification_report import VerificationReport
    from core.model.audit_entry import AuditEntry
    from core.offices.open_request import OpenRequest
    from tui.session import Session

DONE, FOUND = 0, 1
"""The exit statuses besides `COULD_NOT`. Only `verify` returns the second one."""


def run(options: argparse.Namespace, request: OpenRequest, environment: Mapping[str, str]) -> int:
    """Run `audit verify` or `audit export` and return the exit status.

    Raises:
        ApiSetupError: The command failed.
        SignalReceived: A signal ended it.
    """
    command = _verify if options.audit_command == "verify" else _export
    try:
        with SignalHandler() as signals, office_session(request, options.user, environment) as session:
            return command(options, session, signals)
    except SignalReceived as received:
        received.outcome = received.outcome or "no file was kept"
        raise
    except TargetExists as error:
        report_error(error)
        print_error("Add --replace to replace it.")
        return COULD_NOT


def _verify(options: argparse.Namespace, session: Session, signals: SignalHandler) -> int:
    date_range = _date_range(options, session)
    verification = session.office.audit.verification(date_range)
    _say_if_slow(session)
    progress, report = _Progress(), verification.run_batch()
    while not report.done:
        signals.raise_pending()
        progress.show(f"{report.fraction:4.0%}  {format_progress(report, progress.seconds)}")
        report = verification.run_batch()
    progress.clear()
    if options.json:
        print_result(json.dumps(_report_as_json(report, date_range, session), indent=2))
    else:
        print_result("\n".join([*map(sanitize, report_lines(report)), *map(_entry_line, report.listed)]))
    return DONE if report.clean else FOUND


def _export(options: argparse.Namespace, session: Session, signals: SignalHandler) -> int:
    audit, date_range = session.office.audit, _date_range(options, session)
    audit_filter = _parse_filter(options.filter, audit)
    if date_range != AuditFilter():
        if audit_filter.since or audit_filter.until:
            raise ConfigurationError(
                "The dates are set twice.", "Set the dates with options or in the filter, not both."
            )
        audit_filter = replace(audit_filter, since=date_range.since, until=date_range.until)
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
    if options.json:
        summary = {
            "file": str(result.file),
            "about": str(result.manifest),
            "entries": result.count,
            "sha256": result.sha256,
        }
        print_result(json.dumps(summary, indent=2))
    else:
        print_result(f"{counted(result.count)} written to {sanitize(str(result.file))}\nSHA-256 {result.sha256}")
    if result.not_logged is not None:
        report_error(result.not_logged)
        return COULD_NOT
    return DONE


def _write(export: AuditExport, signals: SignalHandler) -> ExportResult:
    progress, result = _Progress(), export.run_batch()
    while not result.done:
        signals.raise_pending()
        reached = f", came to {result.reached:%Y-%m-%d}" if result.reached else ""
        progress.show(f"{counted(result.count)}{reached}")
        result = export.run_batch()
    progress.clear()
    return result


def _parse_filter(text: str, audit: AuditService) -> AuditFilter:
    try:
        return parse_filter(text, audit.users(), audit.today())
    except FilterError as error:
        # One column for each character, so that the carets appear below the wrong word.
        shown = "".join(each if each.isprintable() else "?" for each in text)
        print(f"  {shown}\n  {' ' * error.start}{'^' * max(1, error.end - error.start)}", file=sys.stderr)
        raise


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
        "entries": [
            {
                "number": json_value(entry.number),
                "time": entry.stored_moment,
                "user": entry.user,
                "permission": entry.permission,
                "text": entry.text,
                "hash": entry.hash_status.value,
            }
            for entry in report.listed
        ],
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
