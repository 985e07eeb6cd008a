"""Entries of the Audit Trail as values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum


class Genuineness(Enum):
    """The result of checking an entry's hash; the values are shown on the screen."""

    GENUINE = "genuine"
    NO_HASH = "no hash"
    ALTERED = "altered"

    @property
    def explanation(self) -> str:
        """The meaning of the result, in a sentence."""
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
    """The server's local time; None if the row has no date."""
    permission_number: int
    permission: str
    user_num: int
    user: str
    """The user's name; `Unknown(5)` for one that no longer exists."""
    computer: str
    text: str
    """The text, with every API key in it masked."""
    text_masked: bool
    """True if masking changed the text; the hash covers the stored text."""
    source: str
    patient: int
    last_edit: datetime | None
    genuineness: Genuineness
    stored_moment: str
    """The time as the database holds it; entries are ordered by this text and by their numbers."""
    stored_hashes: tuple[str, ...]
    computed_hash: str
    """The hash that the entry should have with its present values."""


def counted(number: int) -> str:
    """Return a number of entries as text: `1 entry`, `1,234 entries`."""
    return f"{number:,} {'entry' if number == 1 else 'entries'}"
