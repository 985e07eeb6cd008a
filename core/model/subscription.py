"""Subscriptions of developers: what they watch, where it's sent, and whether that works."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from core.model.event_values import KeyName
from core.opendental.subscriptions import watches_all


class SubscriptionState(Enum):
    """The states of a subscription; the values are its words in lists."""

    WORKING = "working"
    LATE = "late"
    NOT_STARTED = "not started"
    NO_SIGN = "no sign of life exists"
    """A user-interface event is only sent when it happens, and leaves no trace."""
    ENDED = "ended"


@dataclass(frozen=True)
class ApiSubscription:
    """A subscription made over the API, without the text of its key."""

    number: int
    key: KeyName
    fingerprint: str
    """SHA-256 of its customer key in hex."""
    developer: str
    """The developer of the key; empty if no key of this practice matches."""
    workstation: str
    """The only computer that sends it; blank for all of them."""
    watches: str
    """The table or the event of the user interface."""
    polling_seconds: int
    """The seconds between two runs; 0 for an event of the user interface."""
    address: str
    """The URL that receives it, without passwords and the values of its query."""
    last_run: datetime | None
    """The last time all changes were delivered, or the time at which it starts; None if it never ran."""
    stop: datetime | None
    """The end that was set; None for none."""
    note: str
    state: SubscriptionState
    reasons: tuple[str, ...]
    """Sentences that explain the state."""
    alerts: tuple[str, ...]
    """Sentences about what endangers patient data, or what is wrong whatever the state."""
    digest: str
    """A fingerprint of all that was read but the time of the last run, which moves at each run."""

    @property
    def ended(self) -> bool:
        """True if nothing is sent any more."""
        return self.state is SubscriptionState.ENDED

    @property
    def on_all_workstations(self) -> bool:
        """True if every computer that runs Open Dental sends it."""
        return watches_all(self.workstation)

    @property
    def where(self) -> str:
        """The computers that send it, in a word or two."""
        return "all workstations" if self.on_all_workstations else self.workstation

    @property
    def label(self) -> str:
        """The subscription as sentences name it."""
        return f"subscription {self.number} ({self.developer or self.key.masked}, {self.watches})"


@dataclass(frozen=True)
class FhirSubscription:
    """A subscription made over FHIR. Its key isn't known: the database has only a hash of unknown kind."""

    number: int
    criteria: str
    reason: str
    status: str
    error_note: str
    channel: str
    address: str
    end: datetime | None
    """The time at which it is deleted automatically; None for never."""
    contacts: tuple[str, ...]
    alerts: tuple[str, ...]


@dataclass(frozen=True)
class SubscriptionPage:
    """All subscriptions of a practice at one moment."""

    subscriptions: tuple[ApiSubscription, ...] = ()
    fhir: tuple[FhirSubscription, ...] = ()
    unknown: tuple[str, ...] = ()
    """Sentences about what could not be read."""
    remarks: tuple[str, ...] = ()
    """Sentences about the practice as a whole, such as an interval that isn't set."""
    now: datetime | None = None
    """The time of the practice's server when it was read."""


@dataclass(frozen=True)
class SubscriptionChange:
    """The result of a change, in plain words."""

    sentence: str
    consequences: tuple[str, ...] = ()
    """Sentences that say what stops or starts now, and what doesn't."""
