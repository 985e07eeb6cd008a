"""Rows that show how a practice's services are doing, written in plain SQL as Open Dental and its services do."""

from __future__ import annotations

from datetime import datetime, timedelta

from tests.support.databases import NOW, SampleFile, SamplePractice, SampleServer
from tests.support.opendental_columns import NEW

_FILE_TABLES = (
    "CREATE TABLE eservicesignal (EServiceSignalNum INTEGER PRIMARY KEY, ServiceCode INTEGER NOT NULL,"
    " Severity INTEGER NOT NULL, Description TEXT NOT NULL, SigDateTime TEXT NOT NULL, IsProcessed INTEGER NOT NULL)",
    "CREATE TABLE alertitem (AlertItemNum INTEGER PRIMARY KEY, Description TEXT NOT NULL, Type INTEGER NOT NULL)",
    "CREATE TABLE updatehistory (UpdateHistoryNum INTEGER PRIMARY KEY, DateTimeUpdated TEXT NOT NULL,"
    " ProgramVersion TEXT NOT NULL)",
    "CREATE TABLE IF NOT EXISTS computer (ComputerNum INTEGER PRIMARY KEY, CompName TEXT, LastHeartBeat TEXT NOT NULL)",
    "ALTER TABLE program ADD COLUMN IsDisabledByHq INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE program ADD COLUMN CustErr TEXT NOT NULL DEFAULT ''",
)
_UPDATE_SERVER = "SERVER-1"


def make_healthy(sample: SamplePractice) -> None:
    """Make everything of a practice well that a diagnosis looks at."""
    if isinstance(sample, SampleFile):
        for statement in _FILE_TABLES:
            sample.execute(statement)
    sample.execute("DELETE FROM computer")
    if sample.version == NEW:
        sample.execute("DELETE FROM apisubscription")
    sample.execute("UPDATE program SET Enabled = 1 WHERE ProgName = 'FHIR'")
    set_preference(sample, "RegistrationKey", "REG7-KEY2-0042-ABCD")
    set_preference(sample, "WebServiceServerName", _UPDATE_SERVER)
    add_signal(sample, 2, timedelta(minutes=1), "Heartbeat")
    add_computer(sample, "FRONTDESK-1", timedelta(minutes=1))


def moment(sample: SamplePractice, ago: timedelta) -> str:
    """Return a time before now by the practice's clock, as a text for a column."""
    return str((_now(sample) - ago).replace(microsecond=0))


def set_preference(sample: SamplePractice, name: str, value: str) -> None:
    """Set a preference, whether or not the practice has it."""
    sample.execute("DELETE FROM preference WHERE PrefName = ?", name)
    sample.execute("INSERT INTO preference (PrefName, ValueString) VALUES (?, ?)", name, value)


def add_signal(
    sample: SamplePractice,
    severity: int,
    ago: timedelta,
    description: str = "",
    *,
    processed: bool = True,
    service: int = 1,
) -> None:
    """Insert a signal of a service; 1 is the eConnector."""
    tag = {"ReasonCategory": 0, "ReasonCode": 0, "Tag": ""} if isinstance(sample, SampleServer) else {}
    values: dict[str, object] = {
        "ServiceCode": service,
        "Severity": severity,
        "Description": description,
        "SigDateTime": moment(sample, ago),
        "IsProcessed": int(processed),
        **tag,
    }
    names, marks = ", ".join(values), ", ".join("?" for _ in values)
    sample.execute(f"INSERT INTO eservicesignal ({names}) VALUES ({marks})", *values.values())


def add_computer(sample: SamplePractice, name: str, ago: timedelta) -> None:
    """Insert a workstation that was last seen so long ago."""
    sample.execute("INSERT INTO computer (CompName, LastHeartBeat) VALUES (?, ?)", name, moment(sample, ago))


def add_alert(sample: SamplePractice, kind: int, description: str) -> None:
    """Insert an alert of Open Dental's main window."""
    extra = "ClinicNum, Severity, Actions, FormToOpen, FKey, ItemValue, UserNum"
    if isinstance(sample, SampleServer):
        sample.execute(
            f"INSERT INTO alertitem (Type, Description, {extra}) VALUES (?, ?, 0, 0, 0, 0, 0, '', 0)",
            kind,
            description,
        )
    else:
        sample.execute("INSERT INTO alertitem (Type, Description) VALUES (?, ?)", kind, description)


def add_update(sample: SamplePractice, ago: timedelta, version: str) -> None:
    """Insert an update of Open Dental."""
    sample.execute(
        "INSERT INTO updatehistory (DateTimeUpdated, ProgramVersion) VALUES (?, ?)", moment(sample, ago), version
    )


def _now(sample: SamplePractice) -> datetime:
    if not isinstance(sample, SampleServer):
        return NOW
    with sample.server.connection() as connection, connection.cursor() as cursor:
        cursor.execute("SELECT NOW()")
        return datetime.fromisoformat(str(cursor.fetchone()[0]))
