"""Tells what became of interrupted changes of notes and reviews; their services are imported only then."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from core.model.logged_event import AuditEvent
    from core.opendental.signals import SignalType
    from core.review.notes import KeyNotes
    from core.review.service import ReviewService
    from core.use.service import UseService


class ReviewWitness:
    """Asks the services for notes, former names and reviews about their events.

    Args:
        reviews: Returns the service for reviews.
        notes: Returns the service for notes.
        use: Returns the service that keeps former names.
    """

    def __init__(
        self, reviews: Callable[[], ReviewService], notes: Callable[[], KeyNotes], use: Callable[[], UseService]
    ) -> None:
        self._reviews = reviews
        self._notes = notes
        self._use = use

    def was_made(self, event: AuditEvent) -> bool | None:
        """Return True if a change was made, False if not, and None if it isn't known or is another one."""
        from core.model.review_events import FormerNamesChanged, KeyNoteChanged

        if isinstance(event, KeyNoteChanged):
            return self._notes().was_made(event)
        if isinstance(event, FormerNamesChanged):
            return self._use().were_changed(event)
        return self._reviews().was_made(event)

    def signals(self, event: AuditEvent) -> tuple[SignalType, ...]:  # noqa: ARG002 - as for every witness
        """Return no signals: no workstation caches notes or reviews."""
        return ()
