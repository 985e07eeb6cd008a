"""The rows and details of a diagnosis: causes, what was looked at, and what can't be known."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.diagnosis import cause_ids as ids
from core.model.age import format_ago
from core.model.diagnosis import Cause, Certainty, Diagnosis, Remedy
from tui.widgets.details_panel import labeled
from tui.widgets.rows import UNLIMITED, Column, Row
from tui.widgets.tones import Line, Tone, safe_line

if TYPE_CHECKING:
    from datetime import datetime

TITLES: Mapping[str, str] = {
    ids.NO_PROGRAM: "No API program",
    ids.SWITCHED_OFF: "API is off",
    ids.OFF_AT_HEADQUARTERS: "Off at headquarters",
    ids.REGISTRATION_KEY: "Registration key",
    ids.NOT_ASSIGNED: "Key not assigned",
    ids.KEY_DISABLED: "Key disabled",
    ids.READ_ONLY: "Key may only read",
    ids.NO_PERMISSION: "Permission missing",
    ids.COPY_OUTDATED: "Copy out of date",
    ids.OLD_VERSION: "Version too old",
    ids.ECONNECTOR: "eConnector",
    ids.ECONNECTOR_ERRORS: "eConnector errors",
    ids.TWO_ECONNECTORS: "Two eConnectors",
    ids.CLOCKS: "Clocks differ",
    ids.CONNECTIONS: "Server connections",
    ids.SERVICE_MISSING: "No API service",
    ids.SERVICE_SILENT: "Port 30223",
    ids.WORKSTATION: "Workstation",
    ids.PAYMENT_TYPE: "Payment type",
    ids.SUBSCRIPTIONS: "Late events",
    ids.THROTTLED: "Request limit",
    ids.STILL_ACCEPTED: "Still accepted",
}
"""A name of two or three words for each cause."""

COLUMNS = (
    Column("What", 20, min_width=16, max_width=22),
    Column("Found", 30, min_width=20, max_width=UNLIMITED),
    Column("Since", 8, min_width=8, from_width=70, right=True, tone="dim"),
)
_LABEL_WIDTH = 11
_CERTAIN: tuple[str, Tone] = ("✕", "alert")
_PROBABLE: tuple[str, Tone] = ("!", "warning")
_IN_ORDER: tuple[str, Tone] = ("✓", "good")
_WORTH_KNOWING: tuple[str, Tone] = ("·", "normal")
_REMEDIES: Mapping[Remedy, str] = {
    Remedy.SWITCH_ON: "goes to the switch",
    Remedy.CHOOSE_PAYMENT_TYPE: "goes to the payment type",
    Remedy.ADD_KEY: "adds a key",
    Remedy.ENABLE_KEY: "enables the key",
    Remedy.RELOAD: "reloads the list",
}


@dataclass(frozen=True)
class Finding:
    """One line of a diagnosis.

    Args:
        title: What it is about, in two or three words.
        sentence: What was found.
        mark: A character that says what kind of finding it is.
        tone: Its color.
        cause: The cause; None for other findings.
    """

    title: str
    sentence: str
    mark: str
    tone: Tone
    cause: Cause | None = None


def findings(diagnosis: Diagnosis) -> tuple[Finding, ...]:
    """Return the lines of a diagnosis: causes, ways out of an emergency, what is in order, what isn't known."""
    return tuple(_findings(diagnosis))


def _findings(diagnosis: Diagnosis) -> Iterator[Finding]:
    for cause in diagnosis.causes:
        mark, tone = _CERTAIN if cause.certainty is Certainty.CERTAIN else _PROBABLE
        yield Finding(TITLES[cause.id], cause.sentence, mark, tone, cause)
    for sentence in diagnosis.emergency:
        yield Finding("Emergency", sentence, "!", "warning")
    for sign in diagnosis.signs:
        mark, tone = _IN_ORDER if sign.in_order else _WORTH_KNOWING
        yield Finding(sign.subject, sign.sentence, mark, tone)
    for sentence in diagnosis.unknown:
        yield Finding("Unknown", sentence, "?", "dim")


def finding_rows(found: Sequence[Finding], now: datetime) -> list[Row]:
    """Return the rows of a list of findings."""
    return [
        Row(
            (f"{each.mark} {each.title}", each.sentence, _age(each.cause, now)),
            identity=(each.title, each.cause.id if each.cause else each.sentence),
            tone="dim" if each.tone == "dim" else "normal",
            tones={} if each.tone == "dim" else {0: each.tone},
        )
        for each in found
    ]


def _age(cause: Cause | None, now: datetime) -> str:
    if cause is None or cause.since is None:
        return ""
    return format_ago(now - cause.since).removesuffix(" ago")


def finding_lines(each: Finding | None, now: datetime, fix_key: str) -> list[Line]:
    """Return the details of a finding.

    Args:
        each: The finding; None for no details.
        now: The practice's time at the diagnosis.
        fix_key: The key that does what can be done from here.
    """
    if each is None:
        return []
    cause = each.cause
    if cause is None:
        return [safe_line((each.sentence, "normal"))]
    lines = [
        safe_line((_certainty(cause), each.tone)),
        safe_line((cause.sentence, "normal")),
        safe_line(("", "normal")),
        labeled("What to do", cause.action, _LABEL_WIDTH),
    ]
    if cause.remedy is not None:
        lines.append(labeled("Here", f"{fix_key} {_REMEDIES[cause.remedy]}.", _LABEL_WIDTH, "accent"))
    if cause.since is not None:
        since = f"{cause.since:%Y-%m-%d %H:%M}, {format_ago(now - cause.since)}"
        lines.append(labeled("Since", since, _LABEL_WIDTH))
    return lines


def _certainty(cause: Cause) -> str:
    if cause.certainty is Certainty.PROBABLE:
        return "Probable: it can't be seen from here whether this is the cause."
    return "Certain." if cause.explains else "Certain, but it doesn't explain what the developer saw."
