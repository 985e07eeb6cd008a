"""Editing the notes on a key: who answers for it, what it is for, its agreement and its review date."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from core.base.errors import EditConflict, InvalidInput, OperationNotAllowed
from core.model.key_note import KeyNote, KeyRecord
from tui.flows.conflict import MINE, resolve_conflict
from tui.flows.typed_dates import DATE_FORM, parse_date_field
from tui.flows.undo import show_change
from tui.modals.form import Form, FormField

if TYPE_CHECKING:
    from datetime import date

    from core.model.api_key import ApiKey
    from tui.platform.base_screen import BaseScreen
    from tui.session import Session

_LABELS = {
    "owner": "Owner",
    "purpose": "Purpose",
    "agreement": "BAA signed on",
    "agreement_reference": "BAA filed in",
    "review_date": "Review on",
}
"""The fields, named as in `InvalidInput`, and their labels."""
_IN_CONFLICTS = {
    "owner": "owner",
    "purpose": "purpose",
    "Business Associate Agreement": "agreement",
    "BAA reference": "agreement_reference",
    "review date": "review_date",
}
"""The fields by their names in edit conflicts."""
_DATES = ("agreement", "review_date")
_PLACEHOLDERS = {"owner": "who answers for it here", "purpose": "why its developer has it"}
_KEPT = "apisetup keeps these notes in its companion. Every change is recorded in the Audit Trail."


async def edit_notes(screen: BaseScreen[Any], session: Session, key: ApiKey) -> bool:
    """Ask for the notes on a key and save those that were changed. Call it from a flow.

    Returns:
        True if they were saved.

    Raises:
        NotPermitted: The session is read-only.
        OperationNotAllowed: The key is gone, or its fields can't be changed here.
        OutcomeUnknown: Part of it was saved; the sentence says what.
        PracticeUnavailable: The practice or the companion can't be read or written.
    """
    session.require_writable()
    notes = session.office.notes
    read = await screen.call_service(partial(notes.of, key), group="notes")
    wanted, problem, ask = read, None, True
    while True:
        if ask:
            typed = await screen.app.push_screen_wait(_form(session, key, read, wanted, problem))
            if typed is None:
                return False
            wanted = typed
        problem, ask = None, True
        try:
            with screen.busy("Saving…"):
                saved = await screen.commit(partial(notes.save, session.actor, key, read, wanted))
        except InvalidInput as error:
            problem = error
        except EditConflict as error:
            choice = await resolve_conflict(screen, error)
            if choice is None:
                continue
            key = await screen.call_service(partial(_present, session, key), group="notes")
            now = await screen.call_service(partial(notes.of, key), group="notes")
            conflicting = {_IN_CONFLICTS.get(each.what, "") for each in error.conflicts}
            wanted = _rebased(read, now, wanted, drop=() if choice == MINE else conflicting)
            read, ask = now, choice != MINE
        else:
            show_change(screen, session, saved.sentence)
            return True


def _form(
    session: Session, key: ApiKey, read: KeyRecord, wanted: KeyRecord, problem: InvalidInput | None
) -> Form[KeyRecord]:
    before, texts = _texts(read), _texts(wanted)
    fields = [
        FormField(
            name,
            label,
            texts[name],
            before[name],
            DATE_FORM if name in _DATES else _PLACEHOLDERS.get(name, ""),
            is_short=name in _DATES,
            disabled=name == "agreement" and not _may_date(session, key),
        )
        for name, label in _LABELS.items()
    ]
    lines = [key.label, _KEPT]
    return Form(f"Notes on {key.developer}", lines, fields, partial(_parse, read), problem)


def _may_date(session: Session, key: ApiKey) -> bool:
    """Return True if the date of the agreement, which is one of the key's own fields, can be changed here."""
    return key.known and not key.gone and not key.unusable and session.office.keys.authority.may_change


def _parse(read: KeyRecord, texts: Mapping[str, str]) -> KeyRecord:
    note = KeyNote(
        texts["owner"],
        texts["purpose"],
        texts["agreement_reference"],
        parse_date_field("review_date", texts["review_date"]),
    )
    return replace(read, note=note, agreement_since=parse_date_field("agreement", texts["agreement"]))


def _texts(record: KeyRecord) -> dict[str, str]:
    note = record.note
    return {
        "owner": note.owner,
        "purpose": note.purpose,
        "agreement": _day(record.agreement_since),
        "agreement_reference": note.agreement_reference,
        "review_date": _day(note.review_date),
    }


def _day(day: date | None) -> str:
    return day.isoformat() if day is not None else ""


def _present(session: Session, key: ApiKey) -> ApiKey:
    found = [each for each in session.office.keys.list().keys if each.fingerprint == key.fingerprint]
    if not found:
        raise OperationNotAllowed("This key is no longer in the list.", "Your notes were not saved.")
    return found[0]


def _rebased(read: KeyRecord, now: KeyRecord, wanted: KeyRecord, drop: Collection[str]) -> KeyRecord:
    """Return what is there now with the changes that an admin typed, without those of the fields in `drop`."""
    before, typed = _texts(read), _texts(wanted)
    changed = {name: text for name, text in typed.items() if text != before[name] and name not in drop}
    return _parse(now, {**_texts(now), **changed})
