"""Reviews of API keys: what needs a decision, what was decided, and what was known at that time."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import Enum

from core.model.api_key import ApiKey
from core.model.key_note import KeyNote
from core.opendental.key_status import KeyStatus

MAX_REVIEW_NAME = 60
"""The most characters of a review's name."""
MAX_DECISION_NOTE = 500
"""The most characters of a note on a decision."""


class ReviewRule(Enum):
    """The rules by which something needs a decision; the values are their names in the configuration and in JSON."""

    NO_AGREEMENT = "no-baa"
    """An enabled key without a date of its Business Associate Agreement."""
    NO_OWNER = "no-owner"
    UNCHANGED = "unchanged"
    """An enabled key whose developer changed nothing ever, or for some days. Reads leave no trace."""
    RISKY_PERMISSIONS = "risky-permissions"
    """A key that may query, set up or enter payments, without a purpose."""
    PLAIN_HTTP = "plain-http"
    ORPHANED_SUBSCRIPTION = "orphaned-subscription"
    ENDED_SUBSCRIPTION = "ended-subscription"
    CHANGED_AFTER_DISABLED = "changed-after-disabled"
    SOME_OFFICES = "some-offices"
    """A developer's key in only some offices."""
    NOT_AT_HEADQUARTERS = "differs-from-headquarters"
    UNVERIFIED = "unverified"
    UNSEALED = "unsealed"
    OVERDUE = "overdue"
    """The last review ended too long ago, or the review date of a key or the date of a decision has passed."""

    @property
    def title(self) -> str:
        """The rule in a few words."""
        return _TITLES[self]


_TITLES = {
    ReviewRule.NO_AGREEMENT: "No BAA date",
    ReviewRule.NO_OWNER: "No owner",
    ReviewRule.UNCHANGED: "No change seen",
    ReviewRule.RISKY_PERMISSIONS: "Risky permissions without a purpose",
    ReviewRule.PLAIN_HTTP: "Subscription to plain http",
    ReviewRule.ORPHANED_SUBSCRIPTION: "Orphaned subscription",
    ReviewRule.ENDED_SUBSCRIPTION: "Ended subscription",
    ReviewRule.CHANGED_AFTER_DISABLED: "Changes after the key was disabled",
    ReviewRule.SOME_OFFICES: "Only in some offices",
    ReviewRule.NOT_AT_HEADQUARTERS: "Differs from headquarters' list",
    ReviewRule.UNVERIFIED: "Audit Trail not verified",
    ReviewRule.UNSEALED: "Audit Trail not sealed",
    ReviewRule.OVERDUE: "Review overdue",
}


@dataclass(frozen=True)
class ReviewSettings:
    """The thresholds of the rules, in days, and the rules that are switched off."""

    unchanged_days: int = 90
    verify_days: int = 31
    seal_days: int = 7
    every_days: int = 365
    skip: frozenset[ReviewRule] = frozenset()


@dataclass(frozen=True)
class OtherOffices:
    """The keys of several offices, as each of them was last read."""

    offices: int
    """The number of offices whose keys are known, this one included."""
    enabled_in: Mapping[str, tuple[str, ...]]
    """The offices in which a developer has an enabled key, by the developer's name, case-folded."""


@dataclass(frozen=True)
class Finding:
    """Something that needs a decision."""

    rule: ReviewRule
    reason: str
    """The finding in a plain sentence, with its numbers."""
    advice: str
    """The advice, in a sentence."""
    fingerprint: str = ""
    """SHA-256 of the key that it is about, in hex; empty for the practice as a whole."""
    key: str = ""
    """The key as sentences name it, masked; empty for the practice as a whole."""
    accepted_until: date | None = None
    """The day until which a review accepted it; None if it needs a decision now."""

    @property
    def is_due(self) -> bool:
        """True if it needs a decision now."""
        return self.accepted_until is None


@dataclass(frozen=True)
class Findings:
    """Everything that needs a decision in a practice at one moment."""

    at: datetime
    """The time by the practice's clock."""
    findings: tuple[Finding, ...]
    """Those about the practice first, then by key in the order of the list."""
    unknown: tuple[str, ...] = ()
    """The facts that could not be read, one sentence each, with what can't be judged without them."""
    remarks: tuple[str, ...] = ()
    """The things that can't be known from the practice at all, one sentence each."""

    @property
    def due(self) -> tuple[Finding, ...]:
        """The findings that need a decision now."""
        return tuple(each for each in self.findings if each.is_due)

    def of_key(self, fingerprint: str) -> tuple[Finding, ...]:
        """Return the findings about a key."""
        return tuple(each for each in self.findings if each.fingerprint == fingerprint)


class DecisionKind(Enum):
    """The decisions about a key; the values are their names in JSON."""

    KEEP = "keep"
    DISABLE = "disable"
    ASK = "ask"

    @property
    def label(self) -> str:
        """The decision in a word or two."""
        return {DecisionKind.KEEP: "keep", DecisionKind.DISABLE: "disable", DecisionKind.ASK: "ask the vendor"}[self]


@dataclass(frozen=True)
class Choice:
    """A decision as an admin makes it."""

    kind: DecisionKind
    until: date | None = None
    """The day until which the key is kept; only for `KEEP`, which needs it."""
    note: str = ""

    @property
    def label(self) -> str:
        """The decision as lists and audit entries show it: `keep until 2027-01-31`."""
        return f"{self.kind.label} until {self.until.isoformat()}" if self.until is not None else self.kind.label


@dataclass(frozen=True)
class Decision:
    """A decision that was made and logged. One to disable a key is only recorded once the key is disabled."""

    choice: Choice
    user: str
    """The name of the Open Dental user."""
    at: datetime
    """The time by the practice's clock."""
    result: str = ""
    """The result, in a sentence: for `DISABLE`, the status of the key. Empty for the others."""
    replaced: Decision | None = None
    """The decision that it replaced, which undoing it restores; that one's own is left out."""


@dataclass(frozen=True)
class KeySnapshot:
    """A key as it was known when the review listed it."""

    fingerprint: str
    """SHA-256 of the key in hex."""
    masked: str
    developer: str
    status: KeyStatus
    permissions: tuple[str, ...] = ()
    agreement_since: date | None = None
    date_disabled: datetime | None = None
    added: datetime | None = None
    note: KeyNote = field(default_factory=KeyNote)
    former_names: tuple[str, ...] = ()
    last_change: datetime | None = None
    """The last change that its developer made through the API; None for none, or if that isn't known."""
    changes: int | None = None
    """The developer's changes in the last 30 days; None if that isn't known."""
    findings: tuple[Finding, ...] = ()
    known: bool = True
    """False for a key that the authority didn't list: its permissions and the date of its agreement aren't known."""

    @property
    def label(self) -> str:
        """The key as sentences name it."""
        return f"API key {self.masked} ({self.developer})"


@dataclass(frozen=True)
class ReviewItem:
    """A key in a review."""

    snapshot: KeySnapshot
    decision: Decision | None = None
    revision: int = 0
    """The number of decisions about it, so that a decision names the one that it replaces."""

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the key in hex."""
        return self.snapshot.fingerprint


@dataclass(frozen=True)
class Review:
    """A review of the keys of one practice. A review of many offices has the same name in each of them."""

    number: int
    """The number in the practice's companion."""
    name: str
    since: date
    """The first day of the period that is reviewed."""
    until: date
    """The last day of that period."""
    started_at: datetime
    started_by: str
    items: tuple[ReviewItem, ...] = ()
    """By developer."""
    findings: tuple[Finding, ...] = ()
    """The findings about the practice as a whole when it started."""
    unknown: tuple[str, ...] = ()
    """The facts that could not be read when it started."""
    ended_at: datetime | None = None
    """None while it is under way."""
    ended_by: str = ""
    left_open: tuple[str, ...] = ()
    """The keys that it ended without a decision on, as sentences name them."""

    @property
    def is_under_way(self) -> bool:
        """True until it ends."""
        return self.ended_at is None

    @property
    def undecided(self) -> tuple[ReviewItem, ...]:
        """The keys without a decision."""
        return tuple(each for each in self.items if each.decision is None)

    def count(self, kind: DecisionKind) -> int:
        """Return the number of keys with a decision of one kind."""
        return sum(each.decision is not None and each.decision.choice.kind is kind for each in self.items)

    def item(self, fingerprint: str) -> ReviewItem | None:
        """Return the item of a key; None if the review doesn't list it."""
        return next((each for each in self.items if each.fingerprint == fingerprint), None)

    def with_item(self, item: ReviewItem) -> Review:
        """Return the review with an item in the place of the one about the same key, or as a new one."""
        others = (each for each in self.items if each.fingerprint != item.fingerprint)
        return replace(self, items=in_order((*others, item)))


def in_order(items: Iterable[ReviewItem]) -> tuple[ReviewItem, ...]:
    """Return the items of a review as it lists them: by developer."""
    return tuple(sorted(items, key=lambda each: (each.snapshot.developer.casefold(), each.fingerprint)))


@dataclass(frozen=True)
class ReviewProgress:
    """A review next to the keys as they are now."""

    review: Review
    statuses: Mapping[str, KeyStatus] = field(default_factory=dict)
    """The present status of each key that is still there, by fingerprint."""
    added: tuple[KeySnapshot, ...] = ()
    """The keys that were added since the review started and have no decision. Deciding on one adds it to the review."""
    removed: Collection[str] = frozenset()
    """The fingerprints of the keys that are no longer in the list. They need no decision."""
    findings: Findings | None = None
    """The findings that need a decision now; None if they weren't asked for."""

    @property
    def open(self) -> tuple[KeySnapshot, ...]:
        """The keys that need a decision before the review can end, added ones last. One that is disabled needs none.

        Of a review that ended, those that it left open.
        """
        if not self.review.is_under_way:
            left = self.review.left_open
            return tuple(each.snapshot for each in self.review.undecided if each.snapshot.label in left)
        undecided = (each.snapshot for each in self.review.undecided if each.fingerprint not in self.removed)
        return tuple(each for each in (*undecided, *self.added) if not self._is_disabled(each))

    @property
    def decided(self) -> int:
        """The number of keys with a decision."""
        return len(self.review.items) - len(self.review.undecided)

    def _is_disabled(self, snapshot: KeySnapshot) -> bool:
        return self.statuses.get(snapshot.fingerprint, snapshot.status).disabled


@dataclass(frozen=True)
class DecisionResult:
    """The result of a decision, in plain words."""

    review: Review
    """The review as it was shown, with the decision."""
    item: ReviewItem
    key: ApiKey
    """The key as it is now."""
    sentence: str
    consequences: tuple[str, ...] = ()
    """For `DISABLE`: what is cut off now and what isn't, one sentence each."""


@dataclass(frozen=True)
class ReviewDue:
    """A review that is due, as far as the companion alone says it."""

    sentence: str
    """One short line; empty if nothing is due and no review is under way."""
    is_due: bool = False
    """False for a review that is under way and not overdue."""
