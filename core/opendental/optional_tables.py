"""Tables that a practice may lack, or that a database user need not see, with only the columns that are used.

Whoever reads one has to expect that it's missing. Names, types and defaults are Open Dental's, as in
`core.opendental.schema`.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Column, MetaData, Named, String, Table, TypedColumns

from core.opendental.column_types import BIGINT, INT, NO_DATE_DEFAULT, TEXT, TINYINT, VARCHAR, ServerTime
from core.opendental.schema import ProgramColumns

OPTIONAL = MetaData()
"""The optional tables that an embedded practice has."""

SERVICE_TABLES = MetaData()
"""The tables that show how Open Dental's services are doing. An embedded practice has none, since none runs on it."""


class ApiSubscriptionColumns(TypedColumns):
    """A developer's request to be sent what changes. Since 22.1.1; `CustomerKey` holds the key in clear."""

    number: Named[int] = Column("ApiSubscriptionNum", BIGINT, primary_key=True)
    address: Named[str] = Column("EndPointUrl", VARCHAR)
    workstation: Named[str] = Column("Workstation", VARCHAR)
    customer_key: Named[str] = Column("CustomerKey", VARCHAR)
    watch_table: Named[str] = Column("WatchTable", VARCHAR)
    polling_seconds: Named[int] = Column("PollingSeconds", INT)
    ui_event_type: Named[str] = Column("UiEventType", VARCHAR)
    start: Named[datetime] = Column("DateTimeStart", ServerTime, server_default=NO_DATE_DEFAULT)
    stop: Named[datetime] = Column("DateTimeStop", ServerTime, server_default=NO_DATE_DEFAULT)
    note: Named[str] = Column("Note", VARCHAR)


API_SUBSCRIPTION = Table("apisubscription", OPTIONAL, ApiSubscriptionColumns)


class FhirSubscriptionColumns(TypedColumns):
    """A subscription of FHIR's. `ChannelHeader` isn't read, since it may hold a password."""

    number: Named[int] = Column("FHIRSubscriptionNum", BIGINT, primary_key=True)
    criteria: Named[str] = Column("Criteria", VARCHAR)
    reason: Named[str] = Column("Reason", VARCHAR)
    status: Named[int] = Column("SubStatus", TINYINT)
    error_note: Named[str] = Column("ErrorNote", TEXT)
    channel: Named[int] = Column("ChannelType", TINYINT)
    address: Named[str] = Column("ChannelEndpoint", VARCHAR)
    end: Named[datetime] = Column("DateEnd", ServerTime, server_default=NO_DATE_DEFAULT)


FHIR_SUBSCRIPTION = Table("fhirsubscription", OPTIONAL, FhirSubscriptionColumns)


class FhirContactPointColumns(TypedColumns):
    """A way to reach the developer of a FHIR subscription; the first one has `ItemOrder` 1."""

    number: Named[int] = Column("FHIRContactPointNum", BIGINT, primary_key=True)
    subscription: Named[int] = Column("FHIRSubscriptionNum", BIGINT)
    system: Named[int] = Column("ContactSystem", TINYINT)
    value: Named[str] = Column("ContactValue", VARCHAR)
    item_order: Named[int] = Column("ItemOrder", INT)


FHIR_CONTACT_POINT = Table("fhircontactpoint", OPTIONAL, FhirContactPointColumns)


class ComputerColumns(TypedColumns):
    """A workstation. While Open Dental runs there, it writes `LastHeartBeat` every three minutes."""

    number: Named[int] = Column("ComputerNum", BIGINT, primary_key=True)
    name: Named[str | None] = Column("CompName", String(100), server_default="")
    last_heartbeat: Named[datetime] = Column("LastHeartBeat", ServerTime, server_default=NO_DATE_DEFAULT)


COMPUTER = Table("computer", OPTIONAL, ComputerColumns)


class EServiceSignalColumns(TypedColumns):
    """The status reports of the eConnector and other services."""

    number: Named[int] = Column("EServiceSignalNum", BIGINT, primary_key=True)
    service: Named[int] = Column("ServiceCode", INT)
    severity: Named[int] = Column("Severity", TINYINT)
    description: Named[str] = Column("Description", TEXT)
    moment: Named[datetime] = Column("SigDateTime", ServerTime, server_default=NO_DATE_DEFAULT)
    is_processed: Named[int] = Column("IsProcessed", TINYINT)


ESERVICE_SIGNAL = Table("eservicesignal", SERVICE_TABLES, EServiceSignalColumns)


class AlertItemColumns(TypedColumns):
    """An alert that Open Dental's main window shows."""

    number: Named[int] = Column("AlertItemNum", BIGINT, primary_key=True)
    description: Named[str] = Column("Description", String(2000))
    kind: Named[int] = Column("Type", TINYINT)


ALERT_ITEM = Table("alertitem", SERVICE_TABLES, AlertItemColumns)


class UpdateHistoryColumns(TypedColumns):
    """An update of Open Dental."""

    number: Named[int] = Column("UpdateHistoryNum", BIGINT, primary_key=True)
    moment: Named[datetime] = Column("DateTimeUpdated", ServerTime, server_default=NO_DATE_DEFAULT)
    version: Named[str] = Column("ProgramVersion", VARCHAR)


UPDATE_HISTORY = Table("updatehistory", SERVICE_TABLES, UpdateHistoryColumns)


class ApiProgramColumns(ProgramColumns):
    """A program link with what headquarters says of it. An embedded practice doesn't have these two columns."""

    off_at_headquarters: Named[int] = Column("IsDisabledByHq", TINYINT)
    headquarters_message: Named[str] = Column("CustErr", VARCHAR)


API_PROGRAM = Table("program", MetaData(), ApiProgramColumns)
