"""Notes on keys: owner, purpose, agreement, review date, and the developer's former names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Row, delete, insert, select

from core.base.errors import ApiSetupError, Conflict, EditConflict, InvalidInput, OutcomeUnknown
from core.companion.store import Companion
from core.companion.tables.reviews import KEY_NOTE
from core.keys.service import KeyService
from core.model.actor import Actor
from core.model.api_key import ApiKey
from core.model.key_note import (
    MAX_NOTE_LENGTH,
    KeyNote,
    KeyRecord,
    NoteSaved,
    format_note,
    note_changes,
)
from core.model.key_text import fingerprint_tag
from core.model.resolved_change import cause_of
from core.practice.practice import Practice
from core.use.service import UseService, checked_former_names

if TYPE_CHECKING:
    from core.model.review_events import KeyNoteChanged

_NO_NOTE = KeyNote()


class KeyNotes:
    """Reads and saves the notes on keys. Each change has its entry in the Audit Trail.

    Args:
        practice: The open practice.
        companion: Keeps the notes.
        keys: Keeps the date of the agreement.
        use: Keeps the former names of developers.
    """

    def __init__(self, practice: Practice, companion: Companion, keys: KeyService, use: UseService) -> None:
        self._practice = practice
        self._companion = companion
        self._keys = keys
        self._use = use

    def all(self) -> Mapping[str, KeyNote]:
        """Return the notes by the keys' fingerprints; keys without notes are left out.

        Raises:
            PracticeUnavailable: The companion can't be read.
        """
        with self._companion.read() as connection:
            return {row.fingerprint: _note(row) for row in connection.execute(select(KEY_NOTE))}

    def of(self, key: ApiKey) -> KeyRecord:
        """Return everything that is noted about a key.

        Raises:
            PracticeUnavailable: The companion can't be read.
        """
        with self._companion.read() as connection:
            note = _read(connection, key.fingerprint)
        return KeyRecord(note, key.fields.agreement_since, self._use.former_names(key.developer))

    def check(self, key: ApiKey, read: KeyRecord, wanted: KeyRecord) -> KeyNote:
        """Return the note of a record without spaces around its texts, if the record can be saved. Writes nothing.

        Raises:
            InvalidInput: A value can't be used; the field is `owner`, `purpose`, `agreement_reference`, `agreement` or
                `names`.
        """
        note = _checked(wanted.note)
        if wanted.agreement_since != read.agreement_since:
            self._keys.check_fields(replace(key.fields, agreement_since=wanted.agreement_since))
        if set(wanted.former_names) != set(read.former_names):
            from core.keys.pasted_key import refuse_keys_in

            refuse_keys_in({"names": "\n".join(checked_former_names(key.developer, wanted.former_names))})
        return note

    def save(self, actor: Actor, key: ApiKey, read: KeyRecord, wanted: KeyRecord, *, undoing: int = 0) -> NoteSaved:
        """Save the notes that differ from what was read.

        The agreement's date is a field of the key, and former names belong to the developer: each has an entry of its
        own, and is saved after the notes.

        Args:
            actor: Who saves them.
            key: The key as it was shown.
            read: What was shown.
            wanted: What is to be saved.
            undoing: The number of the audit entry that this undoes; 0 for none.

        Raises:
            InvalidInput: A value can't be used; the field is `owner`, `purpose`, `agreement_reference`, `agreement` or
                `names`. Nothing was saved.
            EditConflict: A value was changed meanwhile.
            OutcomeUnknown: Part of it was saved; the sentence says what.
            OperationNotAllowed, NotPermitted, PracticeUnavailable: It can't be written.
        """
        note = self.check(key, read, wanted)
        fields = replace(key.fields, agreement_since=wanted.agreement_since)
        saved = self._save_note(actor, key, read.note, note, undoing)
        former_names = read.former_names
        try:
            if wanted.agreement_since != read.agreement_since:
                shown = replace(key, fields=replace(key.fields, agreement_since=read.agreement_since))
                self._keys.edit(actor, shown, fields)
                saved.append(f"BAA date: {wanted.agreement_since or 'none'}")
            if set(wanted.former_names) != set(read.former_names):
                read_names, names = read.former_names, wanted.former_names
                former_names = self._use.set_former_names(actor, key.developer, read_names, names)
                saved.append(f"former names: {'; '.join(former_names) or 'none'}")
        except ApiSetupError as error:
            if not saved:
                raise
            raise OutcomeUnknown(
                f"Saved: {', '.join(saved)}. The rest was not saved. {cause_of(error)}", error.hint
            ) from error
        sentence = f"Saved for {key.label}: {', '.join(saved)}." if saved else "No changes to save."
        return NoteSaved(KeyRecord(note, wanted.agreement_since, former_names), sentence)

    def was_made(self, event: KeyNoteChanged) -> bool | None:
        """Return True if the notes are as after a change, False if as before it, and None if neither."""
        found = next(
            (note for identity, note in self.all().items() if fingerprint_tag(identity) == event.key_tag), None
        )
        now = format_note(found or _NO_NOTE)
        if all(now[each.setting] == each.after for each in event.change):
            return True
        return False if all(now[each.setting] == each.before for each in event.change) else None

    def _save_note(self, actor: Actor, key: ApiKey, read: KeyNote, wanted: KeyNote, undoing: int) -> list[str]:
        """Save the note itself, and return a phrase for each field that was changed."""
        from core.model.event_values import KeyLabel
        from core.model.review_events import KeyNoteChanged

        changes = note_changes(read, wanted)
        if not changes:
            return []
        event = KeyNoteChanged(KeyLabel.of(key), actor.user_name, changes, undoing)
        mode = self._companion.write_mode
        with (
            self._practice.unit_of_work(actor, event, mode=mode, once=True) as work,
            self._companion.within(work) as connection,
        ):
            now = _read(connection, key.fingerprint)
            conflicts = _conflicts(read, now, wanted)
            if conflicts:
                raise EditConflict(conflicts)
            merged = _merged(now, read, wanted)
            work.add_compensation(lambda _connection: self._put_back(key.fingerprint, merged, now))
            _write(connection, key.fingerprint, merged)
        return [f"{each.setting.value}: {each.after}" for each in changes]

    def _put_back(self, fingerprint: str, written: KeyNote, before: KeyNote) -> None:
        """Undo what was written, unless the practice's transaction covered it, or another program changed it since."""
        if self._companion.shared:
            return
        with self._companion.write() as connection:
            if _read(connection, fingerprint) == written:
                _write(connection, fingerprint, before)


def _note(row: Row[*tuple[Any, ...]]) -> KeyNote:
    return KeyNote(row.owner, row.purpose, row.agreement_reference, row.review_date)


def _read(connection: Connection, fingerprint: str) -> KeyNote:
    row = connection.execute(select(KEY_NOTE).where(KEY_NOTE.c.fingerprint == fingerprint)).one_or_none()
    return _note(row) if row is not None else _NO_NOTE


def _write(connection: Connection, fingerprint: str, note: KeyNote) -> None:
    connection.execute(delete(KEY_NOTE).where(KEY_NOTE.c.fingerprint == fingerprint))
    if note.is_blank:
        return
    connection.execute(
        insert(KEY_NOTE).values(
            fingerprint=fingerprint,
            owner=note.owner,
            purpose=note.purpose,
            agreement_reference=note.agreement_reference,
            review_date=note.review_date,
        )
    )


def _checked(note: KeyNote) -> KeyNote:
    """Return a note without spaces around its texts.

    Raises:
        InvalidInput: A text is too long, or has an API key or characters that can't be printed in it.
    """
    texts = {
        "owner": note.owner.strip(),
        "purpose": note.purpose.strip(),
        "agreement_reference": note.agreement_reference.strip(),
    }
    for field, text in texts.items():
        if len(text) > MAX_NOTE_LENGTH:
            raise InvalidInput(field, f"This text has more than {MAX_NOTE_LENGTH} characters.", "Shorten it.")
        if not text.isprintable():
            raise InvalidInput(field, "This text has characters that can't be printed.", "Remove them.")
    from core.keys.pasted_key import refuse_keys_in

    refuse_keys_in(texts)
    return KeyNote(**texts, review_date=note.review_date)


def _conflicts(read: KeyNote, now: KeyNote, wanted: KeyNote) -> tuple[Conflict, ...]:
    """Return the fields that are to be changed and that somebody else changed, each with its three values."""
    from core.model.event_values import NoteField

    was, there, mine = format_note(read), format_note(now), format_note(wanted)
    return tuple(
        Conflict(field.value, was[field], there[field], mine[field])
        for field in NoteField
        if was[field] != mine[field] and was[field] != there[field]
    )


def _merged(now: KeyNote, read: KeyNote, wanted: KeyNote) -> KeyNote:
    """Return the note with the changed fields as wanted, and the others as they are now."""
    changed = {
        name: getattr(wanted, name)
        for name in ("owner", "purpose", "agreement_reference", "review_date")
        if getattr(wanted, name) != getattr(read, name)
    }
    return replace(now, **changed)
