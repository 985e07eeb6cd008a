"""The demo practice's eConnector, workstations, alerts and updates, so that it shows why an API fails."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection, Engine, Table, insert, select, text

from core.opendental.optional_tables import ALERT_ITEM, COMPUTER, ESERVICE_SIGNAL, SERVICE_TABLES, UPDATE_HISTORY
from core.opendental.service_health import AlertType, EServiceCode, EServiceSeverity

UPDATE_SERVER = "SERVER-1"
"""The computer of the eConnector."""
SILENCE = timedelta(hours=3, minutes=12)
"""The time since the eConnector's last sign of life."""

_OPEN = timedelta(hours=12)
"""The time by which the heartbeats of running workstations are ahead, since nothing renews them in a demo."""
_WORKSTATIONS = {
    UPDATE_SERVER: timedelta(days=20),
    "FRONTDESK-1": -_OPEN,
    "FRONTDESK-2": -_OPEN,
    "OPERATORY-3": timedelta(days=1, hours=3),
    "OLD-LAPTOP": timedelta(days=410),
}
_PREFERENCES = {
    "ProgramVersion": "24.3.10.0",
    "WebServiceServerName": UPDATE_SERVER,
}
_ALERT = "The eConnector is not running."


def create_tables(engine: Engine) -> None:
    """Create the tables and columns that a practice of Open Dental has and an embedded one doesn't need."""
    with engine.begin() as connection:
        SERVICE_TABLES.create_all(connection)
        COMPUTER.metadata.create_all(connection, tables=[COMPUTER])
        connection.execute(text("ALTER TABLE program ADD COLUMN IsDisabledByHq SMALLINT NOT NULL DEFAULT 0"))
        connection.execute(text("ALTER TABLE program ADD COLUMN CustErr VARCHAR(255) NOT NULL DEFAULT ''"))


def fill(engine: Engine, now: datetime) -> None:
    """Insert the rows: a silent eConnector, running and closed workstations, and an update before the API was on."""
    with engine.begin() as connection:
        for name, value in _PREFERENCES.items():
            connection.execute(
                text("INSERT INTO preference (PrefName, ValueString) VALUES (:name, :value)"),
                {"name": name, "value": value},
            )
        there = set(connection.execute(select(COMPUTER.c.name)).scalars())
        for name, age in _WORKSTATIONS.items():
            if name not in there:
                _insert(connection, COMPUTER, name=name, last_heartbeat=now - age)
        _insert_signals(connection, now)
        _insert(connection, ALERT_ITEM, kind=int(AlertType.ECONNECTOR_DOWN), description=_ALERT)
        for days, version in ((200, "24.2.20.0"), (45, "24.3.10.0")):
            _insert(connection, UPDATE_HISTORY, moment=now - timedelta(days=days), version=version)


def _insert_signals(connection: Connection, now: datetime) -> None:
    """Insert the eConnector's signals: a heartbeat that stands still, and an error that somebody acknowledged."""
    rows = (
        (EServiceSeverity.ERROR, SILENCE + timedelta(days=6), "eConnector was critical for 14 minutes.", 1),
        (EServiceSeverity.WORKING, SILENCE + timedelta(days=1), "Heartbeat Anchor", 1),
        (EServiceSeverity.WORKING, SILENCE, "Heartbeat", 1),
    )
    for severity, age, description, processed in rows:
        _insert(
            connection,
            ESERVICE_SIGNAL,
            service=int(EServiceCode.ECONNECTOR),
            severity=int(severity),
            description=description,
            moment=now - age,
            is_processed=processed,
        )


def _insert(connection: Connection, table: Table, **values: object) -> None:
    connection.execute(insert(table).values(**values))
