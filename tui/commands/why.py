"""`apisetup why`: says without a screen why the API doesn't work."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

from core.diagnosis.service import DiagnosisRequest
from core.model.diagnosis import Cause, Certainty, Diagnosis, Symptom, Verdict
from core.users.service import READERS
from tui.commands.key_choice import refuse_whole_key
from tui.commands.outcome import COULD_NOT
from tui.commands.report import DONE, WANTING, OfficeReport
from tui.widgets.safe_text import sanitize

if TYPE_CHECKING:
    from core.diagnosis.key_target import KeyTarget
    from core.office.office import Office
    from tui.commands.office_command import OfficeCommand
    from tui.session import Session

_EXIT_STATUS = {Verdict.IN_ORDER: DONE, Verdict.CAUSE_FOUND: WANTING, Verdict.INCOMPLETE: COULD_NOT}
_LABEL_WIDTH = 10


def run(command: OfficeCommand) -> int:
    """Print what is wrong with the API, and return the exit status.

    Raises:
        ConfigurationError: The key is named by more than its end.
    """
    refuse_whole_key(command.options.key or "")
    return command.read(partial(_diagnose, command.options), *READERS)


def _diagnose(options: argparse.Namespace, session: Session) -> OfficeReport:
    symptom = Symptom(options.status, " ".join(options.text.split()), options.workstation.strip())
    office = session.office
    request = DiagnosisRequest(symptom, _target(options, office), ask_headquarters=True, probe=options.probe)
    diagnosis = office.diagnosis.diagnose(request)
    return OfficeReport(_EXIT_STATUS[diagnosis.verdict], _as_json(diagnosis), list(_lines(diagnosis)))


def _target(options: argparse.Namespace, office: Office) -> KeyTarget | None:
    if options.developer:
        return office.diagnosis.target(developer=options.developer)
    return office.diagnosis.target(ending=options.key) if options.key else None


def _lines(diagnosis: Diagnosis) -> Iterator[str]:
    yield sanitize(f"{diagnosis.subject}, {diagnosis.at:%Y-%m-%d %H:%M}")
    yield diagnosis.conclusion
    if diagnosis.meaning:
        yield from _labelled("seen", f"{diagnosis.symptom}. {diagnosis.meaning}")
    for cause in diagnosis.causes:
        yield from _cause_lines(cause)
    for sign in diagnosis.signs:
        yield from _labelled("note", f"{sign.subject}: {sign.sentence}")
    for sentence in diagnosis.unknown:
        yield from _labelled("unknown", sentence)
    for sentence in diagnosis.emergency:
        yield from _labelled("emergency", sentence)
    yield ""
    yield "To send to the developer:"
    yield ""
    yield from map(sanitize, diagnosis.developer_text.splitlines())


def _cause_lines(cause: Cause) -> Iterator[str]:
    label = "probable" if cause.certainty is Certainty.PROBABLE else "CAUSE" if cause.explains else "ALSO"
    yield from _labelled(label, cause.sentence)
    yield from _labelled("", f"-> {cause.action}")
    if cause.remedy is not None:
        yield from _labelled("", f"-> On the screen of apisetup you can {cause.remedy.value}.")


def _labelled(label: str, text: str) -> Iterator[str]:
    yield f"{label:<{_LABEL_WIDTH}}{sanitize(text)}"


def _as_json(diagnosis: Diagnosis) -> dict[str, Any]:
    return {
        "subject": diagnosis.subject,
        "time": diagnosis.at.isoformat(sep=" "),
        "verdict": diagnosis.verdict.value,
        "conclusion": diagnosis.conclusion,
        "meaning": diagnosis.meaning,
        "causes": [
            {
                "id": cause.id,
                "certainty": cause.certainty.value,
                "explains": cause.explains,
                "sentence": cause.sentence,
                "action": cause.action,
                "since": cause.since.isoformat(sep=" ") if cause.since else None,
                "remedy": cause.remedy.value if cause.remedy else None,
            }
            for cause in diagnosis.causes
        ],
        "signs": [{"subject": sign.subject, "sentence": sign.sentence} for sign in diagnosis.signs],
        "unknown": list(diagnosis.unknown),
        "emergency": list(diagnosis.emergency),
        "developer_text": diagnosis.developer_text,
    }
