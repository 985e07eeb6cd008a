"""Reading the facts about a practice."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Select, func, select

from core.diagnosis.econnector import EConnector, ServiceSignal, evaluate_signals, parse_computers
from core.diagnosis.facts import (
    Alert,
    ApiProgram,
    LastUpdate,
    Maybe,
    NotRead,
    Registration,
    Workstation,
)
from core.diagnosis.table_reader import TableReader
from core.opendental.optional_tables import ALERT_ITEM, API_PROGRAM, COMPUTER, ESERVICE_SIGNAL, UPDATE_HISTORY
from core.opendental.schema import PREFERENCE
from core.opendental.service_health import AlertType, EServiceCode, EServiceSeverity

_PREFERENCES = (
    "PracticeTitle",
    "ProgramVersion",
    "DataBaseVersion",
    "RegistrationKey",
    "RegistrationKeyIsDisabled",
    "WebServiceServerName",
    "EConnectorStatistics",
)
COUNTED_SEVERITIES = [
    int(each)
    for each in (
        EServiceSeverity.NOT_ENABLED,
        EServiceSeverity.WORKING,
        EServiceSeverity.ERROR,
        EServiceSeverity.CRITICAL,
    )
]
"""The signals that say how the eConnector is doing; the others only inform."""
_SHOWN_ERRORS = 3
_MAX_QUOTED = 300
_MAX_WORKSTATIONS = 1000

Mask = Callable[[str], str]
"""Masks API keys in a text that another program wrote."""


def read_preferences(reader: TableReader) -> Mapping[str, str]:
    """Return the preferences that a diagnosis needs; one that the practice doesn't have is missing."""
    names = {name.lower(): name for name in _PREFERENCES}
    columns = PREFERENCE.c
    rows = reader.required_rows(
        select(columns.pref_name, columns.value_string).where(columns.pref_name.in_(_PREFERENCES))
    )
    # The server compares names without regard to case.
    return {names[name.lower()]: value or "" for name, value in rows if name.lower() in names}


def registration(preferences: Mapping[str, str]) -> Maybe[Registration]:
    """Return the state of the registration key. An embedded practice has none, which says nothing."""
    key = preferences.get("RegistrationKey")
    if key is None:
        return NotRead("this practice has no preference RegistrationKey")
    return Registration(bool(key.strip()), is_true(preferences.get("RegistrationKeyIsDisabled", "")))


def is_true(value: str) -> bool:
    """Return True for the text of a preference that is switched on."""
    return value.strip().casefold() in ("1", "true")


def econnector_computers(preferences: Mapping[str, str]) -> tuple[str, ...]:
    """Return the computers on which an eConnector ran in the last day, as far as the practice tells."""
    return parse_computers(preferences.get("EConnectorStatistics", ""))


def read_program(reader: TableReader, enabled: bool | None, mask: Mask) -> ApiProgram | None:
    """Return the API's program link.

    Args:
        reader: Reads the practice.
        enabled: The switch in the settings; None if the practice has no such program.
        mask: Masks API keys.
    """
    if enabled is None:
        return None
    columns = API_PROGRAM.c
    rows = reader.rows(
        select(columns.off_at_headquarters, columns.headquarters_message)
        .where(columns.prog_name == "FHIR")
        .order_by(columns.program_num)
        .limit(1),
        API_PROGRAM,
    )
    if isinstance(rows, NotRead):
        return ApiProgram(enabled, rows)
    disabled, message = rows[0] if rows else (0, "")
    return ApiProgram(enabled, bool(disabled), shorten(mask(message or "")))


def read_econnector(reader: TableReader, now: datetime, mask: Mask) -> Maybe[EConnector]:
    """Return the state of the eConnector by its signals.

    Args:
        reader: Reads the practice.
        now: The practice's time.
        mask: Masks API keys in the texts of errors.
    """
    newest = reader.rows(_newest_signal(), ESERVICE_SIGNAL)
    if isinstance(newest, NotRead):
        return newest
    count = reader.rows(_count_errors(), ESERVICE_SIGNAL)
    if isinstance(count, NotRead):
        return count
    errors = reader.rows(_newest_errors(), ESERVICE_SIGNAL) if count[0][0] else ()
    if isinstance(errors, NotRead):
        return errors
    return evaluate_signals(
        ServiceSignal(newest[0].severity, newest[0].moment) if newest else None,
        tuple(ServiceSignal(row.severity, row.moment, shorten(mask(row.description or ""))) for row in errors),
        count[0][0],
        now,
    )


@cache
def _newest_signal() -> Select[*tuple[Any, ...]]:
    columns = ESERVICE_SIGNAL.c
    return (
        select(columns.severity, columns.moment)
        .where(columns.service == int(EServiceCode.ECONNECTOR), columns.severity.in_(COUNTED_SEVERITIES))
        .order_by(columns.moment.desc(), columns.severity.desc())
        .limit(1)
    )


@cache
def _count_errors() -> Select[*tuple[Any, ...]]:
    # Of any service, as in Open Dental's own test.
    columns = ESERVICE_SIGNAL.c
    return select(func.count(columns.number)).where(
        columns.severity == int(EServiceSeverity.ERROR), columns.is_processed == 0
    )


@cache
def _newest_errors() -> Select[*tuple[Any, ...]]:
    columns = ESERVICE_SIGNAL.c
    return (
        select(columns.severity, columns.moment, columns.description)
        .where(columns.severity == int(EServiceSeverity.ERROR), columns.is_processed == 0)
        .order_by(columns.moment.desc(), columns.number.desc())
        .limit(_SHOWN_ERRORS)
    )


def read_alerts(reader: TableReader, mask: Mask) -> Maybe[tuple[Alert, ...]]:
    """Return the alerts that concern the API, newest first."""
    columns = ALERT_ITEM.c
    kinds = [int(kind) for kind in AlertType]
    rows = reader.rows(
        select(columns.kind, columns.description)
        .where(columns.kind.in_(kinds))
        .order_by(columns.number.desc())
        .limit(len(kinds) * 10),
        ALERT_ITEM,
    )
    if isinstance(rows, NotRead):
        return rows
    return tuple(Alert(row.kind, shorten(mask(row.description or ""))) for row in rows)


def read_workstations(reader: TableReader) -> Maybe[tuple[Workstation, ...]]:
    """Return the computers on which Open Dental ever ran, the one seen last first."""
    columns = COMPUTER.c
    rows = reader.rows(
        select(columns.name, columns.last_heartbeat)
        .order_by(columns.last_heartbeat.desc(), columns.name)
        .limit(_MAX_WORKSTATIONS),
        COMPUTER,
    )
    if isinstance(rows, NotRead):
        return rows
    return tuple(Workstation(shorten(name), last_seen) for name, last_seen in rows if name)


def read_last_update(reader: TableReader) -> Maybe[LastUpdate | None]:
    """Return the newest update of Open Dental; None if none is recorded."""
    columns = UPDATE_HISTORY.c
    rows = reader.rows(
        select(columns.moment, columns.version).order_by(columns.moment.desc(), columns.number.desc()).limit(1),
        UPDATE_HISTORY,
    )
    if isinstance(rows, NotRead):
        return rows
    return LastUpdate(rows[0].moment, rows[0].version or "") if rows else None


def shorten(text: str) -> str:
    """Return a text of another program in one line, of a length that a sentence can hold."""
    joined = " ".join(text.split())
    return joined if len(joined) <= _MAX_QUOTED else f"{joined[: _MAX_QUOTED - 1]}…"
