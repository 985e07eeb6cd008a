"""Tables that a practice may lack, or that a database user need not see, with only the columns that are used.

They aren't mapped like the tables in `core.opendental.schema`, which every practice must have. Names, types and
defaults are Open Dental's.
"""

from __future__ import annotations

from sqlalchemy import Column, MetaData, String, Table

from core.opendental.column_types import BIGINT, INT, TEXT, TINYINT, VARCHAR, ServerTime

NO_TIME_DEFAULT = "0001-01-01 00:00:00"

OPTIONAL = MetaData()

API_SUBSCRIPTION = Table(
    "apisubscription",
    OPTIONAL,
    Column("ApiSubscriptionNum", BIGINT, key="number", primary_key=True),
    Column("EndPointUrl", VARCHAR, key="address", nullable=False),
    Column("Workstation", VARCHAR, key="workstation", nullable=False),
    Column("CustomerKey", VARCHAR, key="customer_key", nullable=False),
    Column("WatchTable", VARCHAR, key="watch_table", nullable=False),
    Column("PollingSeconds", INT, key="polling_seconds", nullable=False),
    Column("UiEventType", VARCHAR, key="ui_event_type", nullable=False),
    Column("DateTimeStart", ServerTime, key="start", nullable=False, server_default=NO_TIME_DEFAULT),
    Column("DateTimeStop", ServerTime, key="stop", nullable=False, server_default=NO_TIME_DEFAULT),
    Column("Note", VARCHAR, key="note", nullable=False),
)
"""A developer's request to be sent what changes. Since 22.1.1; `CustomerKey` holds the key in clear."""

FHIR_SUBSCRIPTION = Table(
    "fhirsubscription",
    OPTIONAL,
    Column("FHIRSubscriptionNum", BIGINT, key="number", primary_key=True),
    Column("Criteria", VARCHAR, key="criteria", nullable=False),
    Column("Reason", VARCHAR, key="reason", nullable=False),
    Column("SubStatus", TINYINT, key="status", nullable=False),
    Column("ErrorNote", TEXT, key="error_note", nullable=False),
    Column("ChannelType", TINYINT, key="channel", nullable=False),
    Column("ChannelEndpoint", VARCHAR, key="address", nullable=False),
    Column("DateEnd", ServerTime, key="end", nullable=False, server_default=NO_TIME_DEFAULT),
)
"""A subscription of FHIR's. `ChannelHeader` isn't read, since it may hold a password."""

FHIR_CONTACT_POINT = Table(
    "fhircontactpoint",
    OPTIONAL,
    Column("FHIRContactPointNum", BIGINT, key="number", primary_key=True),
    Column("FHIRSubscriptionNum", BIGINT, key="subscription", nullable=False),
    Column("ContactSystem", TINYINT, key="system", nullable=False),
    Column("ContactValue", VARCHAR, key="value", nullable=False),
    Column("ItemOrder", INT, key="item_order", nullable=False),
)
"""A way to reach the developer of a FHIR subscription; the first one has `ItemOrder` 1."""

COMPUTER = Table(
    "computer",
    OPTIONAL,
    Column("ComputerNum", BIGINT, key="number", primary_key=True),
    Column("CompName", String(100), key="name", server_default=""),
    Column("LastHeartBeat", ServerTime, key="last_heartbeat", nullable=False, server_default=NO_TIME_DEFAULT),
)
"""A workstation. While Open Dental runs there, it writes `LastHeartBeat` every three minutes."""
