"""Open Dental's tables that show how its services are doing, with only the columns that this program reads.

A database user need not see them, and an embedded practice doesn't have them, since no Open Dental runs on it. Whoever
reads one has to expect that it's missing.
"""

from __future__ import annotations

from enum import IntEnum

from sqlalchemy import Column, Integer, MetaData, String, Table

from core.opendental.column_types import BIGINT, TEXT, TINYINT, TINYINT_UNSIGNED, VARCHAR, ServerTime
from core.opendental.optional_tables import NO_TIME_DEFAULT

SERVICE_TABLES = MetaData()

ESERVICE_SIGNAL = Table(
    "eservicesignal",
    SERVICE_TABLES,
    Column("EServiceSignalNum", BIGINT, primary_key=True),
    Column("ServiceCode", Integer, nullable=False),
    Column("Severity", TINYINT, nullable=False),
    Column("Description", TEXT, nullable=False),
    Column("SigDateTime", ServerTime, nullable=False, server_default=NO_TIME_DEFAULT),
    Column("IsProcessed", TINYINT, nullable=False),
)
"""The status reports of the eConnector and other services."""

ALERT_ITEM = Table(
    "alertitem",
    SERVICE_TABLES,
    Column("AlertItemNum", BIGINT, primary_key=True),
    Column("Description", String(2000), nullable=False),
    Column("Type", TINYINT, nullable=False),
)
"""The alerts that Open Dental's main window shows."""

UPDATE_HISTORY = Table(
    "updatehistory",
    SERVICE_TABLES,
    Column("UpdateHistoryNum", BIGINT, primary_key=True),
    Column("DateTimeUpdated", ServerTime, nullable=False, server_default=NO_TIME_DEFAULT),
    Column("ProgramVersion", VARCHAR, nullable=False),
)
"""The updates of Open Dental."""

API_PROGRAM = Table(
    "program",
    MetaData(),
    Column("ProgramNum", BIGINT, primary_key=True),
    Column("ProgName", String(100)),
    Column("Enabled", TINYINT_UNSIGNED),
    Column("IsDisabledByHq", TINYINT, nullable=False),
    Column("CustErr", VARCHAR, nullable=False),
)
"""The program link of the API, with what headquarters says of it. An embedded practice doesn't have these columns."""


class EServiceCode(IntEnum):
    """The services that write `eservicesignal`, from Open Dental's enum `eServiceCode`; only those that are used."""

    ECONNECTOR = 1


class EServiceSeverity(IntEnum):
    """The severity of a signal, from Open Dental's enum `eServiceSignalSeverity`."""

    NONE = -1
    NOT_ENABLED = 0
    INFO = 1
    WORKING = 2
    WARNING = 3
    ERROR = 4
    CRITICAL = 5


class AlertType(IntEnum):
    """The alerts that concern the API, from Open Dental's enum `AlertType`."""

    MAX_CONNECTIONS = 8
    MULTIPLE_ECONNECTORS = 11
    ECONNECTOR_DOWN = 12
    """Made by a workstation, so it says nothing while none is open; the signals do."""
    ECONNECTOR_CLOCK = 24
