"""The API keys of the demo, with the rows that accepting the license and adding each key would leave.

They are inserted together and not through the services, because a demo starts with them.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import Connection, insert

from core.companion.tables.licenses import LICENSE_ACCEPTANCE, LICENSE_TEXT
from core.companion.tables.registry import REGISTRY_KEY
from core.model.event_values import KeyGrant, KeyLabel
from core.model.key_events import KeyAdded, KeyStatusChanged
from core.model.key_text import fingerprint, mask
from core.model.license_events import LicenseAccepted
from core.office.demo_developer_changes import HashedEntry
from core.office.demo_reviews import add_reviews
from core.opendental.api_permissions import API_PERMISSIONS
from core.opendental.key_status import KeyStatus
from core.opendental.log_hash import NO_DATE, log_hash
from core.opendental.schema import API_KEY

if TYPE_CHECKING:
    from core.companion.key_vault import KeyVault
    from core.model.actor import Actor
    from core.model.agreement import Agreement
    from core.model.logged_event import AuditEvent
    from core.practice.row_writer import RowWriter

_BETWEEN_KEYS = timedelta(hours=5, minutes=7)

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


@dataclass(frozen=True)
class Period:
    """The time that the demo's entries are spread over."""

    begin: datetime
    end: datetime


def add_keys(
    connection: Connection, writer: RowWriter, vault: KeyVault, agreement: Agreement, admin: Actor, period: Period
) -> list[HashedEntry]:
    """Add twelve keys to the local registry and to the practice's copy, with their licenses, notes and a review.

    Args:
        connection: A transaction in the new practice, which is its own companion.
        writer: Knows the practice's columns.
        vault: Encrypts the texts of the keys.
        agreement: The license agreement that was accepted for each key.
        admin: Who added them.
        period: The keys were added after its begin, a few hours apart.

    Returns:
        The audit entries of all that, which the caller inserts.
    """
    moment = period.begin
    events: list[tuple[AuditEvent, datetime]] = []
    acceptances: list[dict[str, object]] = []
    registered: list[dict[str, object]] = []
    copied: list[dict[str, object]] = []
    for number, (developer, email, permissions, since, status) in enumerate(_KEYS, start=1):
        moment += _BETWEEN_KEYS
        text = hashlib.sha256(f"demo {number - 1} {developer}".encode()).hexdigest()[:16].upper()
        label = KeyLabel.of_text(text, developer)
        accepted = LicenseAccepted(agreement.title, admin.user_name, agreement.sha256[:12], label)
        added = KeyAdded(label, admin.user_name, KeyGrant(permissions, since))
        events += [(accepted, moment), (added, moment)]
        if status is KeyStatus.DISABLED_BY_CUSTOMER:
            # The developer and Open Dental set theirs elsewhere, and no entry in the practice says so.
            events.append((KeyStatusChanged(label, KeyStatus.ENABLED, status, admin.user_name), moment))
        acceptances.append(
            {
                "number": number,
                "title": agreement.title,
                "sha256": agreement.sha256,
                "accepted_by": admin.user_name,
                "accepted_at": moment,
            }
        )
        identity = fingerprint(text)
        sealed = vault.seal(connection, text, identity)
        copied.append({"cust_api_key": text, "dev_name": developer})
        registered.append(
            {
                "fingerprint": identity,
                "masked": mask(text),
                "key_id": sealed.key_id,
                "sealed": sealed.sealed,
                "developer": developer,
                "email": email,
                "phone": f"555-01{number - 1:02}",
                "permissions": list(permissions),
                "status": int(status),
                "date_disabled": None if status.enabled else moment,
                "agreement_since": since,
                "added": moment,
                "license_number": number,
            }
        )
    connection.execute(insert(LICENSE_TEXT), {"sha256": agreement.sha256, "text": agreement.text})
    connection.execute(insert(LICENSE_ACCEPTANCE), acceptances)
    connection.execute(insert(REGISTRY_KEY), registered)
    connection.execute(insert(API_KEY), copied)
    events += add_reviews(connection, registered, admin.user_name, period.end)
    return [_entry(writer, admin, event, moment) for event, moment in events]


def _entry(writer: RowWriter, admin: Actor, event: AuditEvent, moment: datetime) -> HashedEntry:
    permission, text = int(writer.profile.recorded_as(event.permission)), writer.fit_text(event.text())
    row: dict[str, object] = {
        "perm_type": permission,
        "user_num": admin.user_num,
        "log_date_time": moment,
        "log_text": text,
        "pat_num": 0,
        "comp_name": writer.fit_computer(admin.computer),
        "f_key": 0,
        "log_source": event.log_source,
        "def_num": 0,
        "def_num_error": 0,
        "date_t_previous": NO_DATE,
    }
    return HashedEntry(moment, row, log_hash(permission, admin.user_num, moment, text, 0, NO_DATE))
