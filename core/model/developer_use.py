"""A developer's use of the API, as the Audit Trail shows it.

Calls that only read leave no entry, so none of this says when a key was last used. Entries name the developer and not
the key: two keys of one developer share everything here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from core.model.api_key import ApiKey
from core.opendental.permission_types import QUERY_TYPES

DAYS = 30
"""The number of days, today included, for which changes are counted per day."""
IDLE_DAYS = 90
"""The days without a change after which an enabled key is marked."""


@dataclass(frozen=True)
class TrailRange:
    """The part of the Audit Trail that was read for a developer."""

    since: datetime
    until: datetime
    complete: bool
    """True if no older entry exists."""

    def covers(self, day: date) -> bool:
        """Return True if every entry from a day on was read."""
        return self.complete or self.since.date() < day or self.since == datetime(day.year, day.month, day.day)


@dataclass(frozen=True)
class DeveloperUse:
    """The changes that a developer made through the API, as far as the Audit Trail was read."""

    read: TrailRange
    first: datetime | None = None
    last: datetime | None = None
    counts: tuple[int, ...] = (0,) * DAYS
    """The changes on each of the last `DAYS` days, oldest first; the last one is today."""
    kinds: Mapping[int, int] = field(default_factory=dict)
    """The changes of those days by the number of their permission type, most frequent first."""
    computers: tuple[str, ...] = ()
    """The computers that carried those changes out."""

    @property
    def total(self) -> int:
        """The changes of the last `DAYS` days."""
        return sum(self.counts)

    @property
    def queries(self) -> int:
        """The database queries of the last `DAYS` days, which `kinds` counts, too."""
        return sum(self.kinds.get(kind, 0) for kind in QUERY_TYPES)

    @property
    def never(self) -> bool:
        """True if the whole Audit Trail has no change of this developer."""
        return self.last is None and self.read.complete

    def counts_same_changes(self, other: DeveloperUse | None) -> bool:
        """Return True if another reading found the same changes in the last `DAYS` days, however far back it went."""
        return other is not None and replace(other, read=self.read, first=self.first) == self

    def reads_like(self, other: DeveloperUse | None) -> bool:
        """Return True if another reading found the same, whenever it was made."""
        return other is not None and replace(other, read=replace(other.read, until=self.read.until)) == self

    def is_idle(self, today: date, days: int) -> bool:
        """Return True if the Audit Trail was read far enough to say that there was no change for some days."""
        start = today - timedelta(days=days)
        return self.last.date() < start if self.last is not None else self.read.covers(start)


@dataclass(frozen=True)
class PeriodUse:
    """The changes that a developer made through the API within some days."""

    per_day: tuple[int, ...]
    """The changes on each of these days, oldest first."""
    kinds: Mapping[int, int] = field(default_factory=dict)
    """The changes by the number of their permission type, most frequent first."""
    computers: tuple[str, ...] = ()
    """The computers that carried them out."""
    last: datetime | None = None

    @property
    def total(self) -> int:
        """The number of changes."""
        return sum(self.per_day)

    @property
    def queries(self) -> int:
        """The number of database queries, which `kinds` counts, too."""
        return sum(self.kinds.get(kind, 0) for kind in QUERY_TYPES)


@dataclass(frozen=True)
class UseDetails:
    """The counts for one developer, made only when an admin looks at them."""

    patients: int
    """The number of patients whose records were changed in the last `DAYS` days."""
    after_disabled: int | None
    """The number of changes after the key was disabled; None for a key that isn't."""
    last_after_disabled: datetime | None = None


@dataclass(frozen=True)
class TrailFloor:
    """The beginning of the Audit Trail."""

    oldest: datetime | None
    """The time of the oldest entry; None for an empty trail."""
    removed: str = ""
    """A sentence about old entries that Open Dental itself removed; blank if there was no removal."""


@dataclass(frozen=True)
class KnownUse:
    """The known use of keys at a moment."""

    now: datetime
    """The time by the practice's clock."""
    developers: Mapping[str, DeveloperUse]
    """By the developer's name; developers of whom nothing was read yet are left out."""
    floor: TrailFloor


def is_idle_key(key: ApiKey, use: DeveloperUse | None, now: datetime) -> bool:
    """Return True for an enabled key that may write, and whose developer changed nothing for `IDLE_DAYS`."""
    return use is not None and key.may_write and use.is_idle(now.date(), IDLE_DAYS)
