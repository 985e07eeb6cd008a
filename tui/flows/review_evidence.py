"""Writing the evidence of a review: asks for a folder, reads with progress, and reports the result."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.base.errors import ApiSetupError, NotPermitted
from core.base.program_version import program_version
from core.model.evidence import ReviewEvidence
from core.reports.evidence_reader import EvidenceReader
from core.reports.evidence_writing import RecordingOffice, write_evidence
from core.reports.report_file import free_name, report_target
from tui.flows.export import suggest_directory
from tui.flows.office_content import audit_trail_refusal
from tui.flows.typed_values import ask_until_saved
from tui.modals.evidence import EvidenceProgress
from tui.modals.notice import Notice
from tui.modals.prompt import Prompt

if TYPE_CHECKING:
    from datetime import datetime

    from core.model.evidence import OfficeEvidence, WrittenEvidence
    from core.model.review import Review
    from tui.platform.base_screen import BaseScreen
    from tui.session import Session


VERIFICATION_FOUND = (
    "The verification found something: see index.html and verification.json, or run apisetup audit verify --seals."
)


async def write_review_evidence(screen: BaseScreen[Any], session: Session, review: Review, now: datetime) -> None:
    """Ask for a folder, and write the evidence of a review to it. Call it from a flow.

    Args:
        screen: The screen that the dialogs open above.
        session: The open office.
        review: The review.
        now: The time for the name of the folder, and at which it is written.

    Raises:
        NotPermitted: The user may not see the Audit Trail.
        ApiSetupError: Nothing was written.
    """
    if not session.signed_in.sees_audit_trail:
        raise NotPermitted(audit_trail_refusal(()))
    lines = [
        f"The evidence of the review {review.name}: a page to read and print, the data, and the results of verification"
        " and seals. API keys are masked.",
        "Every entry of the Audit Trail is verified first.",
        f"Not recorded in the practice: {session.not_recorded}"
        if session.not_recorded
        else "The SHA-256 of the evidence's manifest is recorded in the Audit Trail.",
    ]
    directory = Path(suggest_directory())
    suggestion = str(directory / free_name(directory.expanduser(), f"apisetup-review-{now:%Y-%m-%d}"))

    def dialog(typed: Path | None) -> Prompt[Path]:
        title = "Write the evidence to a new folder?"
        return Prompt(title, lines, str(typed or suggestion), report_target, verb="Write", key="ctrl+s")

    writing = partial(_read_and_write, screen, session, review, now)
    done = await ask_until_saved(screen, dialog, writing)
    if done is None:
        screen.show_status("No evidence was written.")
        return
    evidence, written = done
    screen.show_status(f"Evidence written: {Path(written.folder).name}.", "ok")
    screen.show_outcome(Notice("Evidence written", _lines(evidence, written)))


async def _read_and_write(
    screen: BaseScreen[Any], session: Session, review: Review, now: datetime, folder: Path
) -> tuple[OfficeEvidence, WrittenEvidence] | None:
    """Read the evidence with progress, and write it; return None if the admin ended the reading."""
    current = not session.office.keys.is_remote
    reader = EvidenceReader(session.office, session.actor.user_name, session.not_recorded)
    read = partial(reader.read, review.name, current=current)
    evidence = await screen.app.push_screen_wait(EvidenceProgress(read))
    if isinstance(evidence, ApiSetupError):
        raise evidence
    if evidence is None:
        return None
    office = RecordingOffice(evidence.name, session.office, session.actor, not session.not_recorded)
    whole = ReviewEvidence(review.name, now, f"apisetup {program_version()}", (evidence,))
    with screen.busy("Writing the evidence…"):
        written = await screen.commit(partial(write_evidence, whole, folder, [office]))
    return evidence, written


def _lines(evidence: OfficeEvidence, written: WrittenEvidence) -> list[str]:
    name = evidence.name
    entry, seal = written.entries.get(name), written.seals.get(name)
    recorded = f"Recorded as entry {entry}{f', in seal {seal}' if seal else ''}."
    if evidence.not_recorded:
        recorded = f"Not recorded in the practice: {evidence.not_recorded}"
    elif entry is None:
        recorded = "Not recorded in the practice."
    return [
        written.folder,
        "",
        "Open index.html in a browser to read or print it.",
        *([] if evidence.is_clean else [VERIFICATION_FOUND]),
        f"SHA-256 of manifest.json: {written.sha256[:16]}…",
        recorded,
        *(line for each in (*evidence.unknown, *written.problems.values()) for line in ("", each)),
    ]
