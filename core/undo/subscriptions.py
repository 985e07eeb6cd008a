"""Undoing the end of a subscription, and undoing that."""

from __future__ import annotations

from core.audit.service import AuditService
from core.base.errors import Conflict
from core.model.actor import Actor
from core.model.api_key import GONE
from core.model.event_codec import format_moment
from core.model.subscription import ApiSubscription
from core.model.subscription_events import SubscriptionEnded, SubscriptionStopChanged, stop_of
from core.subscriptions.service import SubscriptionService
from core.undo.recorded import Recorded
from core.undo.step import Undone, UndoStep


class SubscriptionUndo:
    """Resumes a subscription that was ended, and ends one that was resumed.

    Args:
        subscriptions: Ends and resumes subscriptions.
        audit: Tells who changed a value since.
    """

    def __init__(self, subscriptions: SubscriptionService, audit: AuditService) -> None:
        self._subscriptions = subscriptions
        self._audit = audit

    def plan(self, recorded: Recorded[SubscriptionStopChanged]) -> UndoStep:
        """Return what undoing would do now."""
        return UndoStep(recorded.numbers, self._present(recorded).label, recorded.event.undo_lines)

    def undo(self, actor: Actor, recorded: Recorded[SubscriptionStopChanged]) -> Undone:
        """Set the stop that the subscription had before."""
        subscription, event = self._present(recorded), recorded.event
        change = self._subscriptions.resume if isinstance(event, SubscriptionEnded) else self._subscriptions.end
        done = change(actor, subscription, stop=event.before, undoing=recorded.number)
        return Undone(done.sentence, done.consequences)

    def _present(self, recorded: Recorded[SubscriptionStopChanged]) -> ApiSubscription:
        """Return the subscription as it is now.

        Raises:
            OperationNotAllowed: The entry doesn't tell surely what the stop was.
            EditConflict: The subscription has another stop by now, or is gone.
        """
        recorded.require_exact("The subscription's earlier stop can't be determined from this entry's text.")
        event = recorded.event
        found = self._subscriptions.find(event.number)
        if found is not None and found.key.tag != event.key_tag:
            # Its number was given to another one.
            found = None
        if found is not None and found.stop == event.after:
            return found
        before, after = format_moment(event.before), format_moment(event.after)
        now = GONE if found is None else format_moment(found.stop)
        raise self._audit.with_attributions([Conflict(stop_of(event.number), after, now, before)], event.key_tag)
