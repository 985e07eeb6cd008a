"""Undoing a change of the notes on a key."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

from core.audit.service import AuditService
from core.base.errors import Conflict
from core.keys.service import KeyService
from core.model.actor import Actor
from core.model.api_key import GONE, THE_KEY, ApiKey
from core.model.event_values import NoteField
from core.model.key_note import BLANK, NONE, KeyNote, KeyRecord, format_note
from core.model.key_text import fingerprint_tag
from core.model.review_events import KeyNoteChanged
from core.review.notes import KeyNotes
from core.undo.recorded import Recorded
from core.undo.step import Undone, UndoStep

_ATTRIBUTES = {
    NoteField.OWNER: "owner",
    NoteField.PURPOSE: "purpose",
    NoteField.AGREEMENT_REFERENCE: "agreement_reference",
    NoteField.REVIEW_DATE: "review_date",
}


class NoteUndo:
    """Saves the notes that a key had before.

    Args:
        notes: Saves notes.
        keys: Lists keys.
        audit: Tells who changed a value since.
    """

    def __init__(self, notes: KeyNotes, keys: KeyService, audit: AuditService) -> None:
        self._notes = notes
        self._keys = keys
        self._audit = audit

    def plan(self, recorded: Recorded[KeyNoteChanged]) -> UndoStep:
        """Return what undoing would do now."""
        key, _record = self._present(recorded)
        return UndoStep(recorded.numbers, key.label, recorded.event.undo_lines)

    def undo(self, actor: Actor, recorded: Recorded[KeyNoteChanged]) -> Undone:
        """Save the earlier notes."""
        key, record = self._present(recorded)
        earlier = replace(record, note=_earlier(record.note, recorded.event))
        return Undone(self._notes.save(actor, key, record, earlier, undoing=recorded.number).sentence)

    def _present(self, recorded: Recorded[KeyNoteChanged]) -> tuple[ApiKey, KeyRecord]:
        """Return the key and its notes as they are now.

        Raises:
            OperationNotAllowed: The entry doesn't tell surely what was there before.
            EditConflict: A note was changed since, or the key is gone.
        """
        recorded.require_exact("The earlier notes can't be determined from this entry's text.")
        event = recorded.event
        listed = (key for key in self._keys.list().keys if fingerprint_tag(key.fingerprint) == event.key_tag)
        key = next(listed, None)
        if key is None:
            conflict = Conflict(THE_KEY, "in the list", GONE, "its earlier notes")
            raise self._audit.with_attributions([conflict], event.key_tag)
        record = self._notes.of(key)
        now = format_note(record.note)
        conflicts = [
            Conflict(each.setting.value, each.after, now[each.setting], each.before)
            for each in event.change
            if now[each.setting] != each.after
        ]
        if conflicts:
            raise self._audit.with_attributions(conflicts, event.key_tag)
        return key, record


def _earlier(note: KeyNote, event: KeyNoteChanged) -> KeyNote:
    values: dict[str, Any] = {_ATTRIBUTES[each.setting]: _value(each.setting, each.before) for each in event.change}
    return replace(note, **values)


def _value(field: NoteField, text: str) -> str | date | None:
    """Return the value of a field from its text in an entry."""
    if field is NoteField.REVIEW_DATE:
        return None if text == NONE else date.fromisoformat(text)
    return "" if text == BLANK else text
