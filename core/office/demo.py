"""The content of the demo practice, a temporary one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from random import Random
from typing import TYPE_CHECKING, TypeAlias

from sqlalchemy import Connection, Table, func, insert, select

from core.audit.service import AuditService
from core.model.actor import Actor
from core.office import demo_service_health
from core.office.demo_developer_changes import HashedEntry, developer_entries
from core.office.demo_keys import Period, add_keys
from core.office.demo_payment_types import add_payment_type_uses
from core.office.demo_subscriptions import add_subscriptions
from core.opendental.log_hash import NO_DATE, log_hash
from core.opendental.permission_types import Permission
from core.opendental.schema import DEFINITION, SECURITY_LOG, SECURITY_LOG_HASH, USER_OD
from core.practice.practice import Practice
from core.practice.row_writer import RowWriter
from core.settings.service import SettingsService

if TYPE_CHECKING:
    from core.base.runtime import RuntimeContext
    from core.companion.store import Companion
    from core.model.agreement import Agreement

ENTRIES = 300
"""The number of audit entries of the practice's staff."""
PERIOD = timedelta(days=21)
"""The time before now that the audit entries are spread over."""
_SETTINGS_AGE = timedelta(days=400)
"""The settings were saved before everything else in the Audit Trail."""
ALTERED_TEXT = "Payment of $20.00 entered."
"""The text of the audit entry that doesn't match its hash."""

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
    """Fill a new embedded practice with twelve keys, a review and a few hundred audit entries, one altered."""
    now = runtime.clock().replace(microsecond=0)
    writer = RowWriter(practice.profile, runtime.random, lambda: now)
    admin = Actor(1, runtime.account, runtime.computer)
    with practice.engine.begin() as connection:
        for table, rows in _users_and_definitions():
            connection.execute(insert(table), rows)
    _save_settings(Practice(practice.engine, practice.profile, lambda: now - _SETTINGS_AGE, runtime.random), admin)
    with practice.engine.begin() as connection:
        key_entries = add_keys(connection, writer, companion.vault, agreement, admin, Period(now - PERIOD, now))
        entries = [*_staff_entries(runtime.random, now), *developer_entries(runtime.random, now), *key_entries]
        _insert_in_order(connection, entries)
    add_subscriptions(practice, now)
    add_payment_type_uses(practice)
    demo_service_health.fill(practice.engine, now)


def _save_settings(practice: Practice, admin: Actor) -> None:
    settings = SettingsService(practice, AuditService(practice, tuple))
    before = settings.load().values
    settings.save(admin, before, replace(before, enabled=True, interval="5", payment_type=3))


def _insert_in_order(connection: Connection, entries: list[HashedEntry]) -> None:
    """Insert audit entries with their hashes, numbered in the order of their times, as Open Dental's are."""
    first = (connection.scalar(select(func.max(SECURITY_LOG.c.security_log_num))) or 0) + 1
    rows: list[dict[str, object]] = []
    hashes: list[dict[str, object]] = []
    for number, entry in enumerate(sorted(entries, key=lambda each: each.moment), start=first):
        rows.append({**entry.row, "security_log_num": number})
        hashes.append({"security_log_num": number, "log_hash": entry.log_hash})
    connection.execute(insert(SECURITY_LOG), rows)
    connection.execute(insert(SECURITY_LOG_HASH), hashes)


def _users_and_definitions() -> tuple[_Rows, ...]:
    users: list[dict[str, object]] = [
        {"user_num": number, "user_name": name, "is_hidden": 0, "failed_attempts": 0} for number, name in _STAFF.items()
    ]
    payment_types: list[dict[str, object]] = [
        {"def_num": number, "category": 10, "item_order": number - 1, "item_name": name, "is_hidden": hidden}
        for number, name, hidden in ((4, "Gift certificate", 1), (5, "Electronic funds transfer", 0))
    ]
    return (USER_OD, users), (DEFINITION, payment_types)


def _staff_entries(random: Random, now: datetime) -> Iterator[HashedEntry]:
    """Yield the audit entries of the staff. One text doesn't match its hash."""
    for number, time in enumerate(sorted(_random_office_time(random, now) for _ in range(ENTRIES)), start=1):
        user, (permission, text) = random.choice(list(_STAFF)), random.choice(_DAILY)
        altered = number == ENTRIES - 12
        if altered:
            permission, text = _PAYMENT
        original_text = text.format(user=_STAFF[user])
        row: dict[str, object] = {
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
        yield HashedEntry(time, row, log_hash(int(permission), user, time, original_text, 0, NO_DATE))


def _random_office_time(random: Random, now: datetime) -> datetime:
    """Return a time between 8:00 and 18:00 on a random day of the period."""
    day = (now - timedelta(days=random.randint(1, PERIOD.days))).replace(hour=8, minute=0, second=0)
    return day + timedelta(seconds=random.randrange(10 * 3600))
