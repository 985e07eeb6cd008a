"""The outcome of a change of a review whose process was killed."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from core.model.logged_event import AuditEvent
from core.model.review import Review
from core.model.review_events import KeyDecisionUndone, KeyReviewed, ReviewEnded, ReviewStarted
from core.review.decision_undo import is_decision, item_of
from core.review.writer import decision_text


def was_made(event: AuditEvent, read: Callable[[], Iterable[Review]]) -> bool | None:
    """Return True if a change of a review was made, False if not, and None if it isn't known or is another one.

    Args:
        event: The change.
        read: Reads the reviews.
    """
    if not isinstance(event, ReviewStarted | KeyReviewed | KeyDecisionUndone | ReviewEnded):
        return None
    review = next((each for each in read() if each.name == event.review), None)
    if isinstance(event, ReviewStarted):
        return review is not None
    if review is None:
        return None
    if isinstance(event, ReviewEnded):
        return not review.is_under_way
    item = item_of(review, event)
    decision = item.decision if item is not None else None
    if isinstance(event, KeyReviewed):
        return is_decision(event, decision)
    # Two decisions that differ only in their notes read the same.
    return decision_text(decision) == event.restored if event.decision != event.restored else None
