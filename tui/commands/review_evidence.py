"""`apisetup review report`: the evidence of a review, in a folder."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.base.errors import ApiSetupError, ConfigurationError, InvalidInput
from core.base.file_status import file_status
from core.base.program_version import program_version
from core.model.evidence import OfficeEvidence, ReviewEvidence, WrittenEvidence
from core.model.monthly_report import MissingOffice
from core.model.review import DecisionKind
from core.opendental.permission_types import Permission
from core.reports.decisions import count_states, key_outcomes
from core.reports.evidence_reader import EvidenceReader
from core.reports.evidence_writing import RecordingOffice, write_evidence
from core.reports.report_file import free_name, report_target
from tui.commands.key_choice import read_keys
from tui.commands.outcome import COULD_NOT
from tui.commands.progress import Progress
from tui.commands.report import DONE, WANTING, OfficeReport, status_of
from tui.commands.signals import SignalReceived
from tui.flows.review_evidence import VERIFICATION_FOUND
from tui.platform.output import print_error, print_result
from tui.widgets.safe_text import sanitize

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.offices.open_request import OpenRequest
    from tui.commands.office_command import OfficeCommand, WorkResult
    from tui.session import Session


@dataclass(frozen=True)
class _Read:
    """An office that was read."""

    evidence: OfficeEvidence
    recording: RecordingOffice


def run(command: OfficeCommand) -> int:
    """Read the selected offices, write the folder, and return the exit status.

    Raises:
        ConfigurationError: The folder can't be used, or no review is named and the offices have different ones.
        SignalReceived: A signal ended it; no folder was written, or all of it.
    """
    folder = _target(command)
    read: dict[str, _Read] = {}
    with ExitStack() as offices:
        progress = Progress()
        try:
            work = partial(_read, command, read, progress)
            results = command.collect(work, Permission.AUDIT_TRAIL, keep_open=offices)
        finally:
            progress.clear()
        # Offices are read at the same time; the evidence has them in their order.
        in_order = [read[each.office.name] for each in command.selection.requests if each.office.name in read]
        _require_one_review(in_order)
        if not read or command.dry_run:
            return command.finish(results)
        try:
            written = _write(command, folder, in_order, results)
        except SignalReceived as received:
            is_complete = file_status(folder) is not None
            received.outcome = f"{folder} is complete" if is_complete else "no folder was written"
            raise
        except ApiSetupError as error:
            failed = OfficeReport(status_of(error))
            return command.finish((request, failed, first or error) for request, _, first in results)
    # The offices are closed, which records the sign-outs, before the result is printed.
    status = command.finish(_finished(each, read, written) for each in results)
    for name, problem in written.problems.items():
        print_error(f"{sanitize(name)}: {sanitize(problem, len(problem))}")
    if not command.options.json:
        _print_folder(written)
    return status


def _require_one_review(read: Sequence[_Read]) -> None:
    """Check that all offices have the same review.

    Raises:
        ConfigurationError: The command line names none, and their last ones have different names.
    """
    names = {review.name.casefold(): review.name for review in (each.evidence.progress.review for each in read)}
    if len(names) > 1:
        raise ConfigurationError(
            f"The last reviews of these offices have different names: {', '.join(names.values())}.",
            "Name the review.",
        )


def _target(command: OfficeCommand) -> Path:
    """Return the folder to write."""
    clock = command.selection.requests[0].context.runtime.clock
    try:
        return report_target(command.options.output or free_name(Path(), f"apisetup-review-{clock():%Y-%m-%d}"))
    except InvalidInput as error:
        raise ConfigurationError(error.sentence, f"{error.hint} See --output.") from error


def _read(
    command: OfficeCommand, read: dict[str, _Read], progress: Progress, request: OpenRequest, session: Session
) -> OfficeReport:
    office, name = session.office, request.office.name
    shown = sanitize(name or office.info.title)
    _, current = read_keys(session)
    reader = EvidenceReader(office, session.actor.user_name, session.not_recorded, keeps_result=not command.dry_run)
    evidence = reader.read(
        command.options.name, lambda fraction: progress.show(f"{fraction:4.0%}  {shown}"), current=current
    )
    read[name] = _Read(evidence, RecordingOffice(evidence.name, office, session.actor, not session.not_recorded))
    lines = [_line(evidence), *([] if evidence.is_clean else [VERIFICATION_FOUND]), *evidence.unknown]
    data = {"dry_run": command.dry_run, **_as_json(evidence)}
    is_wanting = bool(evidence.unknown) or not evidence.is_clean
    return OfficeReport(WANTING if is_wanting else DONE, data, list(map(sanitize, lines)))


def _write(
    command: OfficeCommand, folder: Path, read: Sequence[_Read], results: Sequence[WorkResult]
) -> WrittenEvidence:
    missing = tuple(MissingOffice(each.office.name, str(error)) for each, _, error in results if error is not None)
    evidence = ReviewEvidence(
        read[0].evidence.progress.review.name,
        command.selection.requests[0].context.runtime.clock(),
        f"apisetup {program_version()}",
        tuple(each.evidence for each in read),
        missing,
    )
    return write_evidence(evidence, folder, [each.recording for each in read])


def _finished(result: WorkResult, read: dict[str, _Read], written: WrittenEvidence) -> WorkResult:
    """Return the result of an office with what was written about it."""
    request, report, error = result
    done = read.get(request.office.name)
    if done is None:
        return result
    name, evidence = done.evidence.name, done.evidence
    data: dict[str, Any] = {
        **report.data,
        "folder": written.folder,
        "sha256": written.sha256,
        "entry": written.entries.get(name),
        "seal": written.seals.get(name),
        "not_recorded": evidence.not_recorded or written.problems.get(name),
    }
    status = COULD_NOT if name in written.problems else report.status
    lines = [*report.lines, sanitize(_recorded(name, evidence, written))]
    outcome = f"The evidence {written.folder} is complete."
    return (request, replace(report, status=status, data=data, lines=lines, outcome=outcome), error)


def _recorded(name: str, evidence: OfficeEvidence, written: WrittenEvidence) -> str:
    if evidence.not_recorded:
        return f"Not recorded in the practice: {evidence.not_recorded}"
    entry, seal = written.entries.get(name), written.seals.get(name)
    if entry is None:
        return "Not recorded in the practice."
    return f"Recorded as entry {entry}{f', in seal {seal}' if seal else ''}."


def _line(evidence: OfficeEvidence) -> str:
    review = evidence.progress.review
    counts = count_states(key_outcomes(evidence))
    keys = ", ".join(f"{count:,} {state}" for state, count in counts.items() if count)
    state = "under way" if review.ended_at is None else f"ended on {review.ended_at:%Y-%m-%d}"
    checks = [("Audit Trail", evidence.trail), ("seals", evidence.seals)]
    words = ", ".join(
        f"{what} {'not known' if check is None else 'in order' if check.clean else 'NOT in order'}"
        for what, check in checks
        if what == "Audit Trail" or (evidence.seals is not None and evidence.seals.seals)
    )
    return f"Review {review.name}, {state}: {keys}; {words}."


def _as_json(evidence: OfficeEvidence) -> dict[str, Any]:
    review, seals = evidence.progress.review, evidence.seals
    return {
        "review": review.name,
        "ended": review.ended_at.isoformat(" ", "seconds") if review.ended_at is not None else None,
        "keys": len(review.items),
        "decisions": {kind.value: review.count(kind) for kind in DecisionKind},
        "open": [each.label for each in evidence.progress.open] if review.is_under_way else list(review.left_open),
        "trail_clean": evidence.trail.clean if evidence.trail is not None else None,
        "seals_clean": seals.clean if seals is not None and seals.seals else None,
        "unknown": list(evidence.unknown),
    }


def _print_folder(written: WrittenEvidence) -> None:
    lines = (
        f"The evidence was written to {written.folder}",
        f"SHA-256 of manifest.json: {written.sha256}",
    )
    print_result("\n".join(sanitize(line, len(line)) for line in lines), lines[0])
