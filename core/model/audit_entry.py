"""Entries of the Audit Trail as values."""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from typing import NamedTuple


class HashStatus(Enum):
    """The result of comparing an entry with its hash; the values are shown on the screen.

    The hash has no key: whoever can write to the tables can compute a new one. A hash that matches only proves
    that nobody changed the entry without changing its hash, too.
    """

    MATCHES = "matches"
    NO_HASH = "no hash"
    ALTERED = "altered"

    @property
    def explanation(self) -> str:
        """The meaning of the result, in a sentence."""
        return _EXPLANATIONS[self]


_EXPLANATIONS = {
    HashStatus.MATCHES: "The hash matches the entry.",
    HashStatus.NO_HASH: "No hash: it was removed, never written, or the entry is older than Open Dental's hashes.",
    HashStatus.ALTERED: "Altered: the hash does not match. The entry or its hash was changed after it was written.",
}


class AuditEntry(NamedTuple):
    """One entry of the Audit Trail as lists show it.

    A named tuple, since pages and exports make many: a frozen dataclass takes a third of the time of making a page.
    """

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
    hash_status: HashStatus
    stored_moment: str
    """The time as the database holds it; entries are ordered by this text and by their numbers."""
    stored_hashes: tuple[str, ...]
    computed_hash: str
    """The hash that the entry should have with its present values."""
    f_key: int
    definition: int
    definition_error: int
    source_number: int = 0
    """`LogSource`, whose name is `source`."""


def counted(number: int) -> str:
    """Return a number of entries as text: `1 entry`, `1,234 entries`."""
    return f"{number:,} {'entry' if number == 1 else 'entries'}"
