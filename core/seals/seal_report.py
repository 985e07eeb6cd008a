"""The result of comparing the Audit Trail with its seals."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum

from core.model.audit_entry import AuditEntry

MAX_LISTED = 1_000
"""The maximum number of entries of each kind that are listed; all of them are counted."""


class Tampering(Enum):
    """The state of a sealed period; the values are those in JSON."""

    ALTERED = "altered"
    INSERTED = "inserted"
    DELETED = "deleted"


@dataclass(frozen=True)
class SealedEntry:
    """An entry that isn't as it was sealed.

    Attributes:
        kind: What happened to it.
        number: Its number.
        seal: The number of the seal that covers it, or that an inserted entry should have been in.
        moment: Its time; for a deleted entry the time when it was sealed; None for no date.
        entry: The entry as it is now; None if it's deleted, or not read yet.
    """

    kind: Tampering
    number: int
    seal: int
    moment: datetime | None
    entry: AuditEntry | None = None


@dataclass(frozen=True)
class SealReport:
    """The result of comparing entries with seals."""

    seals: int = 0
    sealed: int = 0
    """The number of entries that are as they were sealed."""
    unsealed: int = 0
    """The number of entries that were written after the last seal."""
    last_sealed: datetime | None = None
    """The practice's time of the last seal; None without any seal."""
    altered: int = 0
    inserted: int = 0
    deleted: int = 0
    explained: int = 0
    """The number of sealed entries that Open Dental itself removed or changed."""
    found: tuple[SealedEntry, ...] = ()
    """The entries that aren't as sealed and that nothing explains; at most `MAX_LISTED` of each kind."""
    problems: tuple[str, ...] = ()
    """The problems of the seals themselves, one sentence each."""
    notes: tuple[str, ...] = field(default=())
    """The remarks for an admin, one sentence each."""

    @property
    def clean(self) -> bool:
        """True if every sealed entry is as it was sealed, and the seals are in order."""
        return bool(self.seals) and not (self.altered or self.inserted or self.deleted or self.problems)
