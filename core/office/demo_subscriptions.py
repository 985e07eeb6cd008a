"""The subscriptions of the demo practice: one in every state that a subscription can be in. All of it is invented."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import insert

from core.keys.practice_copy import read_copy
from core.opendental.log_hash import NO_DATE
from core.opendental.optional_tables import API_SUBSCRIPTION, COMPUTER, FHIR_CONTACT_POINT, FHIR_SUBSCRIPTION

if TYPE_CHECKING:
    from core.practice.practice import Practice

_OPEN = timedelta(hours=12)
"""The time by which the heartbeats of running computers are ahead, since nothing renews them in a demo."""
_HOURLY = 3600

# Developer, what, seconds, workstation, address, last run before now, stop before now; negative is after now.
_SUBSCRIPTIONS: tuple[tuple[str, str, int, str, str, timedelta, timedelta | None], ...] = (
    (
        "Appointment Bridge",
        "Appointment",
        _HOURLY,
        "FRONTDESK-2",
        "https://hooks.appointment-bridge.example/od/",
        timedelta(minutes=10),
        None,
    ),
    (
        "Patient Portal Plus",
        "Patient",
        30,
        "FRONTDESK-2",
        "https://in.portalplus.example/patients/",
        timedelta(hours=5),
        None,
    ),
    (
        "Front Desk Assist",
        "Appointment",
        30,
        "RECEPTION-OLD",
        "https://api.frontdesk.example/events/",
        timedelta(days=9),
        None,
    ),
    ("Canopy Analytics", "Schedule", 60, "FRONTDSK-2", "https://canopy.example/in/", timedelta(hours=2), None),
    ("Insurance Mate", "Patient", _HOURLY, "", "http://192.0.2.41:8080/od/", timedelta(minutes=25), None),
    ("Whole Office Suite", "PatientSelected", 0, "DR-OKAFOR", "http://localhost:5005/", timedelta(0), None),
    ("ClearPay", "PatField", 60, "FRONTDESK-2", "https://hooks.clearpay.example/", timedelta(days=-2), None),
    (
        "Old Recall Service",
        "Appointment",
        60,
        "",
        "https://recall.example/od/",
        timedelta(days=41),
        timedelta(days=40),
    ),
    (
        "Dentist Finder",
        "Provider",
        _HOURLY,
        "FRONTDESK-2",
        "https://dentistfinder.example/sync/",
        timedelta(minutes=50),
        None,
    ),
    (
        "Molar Records",
        "Operatory",
        _HOURLY,
        "FRONTDESK-2",
        "https://molar.example/feed/",
        timedelta(minutes=40),
        timedelta(days=-20),
    ),
    ("", "Patient", _HOURLY, "FRONTDESK-2", "https://unknown.example/od/", timedelta(minutes=5), None),
)
_UI_EVENTS = ("PatientSelected",)
# Number, name, last heartbeat before now.
_COMPUTERS = ((11, "FRONTDESK-2", -_OPEN), (12, "DR-OKAFOR", -_OPEN), (13, "RECEPTION-OLD", timedelta(days=9)))
# Criteria, reason, status, error note, address, contact.
_FHIR = (
    (
        "Appointment?status=booked",
        "Reminders",
        1,
        "",
        "https://fhir.smileimaging.example/hook",
        "ops@smileimaging.example",
    ),
    (
        "Patient",
        "Chart sync",
        2,
        "The endpoint answered 410 Gone.",
        "https://old.chartsync.example/fhir",
        "support@chartsync.example",
    ),
)


def add_subscriptions(practice: Practice, now: datetime) -> None:
    """Add the subscriptions, and the computers that send them."""
    keys = {row.developer: row.key for row in read_copy(practice)}
    with practice.engine.begin() as connection:
        connection.execute(insert(COMPUTER), [_computer(*each, now=now) for each in _COMPUTERS])
        connection.execute(
            insert(API_SUBSCRIPTION), [_subscription(*each, keys=keys, now=now) for each in _SUBSCRIPTIONS]
        )
        for number, each in enumerate(_FHIR, start=1):
            _, _, _, _, _, contact = each
            connection.execute(insert(FHIR_SUBSCRIPTION).values(_fhir(number, each)))
            connection.execute(insert(FHIR_CONTACT_POINT).values(_contact(number, contact)))


def _computer(number: int, name: str, age: timedelta, *, now: datetime) -> Mapping[str, object]:
    return {"number": number, "name": name, "last_heartbeat": now - age}


def _subscription(
    developer: str,
    watches: str,
    seconds: int,
    workstation: str,
    address: str,
    last_run: timedelta,
    stopped: timedelta | None,
    *,
    keys: Mapping[str, str],
    now: datetime,
) -> Mapping[str, object]:
    is_event = watches in _UI_EVENTS
    return {
        "address": address,
        "workstation": workstation,
        "customer_key": keys.get(developer, "A key of nobody here"),
        "watch_table": "" if is_event else watches,
        "polling_seconds": seconds,
        "ui_event_type": watches if is_event else "",
        "start": now - last_run,
        "stop": now - stopped if stopped is not None else NO_DATE,
        "note": "",
    }


def _fhir(number: int, row: tuple[str, str, int, str, str, str]) -> Mapping[str, object]:
    criteria, reason, status, error_note, address, _ = row
    return {
        "number": number,
        "criteria": criteria,
        "reason": reason,
        "status": status,
        "error_note": error_note,
        "channel": 0,
        "address": address,
        "end": NO_DATE,
    }


def _contact(number: int, address: str) -> Mapping[str, object]:
    return {"subscription": number, "system": 2, "value": address, "item_order": 1}
