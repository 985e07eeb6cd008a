"""The audit events of subscriptions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from core.model.event_codec import format_moment
from core.model.event_text import FreeText, InReceipt, Moment, NewLabel, Number, UndoneEntry
from core.model.logged_event import SUBSCRIPTION, AuditEvent, Edit
from core.opendental.permission_types import Permission


@dataclass(frozen=True)
class SubscriptionEvent(AuditEvent):
    """An event about one API subscription."""

    subject = SUBSCRIPTION
    permission = Permission.API_SUBSCRIPTION
    changes_practice = True

    number: Number
    key: NewLabel
    """Its customer key, with the developer if the practice knows it."""
    user: FreeText
    watches: FreeText
    address: FreeText

    @property
    def key_tag(self) -> str:
        """The short fingerprint of its customer key."""
        return self.key.name.tag

    @property
    def what(self) -> str:
        """The name in conflicts of the subscription's end."""
        return stop_of(self.number)


@dataclass(frozen=True)
class SubscriptionStopChanged(SubscriptionEvent):
    """The end of a subscription was set or removed."""

    before: Moment
    after: Moment
    undoes: UndoneEntry = 0
    receipt: InReceipt = ""

    @property
    def edits(self) -> tuple[Edit, ...]:
        """The end before and after."""
        return (Edit(self.what, format_moment(self.before), format_moment(self.after)),)

    @property
    def values_after(self) -> Mapping[str, str | None]:
        """The end after."""
        return {self.what: format_moment(self.after)}

    @property
    def undone_entry(self) -> int:
        """The entry that the change undid."""
        return self.undoes


@dataclass(frozen=True)
class SubscriptionEnded(SubscriptionStopChanged):
    """A subscription was ended: Open Dental sends nothing after its stop."""

    template = (
        "API subscription {number} of {key} ended by {user}: {watches} to {address};"
        " stop from {before} to {after}{undoes}{receipt}"
    )
    happened = "Subscription ended"


@dataclass(frozen=True)
class SubscriptionResumed(SubscriptionStopChanged):
    """A subscription that had ended goes on."""

    template = (
        "API subscription {number} of {key} resumed by {user}: {watches} to {address};"
        " stop from {before} to {after}{undoes}{receipt}"
    )
    happened = "Subscription resumed"


@dataclass(frozen=True)
class SubscriptionDeleted(SubscriptionEvent):
    """A subscription was deleted; only its developer can make it again."""

    template = "API subscription {number} of {key} deleted by {user}: {watches} to {address}"
    happened = "Subscription deleted"

    @property
    def values_after(self) -> Mapping[str, str | None]:
        """That the subscription, and with it its end, is gone."""
        return {self.what: "gone"}


def stop_of(number: int) -> str:
    """Return the name in conflicts and undo plans of a subscription's end."""
    return f"stop of subscription {number}"
