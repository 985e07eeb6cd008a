"""The monthly report: the facts of a month in an office, and the same arranged for a reader."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from core.model.api_key import KeyList
from core.model.audit_entry import AuditEntry
from core.model.developer_use import PeriodUse, TrailFloor
from core.model.key_note import KeyNote
from core.model.logged_event import LoggedEvent
from core.model.month import Month
from core.model.subscription import SubscriptionPage
from core.opendental.key_status import KeyStatus


@dataclass(frozen=True)
class OwnEntry:
    """An entry of API Setup, with the event that it records."""

    entry: AuditEntry
    """Its text has every key masked."""
    logged: LoggedEvent


@dataclass(frozen=True)
class SealFact:
    """A seal of the Audit Trail, without its signature."""

    number: int
    sealed_at: datetime | None
    """The practice's time; None if it can't be read."""
    entries: int
    by: str
    root: str
    """The root of the Merkle tree over its entries, in hex."""


@dataclass(frozen=True)
class OfficeInfo:
    """The office that a report is about, and when and by whom it was read."""

    title: str
    database: str
    server: str
    """The host as the server reports it; empty for an SQLite file."""
    read_at: datetime
    """The practice's time."""
    utc_offset: str
    """The offset of that time from UTC, such as `-06:00`; empty if it isn't known."""
    read_by: str


@dataclass(frozen=True)
class MonthFacts:
    """The facts of an office in a month. None stands for what couldn't be read; `unknown` says why."""

    month: Month
    info: OfficeInfo
    keys: KeyList | None = None
    keys_current: bool = True
    """False if headquarters didn't answer, or wasn't asked, so that the list may be out of date."""
    notes: Mapping[str, KeyNote] = field(default_factory=dict)
    """The notes on keys, by fingerprint."""
    entries: tuple[OwnEntry, ...] | None = None
    """The entries of API Setup in the month, oldest first."""
    unlisted: int = 0
    """The number of further entries, which were only counted."""
    use: Mapping[str, PeriodUse] | None = None
    """The changes through the API, by developer."""
    floor: TrailFloor | None = None
    """The time of the oldest entry of the Audit Trail."""
    subscriptions: SubscriptionPage | None = None
    verification: tuple[datetime, str] | None = None
    """The time and the result of the last verification; None if there was none."""
    seals: tuple[SealFact, ...] | None = None
    unknown: tuple[str, ...] = ()
    """One sentence for each thing that couldn't be read."""


@dataclass(frozen=True)
class KeyLine:
    """A key as its authority states it now."""

    fingerprint: str
    key: str
    """The mask."""
    developer: str
    status: KeyStatus
    enabled: bool
    permissions: tuple[str, ...]
    baa_since: date | None
    added: date | None
    disabled: date | None
    owner: str
    """The person or role in the office who answers for it; blank if nobody is noted."""
    purpose: str
    remark: str
    """A remark about it, in a few words; blank for none."""
    known: bool = True
    """False if the authority doesn't list it: its permissions and the date of its agreement aren't known."""


@dataclass(frozen=True)
class NewVendor:
    """A developer who had no key before the month."""

    developer: str
    keys: tuple[str, ...]
    """The masks of its new keys."""
    added: datetime | None
    """None if no time is known."""
    by: str
    """The user who added the first one; blank if no entry says it."""


@dataclass(frozen=True)
class CutOff:
    """A key that was disabled, or a subscription that was ended."""

    time: datetime | None
    what: str
    change: str
    by: str
    """The user; blank if no entry of this office records it."""
    entry: int
    """The number of the entry; 0 for none."""


@dataclass(frozen=True)
class ChangeLine:
    """An entry of API Setup."""

    number: int
    time: datetime | None
    user: str
    text: str
    done: bool
    """False if the entry says that the change wasn't made, or that this isn't known."""
    hash: str
    """`matches`, `no hash` or `altered`."""


@dataclass(frozen=True)
class UseLine:
    """The changes that a developer made through the API in the month."""

    developer: str
    total: int
    per_day: tuple[int, ...]
    """One number for each day of the month."""
    queries: int
    last: datetime | None
    computers: tuple[str, ...]
    remark: str


@dataclass(frozen=True)
class SubscriptionLine:
    """A subscription as it is now."""

    number: int
    developer: str
    watches: str
    address: str
    state: str
    alerts: tuple[str, ...]


@dataclass(frozen=True)
class Evidence:
    """The results of verification and seals."""

    verified_at: datetime | None
    verdict: str
    """The result of the last verification; blank if there was none."""
    seals: int | None
    """The number of all seals; None if they can't be read."""
    seals_in_month: tuple[SealFact, ...]
    last_seal: SealFact | None
    findings: tuple[str, ...]
    """Sentences about what is wrong or missing."""


@dataclass(frozen=True)
class OfficeMonth:
    """The report of one office. A part that couldn't be read is None, and `unknown` says why."""

    office: str
    """The name in the configuration file; blank for an office without one."""
    info: OfficeInfo
    stated_by: str
    """The authority over the keys."""
    as_of: datetime | None
    """The practice's time of headquarters' list; None for a list that is always current."""
    current: bool
    notes: tuple[str, ...]
    keys: tuple[KeyLine, ...] | None
    new_vendors: tuple[NewVendor, ...] | None
    cut_offs: tuple[CutOff, ...] | None
    changes: tuple[ChangeLine, ...] | None
    unlisted: int
    use: tuple[UseLine, ...] | None
    subscriptions: tuple[SubscriptionLine, ...] | None
    evidence: Evidence
    unknown: tuple[str, ...]

    @property
    def name(self) -> str:
        """The office as a heading names it."""
        return self.office or self.info.title

    @property
    def enabled(self) -> int | None:
        """The number of enabled keys; None if they aren't known."""
        return sum(key.enabled for key in self.keys) if self.keys is not None else None

    @property
    def without_agreement(self) -> int | None:
        """The number of enabled keys without a Business Associate Agreement; None if the keys aren't known."""
        return sum(key.enabled and key.baa_since is None for key in self.keys) if self.keys is not None else None

    @property
    def entries(self) -> int | None:
        """The number of entries of API Setup; None if they aren't known."""
        return len(self.changes) + self.unlisted if self.changes is not None else None

    @property
    def api_changes(self) -> int | None:
        """The changes through the API; None if they aren't known."""
        return sum(each.total for each in self.use) if self.use is not None else None


@dataclass(frozen=True)
class MissingOffice:
    """An office that couldn't be read."""

    office: str
    reason: str


@dataclass(frozen=True)
class MonthlyReport:
    """The report of a month for one or many offices."""

    month: Month
    written_at: datetime
    """The time of the computer that wrote it."""
    program: str
    offices: tuple[OfficeMonth, ...]
    missing: tuple[MissingOffice, ...] = ()

    @property
    def is_over(self) -> bool:
        """True if the month was over in all offices when they were read."""
        return all(office.info.read_at.date() > self.month.last for office in self.offices)
