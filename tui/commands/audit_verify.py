"""`apisetup audit verify`: checks the hashes of the Audit Trail, its plausibility, and its seals."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.audit.export_format import json_value
from core.audit.filter import AuditFilter
from core.base.errors import ConfigurationError
from core.base.program_version import program_version
from tui.commands.audit_report import date_range_of, entry_as_json, say_if_slow
from tui.commands.progress import Progress
from tui.commands.public_key import read_public_key
from tui.commands.report import DONE, WANTING, OfficeReport
from tui.flows.seal_report import seal_lines, sealed_entry_line
from tui.flows.verification_report import format_progress, plausibility_lines, report_lines
from tui.widgets.safe_text import sanitize

if TYPE_CHECKING:
    from core.audit.verification_report import VerificationReport
    from core.model.audit_entry import AuditEntry
    from core.seals.seal_report import SealedEntry, SealReport
    from core.seals.trail_digest import TrailDigest
    from tui.commands.office_command import OfficeCommand
    from tui.commands.signals import SignalHandler
    from tui.session import Session


def verify(command: OfficeCommand, signals: SignalHandler, session: Session) -> OfficeReport:
    """Verify the trail of an office, and return the report."""
    options = command.options
    days = date_range_of(options, session)
    # First, since the beginning may already be what is slow.
    say_if_slow(session)
    seals = None
    digest: TrailDigest | None = None
    if options.seals or options.seal or options.public_key:
        if days != AuditFilter():
            raise ConfigurationError("A seal covers all entries.", "Leave out --since and --until, or the seals.")
        public_key = read_public_key(options.public_key)
        seals = session.office.seals.verification([Path(each) for each in options.seal], public_key)
        report = _run(command, seals.run_batch, signals)
        digest = seals.digest
    elif options.json and days == AuditFilter():
        verification, digest = session.office.seals.digesting_verification()
        report = _run(command, verification.run_batch, signals)
    else:
        report = _run(command, session.office.audit.verification(days).run_batch, signals)
    session.office.last_verification.keep(report, some_days=days != AuditFilter())
    lines = [*map(sanitize, [*report_lines(report), *plausibility_lines(report)]), *map(_entry_line, report.listed)]
    data = _report_as_json(report, days, session, digest)
    clean = report.clean
    if seals is not None:
        sealed = seals.seal_report
        lines += [*map(sanitize, seal_lines(sealed)), *(sealed_entry_line(each) for each in sealed.found)]
        data["seals"] = seal_report_as_json(sealed)
        clean = clean and sealed.clean
    return OfficeReport(DONE if clean else WANTING, data, lines)


def seal_report_as_json(report: SealReport) -> dict[str, Any]:
    """Return what JSON says of the comparison with seals."""
    return {
        "seals": report.seals,
        "last_sealed": str(report.last_sealed) if report.last_sealed else None,
        "as_sealed": report.sealed,
        "not_sealed_yet": report.unsealed,
        "altered": report.altered,
        "inserted": report.inserted,
        "deleted": report.deleted,
        "explained": report.explained,
        "problems": list(report.problems),
        "notes": list(report.notes),
        "entries": [_sealed_entry_as_json(each) for each in report.found],
    }


def _run(command: OfficeCommand, run_batch: Any, signals: SignalHandler) -> VerificationReport:
    progress, report = Progress(hidden=command.reads_several), run_batch()
    while not report.done:
        signals.raise_pending()
        progress.show(f"{report.fraction:4.0%}  {format_progress(report, progress.seconds)}")
        report = run_batch()
    progress.clear()
    found: VerificationReport = report
    return found


def _sealed_entry_as_json(each: SealedEntry) -> dict[str, Any]:
    values: dict[str, Any] = {
        "number": json_value(each.number),
        "found": each.kind.value,
        "seal": each.seal,
        "time": str(each.moment) if each.moment else None,
    }
    return values | ({"entry": entry_as_json(each.entry)} if each.entry is not None else {})


def _report_as_json(
    report: VerificationReport, date_range: AuditFilter, session: Session, digest: TrailDigest | None
) -> dict[str, Any]:
    info = session.office.info
    return {
        "practice": info.title,
        "database": info.database,
        "server": info.host,
        "program": f"apisetup {program_version()}",
        "verified_at": str(session.office.audit.now()),
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
        "first_number": json_value(digest.first) if digest and digest.first is not None else None,
        "last_number": json_value(digest.last) if digest and digest.last is not None else None,
        "digest": digest.root if digest is not None else None,
        "implausible": report.plausibility.count,
        "implausibilities": list(report.plausibility.findings),
        "explained": list(report.plausibility.notes),
        "entries": [_listed_as_json(entry) for entry in report.listed],
    }


def _listed_as_json(entry: AuditEntry) -> dict[str, Any]:
    return {
        **entry_as_json(entry),
        "stored_hashes": list(entry.stored_hashes),
        "computed_hash": entry.computed_hash,
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
