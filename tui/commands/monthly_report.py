"""`apisetup report`: the report of a month, for the compliance officer."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from core.base.errors import ConfigurationError, InvalidInput
from core.base.program_version import program_version
from core.model.month import Month, parse_month
from core.model.monthly_report import MissingOffice, MonthlyReport, OfficeMonth
from core.opendental.permission_types import Permission
from core.reports.month_arrangement import arrange_month
from core.reports.month_page import month_page
from core.reports.month_reader import read_month
from core.reports.plain_values import plain_value
from core.reports.report_file import report_target, write_report
from tui.commands.key_choice import read_keys
from tui.commands.progress import Progress
from tui.commands.report import DONE, WANTING, OfficeReport
from tui.platform.output import print_note, print_result
from tui.widgets.safe_text import sanitize

if TYPE_CHECKING:
    from collections.abc import Iterator, Sized
    from pathlib import Path

    from core.offices.open_request import OpenRequest
    from tui.commands.office_command import OfficeCommand, WorkResult
    from tui.session import Session


def run(command: OfficeCommand) -> int:
    """Read the selected offices, write the report, and return the exit status.

    Raises:
        ConfigurationError: The month or the file can't be used.
        ExportFailed: The file can't be written.
        SignalReceived: A signal ended it; no file was written.
    """
    options, clock = command.options, command.selection.requests[0].context.runtime.clock
    month = parse_month(options.month, clock().date())
    file = _target(command, month)
    offices: list[OfficeMonth] = []
    progress = Progress()
    try:
        results = command.collect(partial(_read, month, offices, progress), Permission.AUDIT_TRAIL)
    finally:
        progress.clear()
    if file is not None and offices:
        missing = tuple(_missing(each) for each in results if each[2] is not None)
        report = MonthlyReport(month, clock(), f"apisetup {program_version()}", tuple(offices), missing)
        write_report(file, month_page(report), may_replace=options.replace)
    status = command.finish(results)
    if file is not None and offices:
        written = f"The report was written to {file}"
        if options.json:
            print_note(written)
        else:
            print_result(sanitize(written, len(written)), written)
    return status


def _target(command: OfficeCommand, month: Month) -> Path | None:
    """Return the file to write; None for none."""
    options = command.options
    if options.json and options.output is None:
        return None
    try:
        return report_target(options.output or f"apisetup-report-{month}.html", may_replace=options.replace)
    except InvalidInput as error:
        raise ConfigurationError(error.sentence, f"{error.hint} See --output and --replace.") from error


def _read(
    month: Month, offices: list[OfficeMonth], progress: Progress, request: OpenRequest, session: Session
) -> OfficeReport:
    progress.show(sanitize(request.office.name or session.office.info.title))
    facts = read_month(session.office, session.actor.user_name, month, partial(read_keys, session))
    arranged = arrange_month(request.office.name, facts)
    offices.append(arranged)
    is_whole = arranged.current and not arranged.unknown
    data = {"month": str(month), **plain_value(arranged)}
    # The frame of every document has the office's name.
    del data["office"]
    return OfficeReport(DONE if is_whole else WANTING, data, list(map(sanitize, _lines(arranged))))


def _lines(office: OfficeMonth) -> Iterator[str]:
    counts = (
        (office.enabled, "enabled keys"),
        (_length(office.new_vendors), "new vendors"),
        (_length(office.cut_offs), "cut off"),
        (office.entries, "entries"),
        (office.api_changes, "changes through the API"),
    )
    yield ", ".join(f"{count:,} {what}" if count is not None else f"{what} not known" for count, what in counts)
    yield from office.unknown


def _length(values: Sized | None) -> int | None:
    return len(values) if values is not None else None


def _missing(result: WorkResult) -> MissingOffice:
    request, _, error = result
    return MissingOffice(request.office.name, str(error) if error is not None else "")
