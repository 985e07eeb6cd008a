"""Undoing a decision about a key in a review."""

from __future__ import annotations

from core.base.errors import OperationNotAllowed
from core.model.actor import Actor
from core.model.key_text import fingerprint_tag
from core.model.review import Decision, Review, ReviewItem
from core.model.review_events import KeyDecisionUndone, KeyReviewed
from core.review.store import ReviewStore
from core.review.writer import ReviewWriter, decision_text, decision_undo_conflict, require_under_way
from core.undo.recorded import Recorded
from core.undo.step import Undone, UndoStep


class DecisionUndo:
    """Restores the decision that a decision replaced, or has the key undecided again.

    Args:
        store: Reads reviews.
        writer: Writes decisions.
    """

    def __init__(self, store: ReviewStore, writer: ReviewWriter) -> None:
        self._store = store
        self._writer = writer

    def plan(self, recorded: Recorded[KeyReviewed]) -> UndoStep:
        """Return what undoing would do now."""
        review, item = self._present(recorded)
        made, restored = decision_text(item.decision), decision_text(_replaced(item))
        line = f"Decision in {review.name}: from {made} back to {restored}"
        return UndoStep(recorded.numbers, item.snapshot.label, (line,))

    def undo(self, actor: Actor, recorded: Recorded[KeyReviewed]) -> Undone:
        """Restore what was decided before."""
        review, item = self._present(recorded)
        event, restored = recorded.event, _replaced(item)
        text = decision_text(restored)
        undone = KeyDecisionUndone(event.key, review.name, actor.user_name, event.decision, text, recorded.number)
        self._writer.decide(actor, undone, review, item, ReviewItem(item.snapshot, restored, item.revision + 1))
        return Undone(f"Undone. {item.snapshot.label}: {text}.")

    def _present(self, recorded: Recorded[KeyReviewed]) -> tuple[Review, ReviewItem]:
        """Return the review and the item with the decision, if it still stands.

        Raises:
            EditConflict: Somebody decided about the key since.
            OperationNotAllowed: The review has ended or is gone, or the decision can't be determined.
        """
        recorded.require_exact("The decision can't be determined from this entry's text.")
        event = recorded.event
        found = next((each for each in self._store.reviews() if each.name == event.review), None)
        if found is None:
            raise OperationNotAllowed(f"The review {event.review} is gone from the companion.")
        review = require_under_way(found, found)
        item = item_of(review, event)
        if item is None or not is_decision(event, item.decision):
            raise decision_undo_conflict(event, item)
        return review, item


def item_of(review: Review, event: KeyReviewed | KeyDecisionUndone) -> ReviewItem | None:
    """Return the item of the key that an event is about; None if the review doesn't list it."""
    return next((each for each in review.items if fingerprint_tag(each.fingerprint) == event.key_tag), None)


def is_decision(event: KeyReviewed, decision: Decision | None) -> bool:
    """Return True if a decision is the one that an event recorded."""
    if decision is None:
        return False
    choice = decision.choice
    return (choice.label, choice.note, decision.user) == (event.decision, event.note, event.user)


def _replaced(item: ReviewItem) -> Decision | None:
    return item.decision.replaced if item.decision is not None else None
