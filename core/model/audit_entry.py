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
