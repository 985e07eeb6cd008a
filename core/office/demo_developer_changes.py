"""Audit entries of the demo about changes that developers made through the API."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from core.opendental.log_hash import NO_DATE, log_hash
from core.opendental.log_sources import API
from core.opendental.permission_types import PERMISSIONS

_ECONNECTOR = "SERVER-1"


@dataclass(frozen=True)
class _Changes:
    """A developer's use of the API in the demo.

    Attributes:
        verb: The first word of the entries.
        kinds: The names of their permission types.
        last: The days since the last change.
        days: The days over which the changes are spread.
        count: Their number.
    """

    developer: str
    verb: str
    kinds: tuple[str, ...]
    last: int
    days: int
    count: int
    computer: str = _ECONNECTOR


_DEVELOPERS = (
    _Changes("Appointment Bridge", "Updated", ("AppointmentCreate", "AppointmentEdit"), last=0, days=26, count=34),
    _Changes("ClearPay", "Created", ("PaymentCreate",), last=41, days=30, count=6),
    _Changes("Front Desk Assist", "Created", ("CommlogCreate",), last=2, days=20, count=14, computer="FRONTDESK-2"),
    _Changes("Patient Portal Plus", "Updated", ("PatientEdit", "ImageCreate"), last=1, days=28, count=17),
    _Changes("Whole Office Suite", "Updated", ("AppointmentEdit", "PaymentCreate"), last=130, days=60, count=5),
    _Changes("Dentist Finder", "Updated", ("PatientEdit",), last=0, days=3, count=4),
)
_QUERY = "SELECT COUNT(*) FROM appointment; Created by Canopy Analytics through API. "


@dataclass(frozen=True)
class HashedEntry:
    """A row of `securitylog` without its number, and its hash."""

    moment: datetime
    row: dict[str, object]
    log_hash: str


def developer_entries(random: Random, now: datetime) -> Iterator[HashedEntry]:
    """Yield the audit entries of developers.

    Args:
        random: Picks times and patients.
        now: The time of the newest possible entry.
    """
    for each in _DEVELOPERS:
        for moment in sorted(_moment(random, now, each) for _ in range(each.count)):
            text = f"{each.verb} by {each.developer} through API. "
            yield _entry(moment, random.choice(each.kinds), text, random.randint(1, 60), each.computer)
    yield _entry(now - timedelta(days=3, hours=2), "UserQuery", _QUERY, 0, _ECONNECTOR)


def _moment(random: Random, now: datetime, changes: _Changes) -> datetime:
    newest = now - timedelta(days=changes.last, minutes=3)
    return newest - timedelta(seconds=random.randrange(changes.days * 24 * 3600))


def _entry(moment: datetime, kind: str, text: str, patient: int, computer: str) -> HashedEntry:
    permission = PERMISSIONS.names.index(kind)
    row: dict[str, object] = {
        "perm_type": permission,
        "user_num": 0,
        "log_date_time": moment,
        "log_text": text,
        "pat_num": patient,
        "comp_name": computer,
        "f_key": 0,
        "log_source": API,
        "def_num": 0,
        "def_num_error": 0,
        "date_t_previous": NO_DATE,
    }
    return HashedEntry(moment, row, log_hash(permission, 0, moment, text, patient, NO_DATE))
