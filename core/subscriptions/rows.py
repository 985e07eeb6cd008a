"""The rows behind subscriptions, read as they are, with the customer key in clear: for this folder only."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, column, select, table

from core.opendental.optional_tables import API_SUBSCRIPTION, COMPUTER, FHIR_CONTACT_POINT, FHIR_SUBSCRIPTION
from core.opendental.schema import PROGRAM, PROGRAM_PROPERTY

_INTERVAL = "SubscriptionProcessingFrequency"
_LAST_PROCESSED = "SubscriptionsLastProcessed"
_STABLE = tuple(each for each in API_SUBSCRIPTION.c if each.key != "start")
"""The columns that only a change by somebody moves; `DateTimeStart` moves at each run."""


@dataclass(frozen=True)
class SubscriptionRow:
    """A row of `apisubscription`."""

    number: int
    address: str
    workstation: str
    customer_key: str = field(repr=False)
    watch_table: str
    polling_seconds: int
    ui_event_type: str
    start: datetime
    stop: datetime
    note: str

    @property
    def digest(self) -> str:
        """A fingerprint of all values but `start`."""
        values = [str(getattr(self, each.key)) for each in _STABLE]
        return hashlib.sha256(json.dumps(values).encode()).hexdigest()

    @property
    def unchanged(self) -> tuple[ColumnElement[bool], ...]:
        """The conditions that the row still has these values, apart from `start`."""
        return tuple(each == getattr(self, each.key) for each in _STABLE)

    @property
    def watches(self) -> str:
        """The table or the event of the user interface; a row may have neither."""
        return self.watch_table or self.ui_event_type or "nothing"


@dataclass(frozen=True)
class FhirRow:
    """A row of `fhirsubscription`."""

    number: int
    criteria: str
    reason: str
    status: int
    error_note: str
    channel: int
    address: str
    end: datetime


@dataclass(frozen=True)
class ContactRow:
    """A row of `fhircontactpoint`."""

    subscription: int
    system: int
    value: str


@dataclass(frozen=True)
class FhirProcessing:
    """The practice's settings for FHIR subscriptions."""

    interval: str
    last_processed: str


def read_subscriptions(connection: Connection) -> list[SubscriptionRow]:
    """Read all API subscriptions, the oldest first."""
    rows = connection.execute(select(*API_SUBSCRIPTION.c).order_by(API_SUBSCRIPTION.c.number)).all()
    return [_subscription(row) for row in rows]


def read_subscription(connection: Connection, number: int) -> SubscriptionRow | None:
    """Read one API subscription; None if it's gone."""
    row = connection.execute(select(*API_SUBSCRIPTION.c).where(API_SUBSCRIPTION.c.number == number)).one_or_none()
    return _subscription(row) if row is not None else None


def read_whole_row(connection: Connection, columns: Sequence[str], number: int) -> Mapping[str, Any]:
    """Read the values of all columns of a subscription, those of newer versions too, by their names."""
    whole = whole_table(columns)
    key = whole.c[API_SUBSCRIPTION.c.number.name]
    row = connection.execute(select(*whole.c).where(key == number)).mappings().one_or_none()
    return dict(row) if row is not None else {}


def whole_table(columns: Sequence[str]) -> Any:
    """Return `apisubscription` with all columns that this practice's version has."""
    types = {each.name.lower(): each.type for each in API_SUBSCRIPTION.c}
    return table(
        API_SUBSCRIPTION.name,
        *(column(name, types[name.lower()]) if name.lower() in types else column(name) for name in columns),
    )


def read_heartbeats(connection: Connection) -> dict[str, datetime]:
    """Read when Open Dental last ran on each computer, by the computer's name in lower case."""
    found: dict[str, datetime] = {}
    for name, moment in connection.execute(select(COMPUTER.c.name, COMPUTER.c.last_heartbeat)):
        folded = (name or "").strip().casefold()
        found[folded] = max(moment, found.get(folded, moment))
    return found


def read_fhir(connection: Connection) -> list[FhirRow]:
    """Read all FHIR subscriptions, the oldest first."""
    rows = connection.execute(select(*FHIR_SUBSCRIPTION.c).order_by(FHIR_SUBSCRIPTION.c.number)).all()
    return [
        FhirRow(
            row.number,
            row.criteria or "",
            row.reason or "",
            row.status,
            row.error_note or "",
            row.channel,
            row.address or "",
            row.end,
        )
        for row in rows
    ]


def read_contacts(connection: Connection) -> list[ContactRow]:
    """Read the contacts of all FHIR subscriptions, the most important first."""
    contact = FHIR_CONTACT_POINT.c
    query = select(contact.subscription, contact.system, contact.value).order_by(contact.item_order, contact.number)
    return [ContactRow(subscription, system, value or "") for subscription, system, value in connection.execute(query)]


def read_fhir_processing(connection: Connection) -> FhirProcessing:
    """Read how often FHIR subscriptions are processed, and when they were processed last; blank for unknown."""
    program = select(PROGRAM.c.program_num).where(PROGRAM.c.prog_name == "FHIR").limit(1).scalar_subquery()
    query = select(PROGRAM_PROPERTY.c.property_desc, PROGRAM_PROPERTY.c.property_value).where(
        PROGRAM_PROPERTY.c.program_num == program,
        PROGRAM_PROPERTY.c.property_desc.in_((_INTERVAL, _LAST_PROCESSED)),
    )
    values = {name: (value or "").strip() for name, value in connection.execute(query)}
    return FhirProcessing(values.get(_INTERVAL, ""), values.get(_LAST_PROCESSED, ""))


def _subscription(row: Any) -> SubscriptionRow:
    return SubscriptionRow(
        number=row.number,
        address=row.address or "",
        workstation=row.workstation or "",
        customer_key=row.customer_key or "",
        watch_table=row.watch_table or "",
        polling_seconds=row.polling_seconds or 0,
        ui_event_type=row.ui_event_type or "",
        start=row.start,
        stop=row.stop,
        note=row.note or "",
    )
