"""A change as its audit entries record it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

from core.base.errors import OperationNotAllowed
from core.model.audit_entry import HashStatus
from core.model.logged_event import AuditEvent
from core.model.whole_entry import WholeEntry
from core.settings.setting_texts import BY_HAND

E = TypeVar("E", bound=AuditEvent, covariant=True)


@dataclass(frozen=True)
class Recorded(Generic[E]):
    """One unit of work: its events, and their entries as they were read."""

    events: tuple[E, ...]
    entries: tuple[WholeEntry, ...]

    @property
    def event(self) -> E:
        """The first event."""
        return self.events[0]

    @property
    def number(self) -> int:
        """The number of the first entry."""
        return self.entries[0].entry.number

    @property
    def numbers(self) -> tuple[int, ...]:
        """The numbers of all entries."""
        return tuple(whole.entry.number for whole in self.entries)

    def require_exact(self, sentence: str) -> None:
        """Check that nothing in the events is a guess.

        Raises:
            OperationNotAllowed: An event holds less or more than its entry says, with this sentence.
        """
        exact = (whole.event is not None and whole.event.is_exact(whole.stored_text) for whole in self.entries)
        if not all(exact):
            raise OperationNotAllowed(sentence, BY_HAND)


def require_genuine(whole: WholeEntry) -> None:
    """Check an entry before anything is undone by what it says.

    Raises:
        OperationNotAllowed: Its hash doesn't match or is missing.
    """
    if whole.entry.hash_status is not HashStatus.MATCHES:
        raise OperationNotAllowed("This entry can't be undone, because its hash doesn't match or is missing.", BY_HAND)
