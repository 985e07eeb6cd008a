"""`apisetup why`: says without a screen why the API doesn't work."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from core.base.errors import ConfigurationError
from core.diagnosis.service import DiagnosisRequest
from core.model.diagnosis import Cause, Certainty, Diagnosis, Symptom, Verdict
from core.opendental.permission_types import Permission
from tui.commands.office_session import office_session
from tui.commands.outcome import COULD_NOT
from tui.platform.output import print_result
from tui.widgets.safe_text import sanitize

if TYPE_CHECKING:
    from core.diagnosis.key_target import KeyTarget
    from core.office.office import Office
    from core.offices.open_request import OpenRequest

_EXIT_STATUS = {Verdict.IN_ORDER: 0, Verdict.CAUSE_FOUND: 1, Verdict.INCOMPLETE: COULD_NOT}
_LONGEST_ENDING = 8
"""The length of the longest text that names a key without being one: a short fingerprint has seven characters."""
_LABEL_WIDTH = 10


def run(options: argparse.Namespace, request: OpenRequest, environment: Mapping[str, str]) -> int:
    """Print what is wrong with the API, and return the exit status.

    Raises:
        ConfigurationError: The key is named by more than its end.
        InvalidInput: Several keys match.
    """
    if options.key and len(options.key.strip()) > _LONGEST_ENDING:
        raise ConfigurationError(
            "--key takes the last four characters of a key, not a whole key: others can read the command line.",
            "Name the last four characters, or the developer with --developer.",
        )
    symptom = Symptom(options.status, " ".join(options.text.split()), options.workstation.strip())
    with office_session(request, options.user, environment, Permission.SETUP) as session:
        office = session.office
        target = _target(options, office)
        diagnosis = office.diagnosis.diagnose(
            DiagnosisRequest(symptom, target, ask_headquarters=True, probe=options.probe)
        )
    status = _EXIT_STATUS[diagnosis.verdict]
    if options.json:
        print_result(json.dumps(_as_json(request, diagnosis, status), indent=2))
    else:
        print_result("\n".join(_lines(diagnosis)))
    return status


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


def _as_json(request: OpenRequest, diagnosis: Diagnosis, status: int) -> dict[str, object]:
    return {
        "office": request.office.name or None,
        "address": request.office.address.label,
        "status": status,
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
