"""Facts of a practice where everything is well, to change one thing at a time."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from core.diagnosis.econnector import EConnector, EConnectorState
from core.diagnosis.facts import (
    ApiProgram,
    Facts,
    KeyFacts,
    LastUpdate,
    ListFacts,
    PracticeFacts,
    Registration,
    Workstation,
)
from core.model.api_key import ApiKey, AuthorityInfo, KeyFields
from core.model.authority_name import AuthorityName
from core.model.settings import PaymentType
from core.opendental.key_status import KeyStatus

NOW = datetime(2024, 11, 6, 14, 30, 15)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
CASH, GIFT = PaymentType(312, "Cash", hidden=False), PaymentType(314, "Gift certificate", hidden=True)
ALL = ("ApiReadAll", "ApiAllOthers", "ApiComm", "ApiPayments", "ApiAppointments")

PRACTICE = PracticeFacts(
    now=NOW,
    title="Riverside Dental",
    version="24.3.10.0",
    program=ApiProgram(enabled=True, disabled_by_headquarters=False),
    registration=Registration(present=True, disabled=False),
    update_server="SERVER-1",
    econnector=EConnector(EConnectorState.WORKING, NOW - MINUTE),
    econnector_computers=(),
    alerts=(),
    workstations=(Workstation("FRONTDESK-1", NOW - MINUTE), Workstation("OPERATORY-3", NOW - 3 * HOUR)),
    last_update=LastUpdate(NOW - 40 * DAY, "24.3.10.0"),
    payment_types=(CASH, GIFT),
    payment_type=CASH.number,
    payment_type_hidden=None,
    logged_switch=None,
    subscriptions=(),
)
LISTED = ListFacts(
    AuthorityInfo(AuthorityName.HEADQUARTERS, "headquarters, 14:30:10", "It answered."),
    is_remote=True,
    failure="",
    enabled=1,
    total=1,
    copy_matches=True,
)
KEY = ApiKey(
    fingerprint="ab" * 32,
    masked="********AD92",
    developer="ClearPay",
    status=KeyStatus.ENABLED,
    fields=KeyFields(permissions=ALL),
    date_disabled=None,
    added=None,
    license=None,
    known=True,
)


def facts(*, listed: dict[str, Any] | None = None, **practice: Any) -> Facts:
    """Return the facts of a healthy practice with some of them changed."""
    return Facts(replace(PRACTICE, **practice), replace(LISTED, **(listed or {})))


def key_facts(
    *,
    listed: dict[str, Any] | None = None,
    of_key: dict[str, Any] | None = None,
    permissions: tuple[str, ...] = ALL,
    **key: Any,
) -> Facts:
    """Return the facts of a healthy practice with one key, some of whose values are changed."""
    changed = replace(KEY, fields=KeyFields(permissions=permissions), **key)
    found = KeyFacts(KEY.label, changed, in_copy=True)
    return replace(facts(listed=listed), key=replace(found, **(of_key or {})))
