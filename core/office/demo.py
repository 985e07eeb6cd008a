"""The content of the demo practice, a temporary one. Keys and settings are written through the regular services."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import date, datetime, timedelta
from random import Random
from typing import TypeAlias

from sqlalchemy import Table, insert, update

from core.audit.service import AuditService
from core.base.runtime import RuntimeContext
from core.base.secret import Secret
from core.companion.store import Companion
from core.companion.tables import REGISTRY_KEY
from core.keys.local_registry import LocalRegistry
from core.keys.service import KeyService
from core.licenses.service import LicenseService
from core.model.actor import Actor
from core.model.agreement import Agreement
from core.model.api_key import ApiKey, KeyFields, NewKey
from core.office import demo_service_health
from core.office.demo_developer_changes import developer_entries
from core.opendental.api_permissions import API_PERMISSIONS
from core.opendental.key_status import KeyStatus
from core.opendental.log_hash import NO_DATE, log_hash
from core.opendental.permission_types import Permission
from core.opendental.schema import DEFINITION, SECURITY_LOG, SECURITY_LOG_HASH, USER_OD
from core.practice.practice import Practice
from core.settings.service import SettingsService

ENTRIES = 300
"""The number of audit entries of the practice's staff."""
PERIOD = timedelta(days=21)
"""The time before now that the audit entries are spread over."""
ALTERED_TEXT = "Payment of $20.00 entered."
"""The text of the audit entry that doesn't match its hash."""

_ALL_PERMISSIONS = API_PERMISSIONS[25:]
_READ_PERMISSIONS = tuple(name for name in API_PERMISSIONS if name.endswith("Read"))

# Developer, e-mail, permissions, agreement date, status. All invented; the keys are made of the names and not valid.
_KEYS: tuple[tuple[str, str, tuple[str, ...], date | None, KeyStatus], ...] = (
    (
        "Appointment Bridge",
        "support@appointment-bridge.example",
        ("ApiReadAll", "ApiAppointments"),
        date(2023, 3, 1),
        KeyStatus.ENABLED,
    ),
    ("Canopy Analytics", "api@canopy.example", ("ApiReadAll", "ApiQueries"), date(2024, 6, 14), KeyStatus.ENABLED),
    (
        "ClearPay",
        "integrations@clearpay.example",
        ("ApiReadAll", "ApiPayments", "ApiPayPlans"),
        date(2022, 11, 30),
        KeyStatus.ENABLED,
    ),
    ("Dentist Finder", "tech@dentistfinder.example", ("ApiReadAll",), None, KeyStatus.DISABLED_BY_CUSTOMER),
    (
        "Front Desk Assist",
        "hello@frontdesk.example",
        ("ApiReadAll", "ApiComm", "ApiTextingASAP"),
        date(2024, 1, 8),
        KeyStatus.ENABLED,
    ),
    (
        "Insurance Mate",
        "dev@insurancemate.example",
        ("ApiReadAll", "ApiInsurance", "ApiPatients"),
        date(2021, 9, 21),
        KeyStatus.ENABLED,
    ),
    ("Molar Records", "ops@molar.example", (*_READ_PERMISSIONS,), date(2020, 5, 4), KeyStatus.ENABLED_READ_ONLY),
    ("Old Recall Service", "", ("ApiReadAll", "ApiComm"), None, KeyStatus.DISABLED_BY_DEVELOPER),
    (
        "Patient Portal Plus",
        "keys@portalplus.example",
        ("ApiReadAll", "ApiPatients", "ApiDocuments", "ApiComm"),
        date(2024, 10, 2),
        KeyStatus.ENABLED,
    ),
    (
        "Patient Portal Plus",
        "keys@portalplus.example",
        ("ApiReadAll", "ApiPatients"),
        date(2024, 10, 2),
        KeyStatus.ENABLED,
    ),
    (
        "Smile Imaging",
        "contact@smileimaging.example",
        ("ApiReadAll", "ApiDocuments", "ApiProcedureLogs"),
        date(2023, 12, 12),
        KeyStatus.DISABLED_BY_HQ,
    ),
    ("Whole Office Suite", "api@wholeoffice.example", _ALL_PERMISSIONS, date(2023, 7, 19), KeyStatus.ENABLED),
)
_PAYMENT = (15, "Payment of $120.00 entered.")
# Permission type and text of typical audit entries.
_DAILY = (
    (Permission.USER_LOG_ON_OFF, "User: {user} has logged on."),
    (25, "Appointment created for a patient."),
    (27, "Appointment edited: moved by fifteen minutes."),
    (43, "Commlog edited."),
    _PAYMENT,
    (120, "Appointment confirmation changed from Unconfirmed to Confirmed."),
    (110, "Insurance plan edited."),
    (Permission.USER_LOG_ON_OFF, "User: {user} has logged off."),
)
_Rows: TypeAlias = tuple[Table, list[dict[str, object]]]
"""Rows to insert into a table."""
_STAFF = {2: "Maria", 3: "Dr. Okafor", 4: "Front Desk"}


def fill(practice: Practice, companion: Companion, agreement: Agreement, runtime: RuntimeContext) -> None:
    """Fill a new embedded practice with twelve keys and a few hundred audit entries, one of which was altered."""
    now = runtime.clock().replace(microsecond=0)
    clock = _ManualClock(now - PERIOD)
    past_practice = Practice(practice.engine, practice.profile, clock.now, runtime.random)
    admin = Actor(1, runtime.account, runtime.computer)
    with practice.engine.begin() as connection:
        for table, rows in (*_users_and_definitions(), *_entries(runtime.random, now)):
            connection.execute(insert(table), rows)
    _add_keys(past_practice, companion, agreement, admin, clock)
    settings = SettingsService(past_practice, AuditService(past_practice, tuple))
    before = settings.load().values
    settings.save(admin, before, replace(before, enabled=True, interval="5", payment_type=3))
    demo_service_health.fill(practice.engine, now)


class _ManualClock:
    """A clock that only moves when it is advanced."""

    def __init__(self, start: datetime) -> None:
        self._time = start

    def now(self) -> datetime:
        return self._time

    def advance(self) -> None:
        self._time += timedelta(hours=5, minutes=7)


def _users_and_definitions() -> tuple[_Rows, ...]:
    users: list[dict[str, object]] = [
        {"user_num": number, "user_name": name, "is_hidden": 0, "failed_attempts": 0} for number, name in _STAFF.items()
    ]
    payment_types: list[dict[str, object]] = [
        {"def_num": number, "category": 10, "item_order": number - 1, "item_name": name, "is_hidden": hidden}
        for number, name, hidden in ((4, "Gift certificate", 1), (5, "Electronic funds transfer", 0))
    ]
    return (USER_OD, users), (DEFINITION, payment_types)


def _entries(random: Random, now: datetime) -> tuple[_Rows, ...]:
    """Return the audit entries of staff and developers, with their hashes. One text doesn't match its hash."""
    entries: list[dict[str, object]] = []
    hashes: list[dict[str, object]] = []
    for number, time in enumerate(sorted(_random_office_time(random, now) for _ in range(ENTRIES)), start=1):
        user, (permission, text) = random.choice(list(_STAFF)), random.choice(_DAILY)
        altered = number == ENTRIES - 12
        if altered:
            permission, text = _PAYMENT
        original_text = text.format(user=_STAFF[user])
        entries.append(
            {
                "security_log_num": number,
                "perm_type": int(permission),
                "user_num": user,
                "log_date_time": time,
                "log_text": ALTERED_TEXT if altered else original_text,
                "pat_num": 0,
                "comp_name": "FRONTDESK-2",
                "f_key": 0,
                "log_source": 0,
                "def_num": 0,
                "def_num_error": 0,
                "date_t_previous": NO_DATE,
            }
        )
        digest = log_hash(int(permission), user, time, original_text, 0, NO_DATE)
        hashes.append({"security_log_num": number, "log_hash": digest})
    for entry, digest in developer_entries(random, now, first_number=ENTRIES + 1):
        entries.append(entry)
        hashes.append({"security_log_num": entry["security_log_num"], "log_hash": digest})
    return (SECURITY_LOG, entries), (SECURITY_LOG_HASH, hashes)


def _random_office_time(random: Random, now: datetime) -> datetime:
    """Return a time between 8:00 and 18:00 on a random day of the period."""
    day = (now - timedelta(days=random.randint(1, PERIOD.days))).replace(hour=8, minute=0, second=0)
    return day + timedelta(seconds=random.randrange(10 * 3600))


def _add_keys(
    practice: Practice, companion: Companion, agreement: Agreement, admin: Actor, clock: _ManualClock
) -> None:
    registry = LocalRegistry(practice, companion)
    keys = KeyService(practice, registry, AuditService(practice, registry.clear_texts))
    licenses = LicenseService(practice, companion, agreement, keys.require_addable)
    for number, (developer, email, permissions, since, status) in enumerate(_KEYS):
        text = hashlib.sha256(f"demo {number} {developer}".encode()).hexdigest()[:16].upper()
        clock.advance()
        fields = KeyFields(email, f"555-01{number:02}", permissions, since)
        new = NewKey(Secret(text), developer, fields)
        key = keys.add(admin, new, licenses.accept(admin, new)).key
        if status is KeyStatus.DISABLED_BY_CUSTOMER:
            keys.set_status(admin, key, status)
        elif status is not KeyStatus.ENABLED:
            _set_status_directly(practice, companion, key, status)


def _set_status_directly(practice: Practice, companion: Companion, key: ApiKey, status: KeyStatus) -> None:
    """Set a status that the key service refuses to set, because only the developer or Open Dental may."""
    with companion.write() as connection:
        disabled = None if status.enabled else practice.now(connection)
        connection.execute(
            update(REGISTRY_KEY)
            .where(REGISTRY_KEY.c.fingerprint == key.fingerprint)
            .values(status=int(status), date_disabled=disabled)
        )
