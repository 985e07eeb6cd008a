"""Offices as a fleet: what each one answered when it was last read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from core.opendental.key_status import KeyStatus


class Reach(Enum):
    """The availability of an office; the values are the words in lists."""

    NOT_READ = "not read yet"
    READING = "reading"
    ANSWERS = "answers"
    NO_ANSWER = "no answer"
    REFUSED = "refused"
    PROMPTS = "asks for password"
    """Only a user can supply its database password."""
    UNUSABLE = "can't be used"


@dataclass(frozen=True)
class FleetKey:
    """An API key in one of many offices."""

    fingerprint: str
    """SHA-256 of the key in hex."""
    masked: str
    developer: str
    status: KeyStatus
    developer_number: int = 0
    """Headquarters' number of the developer; 0 if it isn't known."""
    changed: datetime | None = None
    """The last change that its developer made through the API, or the day on which the key was disabled."""
    refusal: str = ""
    """The reason the office can't disable it; blank if it can."""

    @property
    def label(self) -> str:
        """The key as sentences name it."""
        return f"API key {self.masked} ({self.developer})"


@dataclass(frozen=True)
class FleetSubscription:
    """An active subscription in one of many offices."""

    number: int
    fingerprint: str
    """SHA-256 of its customer key in hex."""
    label: str


@dataclass(frozen=True)
class OfficeAnswer:
    """The answer of an office."""

    title: str
    database: str
    """The database and the host as the server reports them; the path of an SQLite file."""
    version: str
    """The version of Open Dental."""
    api_on: bool | None
    """None if the program link is missing."""
    econnector: str
    """The state of the eConnector in a few words; empty if it isn't known."""
    keys: tuple[FleetKey, ...]
    authority: str
    """The authority over the keys, with the age of its list."""
    refusal: str = ""
    """The reason no key can be changed there; blank if keys can be changed."""
    subscriptions: tuple[FleetSubscription, ...] | None = None
    """None if they weren't read."""
    verified: str = ""
    """The result of the last verification of the Audit Trail; empty if there was none."""
    verified_at: datetime | None = None
    list_age_seconds: int = 0
    """The age of headquarters' list of keys when the office answered."""

    @property
    def enabled(self) -> int:
        """The number of enabled keys."""
        return sum(key.status.enabled for key in self.keys)


@dataclass(frozen=True)
class OfficeState:
    """The known state of an office: its last answer, and the outcome of the last attempt to read it."""

    office: str
    tags: tuple[str, ...] = ()
    reach: Reach = Reach.NOT_READ
    answer: OfficeAnswer | None = None
    """The last answer, even if it doesn't answer now."""
    answered_at: datetime | None = None
    failure: str = ""
    """The reason why it could not be read, or why the sign-in failed, in a sentence."""
    changes: tuple[str, ...] = ()
    """The changes since the last look, one phrase each."""
    signed_in_as: str = ""
    """The name of the Open Dental user who signed in there; empty for nobody."""

    def age(self, now: datetime) -> timedelta:
        """Return the age of the answer; nothing if there is none."""
        return now - self.answered_at if self.answered_at is not None else timedelta()

    def age_of_keys(self, now: datetime) -> timedelta:
        """Return the age of the list of keys, which may be older than the answer."""
        listed = timedelta(seconds=self.answer.list_age_seconds) if self.answer is not None else timedelta()
        return self.age(now) + listed
