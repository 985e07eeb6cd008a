"""A change of one developer's keys in many offices: its plan, and its results."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from core.opendental.key_status import KeyStatus


def unseen_sentence(offices: Sequence[str]) -> str:
    """Return the sentence that names offices that nobody looked at; empty if there are none."""
    if not offices:
        return ""
    were = "1 office was" if len(offices) == 1 else f"{len(offices)} offices were"
    return f"{were} not looked at, and keys there may still work: {', '.join(offices)}."


@dataclass(frozen=True)
class PlannedKey:
    """A key whose status is to be changed."""

    fingerprint: str
    masked: str
    developer: str
    before: KeyStatus
    undoes: int = 0
    """The number of the entry that the change takes back; 0 for none."""


@dataclass(frozen=True)
class PlannedSubscription:
    """A subscription that is to be ended or resumed."""

    number: int
    fingerprint: str
    label: str
    undoes: int = 0
    """The number of the entry that the change takes back; 0 for none."""


@dataclass(frozen=True)
class OfficePlan:
    """The plan for one office."""

    office: str
    keys: tuple[PlannedKey, ...] = ()
    subscriptions: tuple[PlannedSubscription, ...] = ()
    stays: tuple[str, ...] = ()
    """The keys that stay as they are, and who can change them, one sentence each."""
    problem: str = ""
    """The reason nothing can be done in this office now; blank if something can."""
    unseen: bool = False
    """True if nobody looked at the office's keys, so that it may have keys of the developer that nobody knows of."""

    @property
    def has_work(self) -> bool:
        """True if something is to be changed."""
        return bool(self.keys or self.subscriptions) and not self.problem


@dataclass(frozen=True)
class FleetPlan:
    """A change in many offices that an admin confirms once."""

    receipt: str
    """The number of its receipt, which every entry carries."""
    developer: str
    status: KeyStatus
    """The status that the keys are given."""
    offices: tuple[OfficePlan, ...]
    undoes: str = ""
    """The number of the receipt whose changes it takes back; empty for none."""
    undone_sha256: str = ""
    """The SHA-256 of that receipt."""

    @property
    def disables(self) -> bool:
        """True if it cuts a developer off."""
        return self.status is KeyStatus.DISABLED_BY_CUSTOMER

    @property
    def verb(self) -> str:
        """The change in a word."""
        return "Disable" if self.disables else "Enable"

    @property
    def unseen(self) -> tuple[str, ...]:
        """The names of the offices that nobody looked at."""
        return tuple(each.office for each in self.offices if each.unseen)

    @property
    def unseen_sentence(self) -> str:
        """The sentence that names the offices that nobody looked at; empty if there are none."""
        return unseen_sentence(self.unseen)


@dataclass(frozen=True)
class RecordedChange:
    """One change that was made, with its audit entry."""

    what: str
    """The key or the subscription, as sentences name it."""
    fingerprint: str
    """SHA-256 of the key in hex."""
    subscription: int
    """The number of the subscription; 0 for a key."""
    before: str
    after: str
    moment: datetime | None
    """The time of the entry, by the server's clock."""
    entry: int
    """The number of the entry."""
    entry_hash: str
    """The stored hash of the entry."""


class OfficeOutcome(Enum):
    """The outcome in one office; the values are its words in lists."""

    DONE = "done"
    NOTHING = "nothing to do"
    FAILED = "failed"
    NOT_TRIED = "not tried"


@dataclass(frozen=True)
class OfficeResult:
    """The outcome of a change in one office."""

    office: str
    outcome: OfficeOutcome = OfficeOutcome.NOT_TRIED
    changes: tuple[RecordedChange, ...] = ()
    problems: tuple[str, ...] = ()
    """The failures and the findings, one sentence each."""
    database: str = ""
    """The database and the host as the server reports them."""
    user: str = ""
    """The Open Dental user who made the changes."""
    recorded: bool = False
    """True if the SHA-256 of the receipt is in this office's Audit Trail."""

    @property
    def is_settled(self) -> bool:
        """True if there is nothing to retry."""
        return self.outcome in (OfficeOutcome.DONE, OfficeOutcome.NOTHING)


@dataclass(frozen=True)
class WrittenReceipt:
    """A receipt that was written."""

    number: str
    file: str
    """The path of the JSON file; the text to print is next to it."""
    text_file: str
    sha256: str


@dataclass(frozen=True)
class FleetOutcome:
    """The results of a change in all of its offices."""

    plan: FleetPlan
    results: tuple[OfficeResult, ...]
    receipt: WrittenReceipt | None
    """None if nothing was changed, or the receipt can't be written."""
    problem: str = ""
    """The reason the receipt isn't written, or isn't recorded everywhere."""

    @property
    def done(self) -> int:
        """The number of offices where nothing is left to do."""
        return sum(result.is_settled for result in self.results)

    @property
    def unsettled(self) -> tuple[OfficeResult, ...]:
        """The offices that can be retried."""
        return tuple(result for result in self.results if not result.is_settled)
