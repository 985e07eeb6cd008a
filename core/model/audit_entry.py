"""Entries of the Audit Trail as values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum


class Genuineness(Enum):
    """What an entry's hash says about it; the values are the words that the screen shows."""

    GENUINE = "genuine"
    NO_HASH = "no hash"
    ALTERED = "altered"

    @property
    def explanation(self) -> str:
        """What it means, in a sentence."""
        return _EXPLANATIONS[self]


_EXPLANATIONS = {
    Genuineness.GENUINE: "Genuine: its hash matches, so nothing that the hash covers was changed since it was written.",
    Genuineness.NO_HASH: "Not genuine: it has no hash. It was not written by Open Dental, or its hash was removed.",
    Genuineness.ALTERED: "Not genuine: its hash does not match. The entry or its hash was changed afterwards.",
}


@dataclass(frozen=True)
class AuditEntry:
    """One entry of the Audit Trail as lists show it."""

    number: int
    moment: datetime | None
    """The server's local time; None where the row has no date."""
    permission_number: int
    permission: str
    user_num: int
    user: str
    """The user's name; `Unknown(5)` for one that no longer exists."""
    computer: str
    text: str
    """The text with every API key that is known or named in it masked."""
    text_masked: bool
    """Whether masking changed the text; the hash is over the stored one."""
    source: str
    patient: int
    last_edit: datetime | None
    genuineness: Genuineness
    stored_moment: str
    """The time as the database holds it; entries are in the order of this text and their numbers."""
    stored_hashes: tuple[str, ...]
    computed_hash: str
    """The hash that belongs to the entry as it stands there now."""


def counted(number: int) -> str:
    """So many entries, in words."""
    return f"{number:,} {'entry' if number == 1 else 'entries'}"


@dataclass(frozen=True)
class WholeEntry:
    """One entry with the columns that only a close look needs."""

    entry: AuditEntry
    f_key: int
    definition: int
    definition_error: int
    subject: Subject | None
    """What an entry of API Setup is about."""


@dataclass(frozen=True)
class Edit:
    """One value before and after."""

    what: str
    before: str
    after: str


class Stage(Enum):
    """How far came what an entry tells, in words."""

    DONE = ""
    NOT_DONE = "It was tried, and not done: nothing was changed."
    ASKED = "Headquarters was asked for it; a later entry tells the outcome."
    UNKNOWN = "It is not known whether headquarters did it."


@dataclass(frozen=True)
class Subject:
    """What an entry of API Setup is about."""

    words: str
    """In one plain phrase."""
    key_tag: str = ""
    """The short fingerprint of the API key, such as `#3f9a01`; empty where it is about no key or does not tell."""
    edits: tuple[Edit, ...] = ()
    about_settings: bool = False
    stage: Stage = Stage.DONE
    undoes: int = 0
    """The number of the entry that it undoes; 0 for none."""

    @property
    def undoable(self) -> bool:
        """Whether it tells of a change that can be undone from its entry: of settings, or of a key's status."""
        return bool(self.edits) and self.stage is Stage.DONE
