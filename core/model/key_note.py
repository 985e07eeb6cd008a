"""Notes on an API key that neither Open Dental nor headquarters keeps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from core.model.event_values import NoteChange, NoteField

BLANK, NONE = "blank", "none"
MAX_NOTE_LENGTH = 255
"""The most characters of an owner, a purpose or a reference."""


@dataclass(frozen=True)
class KeyNote:
    """An office's notes on a key, kept in the companion by the key's fingerprint."""

    owner: str = ""
    """The person or role in the office who answers for the key."""
    purpose: str = ""
    """The reason the developer has the key and its permissions."""
    agreement_reference: str = ""
    """The place where the Business Associate Agreement is filed."""
    review_date: date | None = None
    """The day on which the key is to be looked at again; None for none."""

    @property
    def is_blank(self) -> bool:
        """True if nothing is noted."""
        return self == KeyNote()


NO_NOTE = KeyNote()
"""The note on a key about which nothing is noted."""


@dataclass(frozen=True)
class KeyRecord:
    """Everything that an office noted about a key, wherever it is kept."""

    note: KeyNote
    agreement_since: date | None = None
    """The date of the Business Associate Agreement, one of the key's own fields."""
    former_names: tuple[str, ...] = ()
    """The former names of the key's developer."""


@dataclass(frozen=True)
class NoteSaved:
    """The result of saving notes, in plain words."""

    record: KeyRecord
    sentence: str


def format_note(note: KeyNote) -> Mapping[NoteField, str]:
    """Return the value of each field as audit entries show it."""
    from core.model.event_values import NoteField

    return {
        NoteField.OWNER: note.owner or BLANK,
        NoteField.PURPOSE: note.purpose or BLANK,
        NoteField.AGREEMENT_REFERENCE: note.agreement_reference or BLANK,
        NoteField.REVIEW_DATE: note.review_date.isoformat() if note.review_date is not None else NONE,
    }


def note_changes(read: KeyNote, wanted: KeyNote) -> tuple[NoteChange, ...]:
    """Return the fields that differ."""
    from core.model.event_values import NoteChange, NoteField

    before, after = format_note(read), format_note(wanted)
    return tuple(NoteChange(field, before[field], after[field]) for field in NoteField if before[field] != after[field])
