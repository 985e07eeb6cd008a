"""The facts about a practice and a key, before they are weighed. Whatever can't be read is a `NotRead`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias, TypeVar

from core.diagnosis.econnector import EConnector
from core.model.api_key import ApiKey, AuthorityInfo
from core.model.settings import PaymentType
from core.model.subscription import ApiSubscription
from core.opendental.versions import parse_version

T = TypeVar("T")


@dataclass(frozen=True)
class NotRead:
    """Something that couldn't be read."""

    reason: str
    """The reason, as the end of a sentence: `no right to read eservicesignal`."""


Maybe: TypeAlias = T | NotRead


@dataclass(frozen=True)
class ApiProgram:
    """The program link *FHIR*, the switch of the API."""

    enabled: bool
    disabled_by_headquarters: Maybe[bool]
    headquarters_message: str = ""


@dataclass(frozen=True)
class Registration:
    """The registration key of the practice."""

    present: bool
    disabled: bool


@dataclass(frozen=True)
class Alert:
    """An alert of Open Dental's main window."""

    kind: int
    description: str


@dataclass(frozen=True)
class Workstation:
    """A computer on which Open Dental ever ran."""

    name: str
    last_seen: datetime
    """The time of its last heartbeat; `NO_DATE` if there was none."""


@dataclass(frozen=True)
class LastUpdate:
    """The newest update of Open Dental."""

    moment: datetime
    version: str


@dataclass(frozen=True)
class LoggedSwitch:
    """The newest entry of the Audit Trail that says that the API was switched on or off."""

    on: bool
    moment: datetime
    user: str


@dataclass(frozen=True)
class CallsAfterDisabling:
    """Changes through the API that a developer made after the key was disabled."""

    count: int
    last: datetime


@dataclass(frozen=True)
class PracticeFacts:
    """The facts about the practice."""

    now: datetime
    title: str
    version: str
    """The version of the program, such as 24.3.10.0."""
    program: ApiProgram | None
    """None if the database has no such program."""
    registration: Maybe[Registration]
    update_server: str
    """The computer that may run the eConnector and the API service; empty if none is set."""
    econnector: Maybe[EConnector]
    econnector_computers: tuple[str, ...]
    alerts: Maybe[tuple[Alert, ...]]
    workstations: Maybe[tuple[Workstation, ...]]
    last_update: Maybe[LastUpdate | None]
    payment_types: tuple[PaymentType, ...]
    payment_type: int | None
    """The number of the type that the API uses; None if the practice has no such preference."""
    payment_type_hidden: datetime | None
    """The time at which it was hidden, according to the Audit Trail."""
    logged_switch: LoggedSwitch | None
    subscriptions: Maybe[tuple[ApiSubscription, ...]]
    """The API subscriptions of the key, or of all keys."""

    @property
    def numbers(self) -> tuple[int, ...]:
        """The version in numbers."""
        return parse_version(self.version)

    @property
    def server_name(self) -> str:
        """The computer of the eConnector, as sentences name it."""
        return self.update_server or next(iter(self.econnector_computers), "") or "the update server"


@dataclass(frozen=True)
class KeyFacts:
    """The facts about one key."""

    wanted: str
    """The key or the developer as they were asked for."""
    key: ApiKey | None
    """None if the list has no such key."""
    in_copy: bool | None
    """True if the practice's copy has the key; None if this version of Open Dental has no copy."""
    calls_after_disabling: CallsAfterDisabling | None = None


@dataclass(frozen=True)
class ListFacts:
    """The facts about the list of keys."""

    authority: AuthorityInfo
    is_remote: bool
    failure: str
    """The reason why headquarters can't be asked; empty if it answered, or decides about nothing here."""
    enabled: int
    """The number of enabled keys."""
    total: int
    copy_matches: bool | None
    """True if the practice's copy has the same keys; None if there is no copy or no current list."""


@dataclass(frozen=True)
class PortProbe:
    """The answer of the API service's port."""

    host: str
    """The update server; empty if the practice names none, so that nobody could be asked."""
    answered: bool


@dataclass(frozen=True)
class Facts:
    """Everything that was read."""

    practice: PracticeFacts
    keys: ListFacts
    key: KeyFacts | None = None
    """None if the practice was asked about, not a key."""
    probe: PortProbe | None = None
    """None if nobody asked for it."""
