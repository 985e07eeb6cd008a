"""`apisetup audit export`: writes entries of one office to a file, or those of several offices to a file for each."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from core.audit.export_target import ExportFormat, TargetExists, validate_target
from core.base.errors import ApiSetupError, ConfigurationError
from core.base.file_status import is_directory
from core.model.audit_entry import counted
from core.offices.paths import expand_user
from core.opendental.permission_types import Permission
from tui.commands.audit_report import say_if_slow, wanted_filter
from tui.commands.outcome import COULD_NOT, report_error
from tui.commands.progress import Progress
from tui.commands.report import DONE, OfficeReport
from tui.commands.signals import SignalHandler, SignalReceived
from tui.widgets.safe_text import sanitize

if TYPE_CHECKING:
    from core.audit.export import AuditExport, ExportResult
    from tui.commands.office_command import OfficeCommand
    from tui.session import Session

_SUFFIXES = {each.value.removeprefix("."): each.value for each in ExportFormat}
_NOT_IN_NAMES = re.compile(r"[^\w .-]+|^\.+")


def export(command: OfficeCommand, signals: SignalHandler) -> int:
    """Export entries, in one office after the other, and return the exit status.

    Raises:
        ConfigurationError: What was named isn't a directory, and several offices are selected.
        SignalReceived: A signal ended it.
    """
    files = _files_in_directory(command) if command.selection.several else None
    try:
        return command.run_requests(
            lambda request: command.work_in(
                request,
                partial(_export_or_name_option, command, signals, files[request.office.name] if files else None),
                Permission.AUDIT_TRAIL,
            )
        )
    except SignalReceived as received:
        received.outcome = received.outcome or "no file was kept"
        raise


def file_names(offices: Iterable[str], suffix: str) -> Mapping[str, str]:
    """Return a file name for each office: its own name, without what file names can't have, and never one twice."""
    names: dict[str, str] = {}
    taken = set[str]()
    for office in offices:
        plain = _NOT_IN_NAMES.sub("_", office).strip() or "_"
        name, number = plain, 1
        while name.casefold() in taken:
            number += 1
            name = f"{plain} {number}"
        taken.add(name.casefold())
        names[office] = f"{name}{suffix}"
    return names


def _files_in_directory(command: OfficeCommand) -> dict[str, str]:
    options = command.options
    directory = Path(expand_user(options.file))
    if not is_directory(directory):
        raise ConfigurationError(
            f"With several offices, {options.file} must be a directory: each office gets a file of its own in it.",
            "Create the directory, and name it instead of a file; --format csv or --format jsonl chooses the format.",
        )
    names = file_names((each.office.name for each in command.selection.requests), _SUFFIXES[options.format or "csv"])
    return {office: str(directory / name) for office, name in names.items()}


def _export_or_name_option(
    command: OfficeCommand, signals: SignalHandler, file: str | None, session: Session
) -> OfficeReport:
    try:
        return _export(command, signals, file or _named_file(command), session)
    except TargetExists as error:
        raise ConfigurationError(error.sentence, "Choose another name, or add --replace to replace it.") from error


def _named_file(command: OfficeCommand) -> str:
    options = command.options
    if options.format is not None and not options.file.casefold().endswith(_SUFFIXES[options.format]):
        raise ConfigurationError(
            "--format is for several offices; with one office, the file's name says the format.", "Leave it out."
        )
    return str(options.file)


def _export(command: OfficeCommand, signals: SignalHandler, name: str, session: Session) -> OfficeReport:
    options, audit = command.options, session.office.audit
    audit_filter = wanted_filter(options, session)
    file = validate_target(name, may_replace=options.replace)
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


def _write(export: AuditExport, signals: SignalHandler) -> ExportResult:
    progress, result = Progress(), export.run_batch()
    while not result.done:
        signals.raise_pending()
        reached = f", came to {result.reached:%Y-%m-%d}" if result.reached else ""
        progress.show(f"{counted(result.count)}{reached}")
        result = export.run_batch()
    progress.clear()
    return result
