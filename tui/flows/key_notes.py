"""Editing the notes on a key: who answers for it, what it is for, its agreement and its review date."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from core.base.errors import AlreadyApplied, EditConflict, OperationNotAllowed, OutcomeUnknown
from core.model.key_note import KeyNote, KeyRecord
from tui.flows.conflict import MINE, resolve_conflict
from tui.flows.typed_dates import DATE_FORM, parse_date_field
from tui.flows.typed_values import AskAgain, ask_until_saved
from tui.flows.undo import show_change
from tui.modals.form import Form, FormField

if TYPE_CHECKING:
    from datetime import date

    from core.model.api_key import ApiKey
    from core.model.key_note import NoteSaved
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
        OutcomeUnknown: Part of it was saved; the sentence says what.
        PracticeUnavailable: The practice or the companion can't be read.
    """
    session.require_writable()
    read = await screen.call_service(partial(session.office.notes.of, key), group="notes")
    editing = _Editing(screen, session, key, read)
    saved = await ask_until_saved(screen, editing.form, editing.save, closes_on=(AlreadyApplied, OutcomeUnknown))
    if saved is None:
        return False
    show_change(screen, session, saved.sentence)
    return True


class _Editing:
    """The notes on a key that are being edited.

    Args:
        screen: The screen that the dialogs open above.
        session: The open office.
        key: The key.
        read: The notes as they were read.
    """

    def __init__(self, screen: BaseScreen[Any], session: Session, key: ApiKey, read: KeyRecord) -> None:
        self._screen = screen
        self._session = session
        self._key = key
        self._read = read

    def form(self, typed: KeyRecord | None) -> Form[KeyRecord]:
        """Return the form with what was typed before, or else with the notes as they were read."""
        return _form(self._session, self._key, self._read, typed or self._read)

    async def save(self, wanted: KeyRecord) -> NoteSaved | AskAgain[KeyRecord]:
        """Save the notes, and let the admin choose if another one changed them. Raises as `KeyNotes.save` does."""
        notes, actor = self._session.office.notes, self._session.actor
        while True:
            try:
                with self._screen.busy("Saving…"):
                    return await self._screen.commit(partial(notes.save, actor, self._key, self._read, wanted))
            except EditConflict as error:
                choice = await resolve_conflict(self._screen, error)
                if choice is None:
                    return AskAgain(wanted)
                wanted = await self._rebase(wanted, error, keeps_typed=choice == MINE)
                if choice != MINE:
                    return AskAgain(wanted)

    async def _rebase(self, wanted: KeyRecord, error: EditConflict, *, keeps_typed: bool) -> KeyRecord:
        """Read the notes again, and return them with what was typed."""
        self._key = await self._screen.call_service(partial(_present, self._session, self._key), group="notes")
        now = await self._screen.call_service(partial(self._session.office.notes.of, self._key), group="notes")
        conflicting = {_IN_CONFLICTS.get(each.what, "") for each in error.conflicts}
        typed = _rebased(self._read, now, wanted, drop=() if keeps_typed else conflicting)
        self._read = now
        return typed


def _form(session: Session, key: ApiKey, read: KeyRecord, wanted: KeyRecord) -> Form[KeyRecord]:
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
    return Form(f"Notes on {key.developer}", lines, fields, partial(_parse, read))


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
