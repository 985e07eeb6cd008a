"""The signs that a screen looks at once a minute, read in one statement."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Integer,
    Select,
    String,
    and_,
    func,
    literal,
    null,
    select,
    type_coerce,
)

from core.diagnosis.econnector import ServiceSignal, evaluate_signals
from core.diagnosis.facts import Alert, ApiProgram, NotRead, PracticeFacts, Registration
from core.diagnosis.practice_reader import COUNTED_SEVERITIES, is_true
from core.opendental.column_types import ServerTime
from core.opendental.optional_tables import ALERT_ITEM, API_PROGRAM, ESERVICE_SIGNAL
from core.opendental.schema import PREFERENCE
from core.opendental.service_health import AlertType, EServiceCode, EServiceSeverity
from core.practice.inspection import DatabaseProfile

_NOT_READ = NotRead("it was not looked at")
_ALERTS = (AlertType.MULTIPLE_ECONNECTORS, AlertType.ECONNECTOR_CLOCK)


def read_life_signs(connection: Connection, profile: DatabaseProfile, now: datetime | None) -> PracticeFacts:
    """Return what every call depends on; texts of other programs are left out.

    Args:
        connection: A session that reads.
        profile: The practice's tables and columns; those that it lacks aren't asked for.
        now: The time of a practice without a server; None for the server's.
    """
    readable = _readable_tables(profile)
    row = connection.execute(_statement(frozenset(readable), with_now=now is None)).one()
    moment = row.now if now is None else now
    newest = None if row.severity is None else ServiceSignal(row.severity, row.signal_time)
    kinds = tuple(Alert(int(kind), "") for kind in _ALERTS if getattr(row, kind.name))
    program = None
    if row.enabled is not None:
        disabled = bool(row.off_at_headquarters) if API_PROGRAM.name in readable else _NOT_READ
        program = ApiProgram(bool(row.enabled), disabled)
    return PracticeFacts(
        now=moment,
        title="",
        version=profile.database_version,
        program=program,
        registration=_NOT_READ
        if row.registration_key is None
        else Registration(bool(row.registration_key.strip()), is_true(row.registration_disabled or "")),
        update_server="",
        econnector=evaluate_signals(newest, (), row.errors, moment) if ESERVICE_SIGNAL.name in readable else _NOT_READ,
        econnector_computers=(),
        alerts=kinds if ALERT_ITEM.name in readable else _NOT_READ,
        workstations=_NOT_READ,
        last_update=_NOT_READ,
        payment_types=(),
        payment_type=None,
        payment_type_hidden=None,
        logged_switch=None,
        subscriptions=_NOT_READ,
    )


def _readable_tables(profile: DatabaseProfile) -> Collection[str]:
    """Return the tables that have all columns that are read. A program lacks two of them in an embedded practice."""
    return [
        table.name
        for table in (API_PROGRAM, ESERVICE_SIGNAL, ALERT_ITEM)
        if all(profile.has_column(table.name, column.name) for column in table.columns)
    ]


def _statement(readable: frozenset[str], *, with_now: bool) -> Select[*tuple[Any, ...]]:
    signals = ESERVICE_SIGNAL.name in readable
    columns: list[ColumnElement[Any]] = [
        (func.now() if with_now else null()).label("now"),
        _program(API_PROGRAM.c.enabled).label("enabled"),
        (_program(API_PROGRAM.c.off_at_headquarters) if API_PROGRAM.name in readable else null()).label(
            "off_at_headquarters"
        ),
        _preference("RegistrationKey").label("registration_key"),
        _preference("RegistrationKeyIsDisabled").label("registration_disabled"),
        (_newest_signal(ESERVICE_SIGNAL.c.severity) if signals else null()).label("severity"),
        type_coerce(_newest_signal(ESERVICE_SIGNAL.c.moment) if signals else null(), ServerTime()).label("signal_time"),
        (_errors() if signals else literal(0, Integer)).label("errors"),
    ]
    for kind in _ALERTS:
        count = _alerts(kind) if ALERT_ITEM.name in readable else literal(0, Integer)
        columns.append(count.label(kind.name))
    return select(*columns)


def _program(column: ColumnElement[Any]) -> ColumnElement[Any]:
    program = API_PROGRAM.c
    return select(column).where(program.prog_name == "FHIR").order_by(program.program_num).limit(1).scalar_subquery()


def _preference(name: str) -> ColumnElement[Any]:
    value = type_coerce(PREFERENCE.c.value_string, String())
    return select(value).where(PREFERENCE.c.pref_name == name).limit(1).scalar_subquery()


def _newest_signal(column: ColumnElement[Any]) -> ColumnElement[Any]:
    signal = ESERVICE_SIGNAL.c
    counted = and_(signal.service == int(EServiceCode.ECONNECTOR), signal.severity.in_(COUNTED_SEVERITIES))
    newest_first = (signal.moment.desc(), signal.severity.desc())
    return select(column).where(counted).order_by(*newest_first).limit(1).scalar_subquery()


def _errors() -> ColumnElement[Any]:
    signal = ESERVICE_SIGNAL.c
    unacknowledged = and_(signal.severity == int(EServiceSeverity.ERROR), signal.is_processed == 0)
    return select(func.count(signal.number)).where(unacknowledged).scalar_subquery()


def _alerts(kind: AlertType) -> ColumnElement[Any]:
    alert = ALERT_ITEM.c
    return select(func.count(alert.number)).where(alert.kind == int(kind)).scalar_subquery()
