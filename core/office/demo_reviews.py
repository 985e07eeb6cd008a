"""The notes of the demo, and a review that is under way.

They are inserted together and not through the services, because a demo starts with them. Their JSON is that of
`core.review.stored_review`, which isn't imported for it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, insert

from core.companion.tables.reviews import KEY_NOTE, REVIEW, REVIEW_ITEM
from core.model.event_values import KeyLabel, KeyName, NoteChange, NoteField
from core.model.key_text import fingerprint_tag
from core.model.review_events import KeyNoteChanged, KeyReviewed, ReviewStarted

if TYPE_CHECKING:
    from core.model.logged_event import AuditEvent

_STARTED = timedelta(days=9)
_BETWEEN = timedelta(minutes=7)
_KEPT_FOR = timedelta(days=365)
_Registered = Mapping[str, Any]
"""A row of the local registry."""


@dataclass(frozen=True)
class _Note:
    """The note on a developer's key in the demo."""

    owner: str
    purpose: str = ""
    agreement_reference: str = ""
    review_in: int | None = None
    """The days until its review date; negative for one that has passed."""


_NOTES = {
    "Appointment Bridge": _Note("Maria", "Online booking on our website", "Contracts/2023-07", 200),
    "Canopy Analytics": _Note("Dr. Okafor", "Monthly production reports", "Contracts/2024-11"),
    "ClearPay": _Note("Maria", agreement_reference="Contracts/2022-19"),
    "Front Desk Assist": _Note("Front Desk", "Confirms appointments by text message", review_in=90),
    "Molar Records": _Note("Dr. Okafor", "Copies of charts for referrals", "Contracts/2020-02"),
    "Whole Office Suite": _Note("Dr. Okafor", review_in=-12),
}
_DECISIONS = {
    "Appointment Bridge": ("keep", "Booking works, and Maria confirmed the contract."),
    "Front Desk Assist": ("keep", ""),
    "Insurance Mate": ("ask", "Nobody here knows what it does."),
}
"""The decision on a developer's key and its note."""
_NO_OWNER = "It is enabled, and nobody in the office is noted as its owner."


def add_reviews(
    connection: Connection, keys: Sequence[_Registered], user: str, now: datetime
) -> list[tuple[AuditEvent, datetime]]:
    """Add notes on some keys, and a review with some decisions.

    Args:
        connection: A transaction in the new practice, which is its own companion.
        keys: The rows of the local registry.
        user: Who noted and decided.
        now: The present time.

    Returns:
        The events with their times, which the caller logs.
    """
    started, moment = now - _STARTED, now - _STARTED - _BETWEEN
    noted = [(key, _NOTES[key["developer"]]) for key in keys if key["developer"] in _NOTES]
    dates = {note: _review_date(note, now) for _key, note in noted}
    connection.execute(insert(KEY_NOTE), [_note_row(key, note, dates[note]) for key, note in noted])
    events: list[tuple[AuditEvent, datetime]] = [
        (KeyNoteChanged(_label(key), user, _changes(note, dates[note])), moment) for key, note in noted
    ]
    name, since = f"Q{(started.month + 2) // 3} {started.year}", _first_of_quarter(started)
    events.append((ReviewStarted(name, user, len(keys), since, started.date()), started))
    connection.execute(
        insert(REVIEW).values(
            number=1,
            name=name,
            since=since,
            until=started.date(),
            started_at=started,
            started_by=user,
            known={"findings": [_finding("unsealed", "The Audit Trail was never sealed.")], "unknown": []},
            ended_at=None,
            ended_by="",
            left_open=[],
        )
    )
    rows, moment = [], started
    for key in keys:
        kind, remark = _DECISIONS.get(key["developer"], ("", ""))
        note = _NOTES.get(key["developer"])
        decision: dict[str, Any] = {}
        if kind:
            moment += _BETWEEN
            until = (moment + _KEPT_FOR).date().isoformat() if kind == "keep" else None
            decision = {"kind": kind, "until": until, "note": remark, "user": user, "at": moment.isoformat()}
            decision["result"] = ""
            chosen = f"keep until {until}" if until else "ask the vendor"
            events.append((KeyReviewed(_label(key), name, user, chosen, remark), moment))
        snapshot = _snapshot(key, note or _Note(""), dates.get(note) if note is not None else None)
        item = {"review": 1, "fingerprint": key["fingerprint"], "snapshot": snapshot}
        rows.append({**item, "decision": decision, "revision": int(bool(kind))})
    connection.execute(insert(REVIEW_ITEM), rows)
    return events


def _review_date(note: _Note, now: datetime) -> date | None:
    return now.date() + timedelta(days=note.review_in) if note.review_in is not None else None


def _first_of_quarter(moment: datetime) -> date:
    return date(moment.year, 3 * ((moment.month - 1) // 3) + 1, 1)


def _note_row(key: _Registered, note: _Note, review_date: date | None) -> dict[str, object]:
    return {
        "fingerprint": key["fingerprint"],
        "owner": note.owner,
        "purpose": note.purpose,
        "agreement_reference": note.agreement_reference,
        "review_date": review_date,
    }


def _changes(note: _Note, review_date: date | None) -> tuple[NoteChange, ...]:
    values = (note.owner, note.purpose, note.agreement_reference)
    texts = [NoteChange(field, "blank", text) for field, text in zip(NoteField, values, strict=False) if text]
    dated = [NoteChange(NoteField.REVIEW_DATE, "none", review_date.isoformat())] if review_date is not None else []
    return (*texts, *dated)


def _label(key: _Registered) -> KeyLabel:
    return KeyLabel(KeyName(key["masked"], fingerprint_tag(key["fingerprint"])), key["developer"])


def _snapshot(key: _Registered, note: _Note, review_date: date | None) -> dict[str, object]:
    enabled = key["date_disabled"] is None
    label = f"API key {key['masked']} ({key['developer']})"
    findings = [_finding("no-owner", _NO_OWNER, key["fingerprint"], label)] if enabled and not note.owner else []
    return {
        "masked": key["masked"],
        "developer": key["developer"],
        "status": key["status"],
        "permissions": key["permissions"],
        "agreement_since": _text(key["agreement_since"]),
        "date_disabled": _text(key["date_disabled"]),
        "added": _text(key["added"]),
        "note": {
            "owner": note.owner,
            "purpose": note.purpose,
            "agreement_reference": note.agreement_reference,
            "review_date": _text(review_date),
        },
        "former_names": [],
        "last_change": None,
        "changes": None,
        "findings": findings,
        "known": True,
    }


def _finding(rule: str, reason: str, fingerprint: str = "", label: str = "") -> dict[str, object]:
    advice = "Note who answers for it." if fingerprint else "Seal the Audit Trail: apisetup audit seal"
    about = {"fingerprint": fingerprint, "key": label, "accepted_until": None}
    return {"rule": rule, "reason": reason, "advice": advice, **about}


def _text(value: date | None) -> str | None:
    return value.isoformat() if value is not None else None
