"""Tables of an Open Dental database, with only the columns that this program reads or writes.

Names, types and defaults are Open Dental's. `securitylog.PermType` and `grouppermission.PermType` are declared as in
24.3.1 and later. Before that they are `tinyint unsigned`; `core.practice.inspection` reads the actual type.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Column, MetaData, Named, String, Table, TypedColumns

from core.opendental.column_types import (
    BIGINT,
    DATE,
    INT,
    INT_UNSIGNED,
    NO_DATE_DEFAULT,
    SMALLINT,
    SMALLINT_UNSIGNED,
    TEXT,
    TINYINT,
    TINYINT_UNSIGNED,
    VARCHAR,
    ServerTime,
)

OPEN_DENTAL = MetaData()
"""The tables of a practice, as far as this program uses them."""


class PreferenceColumns(TypedColumns):
    """A preference of the practice."""

    pref_num: Named[int] = Column("PrefNum", BIGINT, primary_key=True)
    pref_name: Named[str] = Column("PrefName", VARCHAR, server_default="", index=True)
    value_string: Named[str] = Column("ValueString", TEXT)


PREFERENCE = Table("preference", OPEN_DENTAL, PreferenceColumns)


class ProgramColumns(TypedColumns):
    """A program link. The one with `ProgName` FHIR is the API."""

    program_num: Named[int] = Column("ProgramNum", BIGINT, primary_key=True)
    prog_name: Named[str | None] = Column("ProgName", String(100), server_default="")
    enabled: Named[int] = Column("Enabled", TINYINT_UNSIGNED, server_default="0")


PROGRAM = Table("program", OPEN_DENTAL, ProgramColumns)


class ProgramPropertyColumns(TypedColumns):
    """A property of a program link."""

    program_property_num: Named[int] = Column("ProgramPropertyNum", BIGINT, primary_key=True)
    program_num: Named[int] = Column("ProgramNum", BIGINT)
    property_desc: Named[str | None] = Column("PropertyDesc", VARCHAR, server_default="")
    property_value: Named[str | None] = Column("PropertyValue", TEXT)


PROGRAM_PROPERTY = Table("programproperty", OPEN_DENTAL, ProgramPropertyColumns)


class DefinitionColumns(TypedColumns):
    """An item of one of the practice's lists. Category 10 holds the payment types."""

    def_num: Named[int] = Column("DefNum", BIGINT, primary_key=True)
    category: Named[int] = Column("Category", TINYINT_UNSIGNED, server_default="0")
    item_order: Named[int] = Column("ItemOrder", SMALLINT_UNSIGNED, server_default="0")
    item_name: Named[str | None] = Column("ItemName", VARCHAR, server_default="")
    item_value: Named[str | None] = Column("ItemValue", VARCHAR, server_default="")
    item_color: Named[int] = Column("ItemColor", INT, server_default="0")
    is_hidden: Named[int] = Column("IsHidden", TINYINT_UNSIGNED, server_default="0")


DEFINITION = Table("definition", OPEN_DENTAL, DefinitionColumns)


class ApiKeyColumns(TypedColumns):
    """A customer API key in the practice's copy of headquarters' list. The table exists since 21.4.1."""

    api_key_num: Named[int] = Column("APIKeyNum", BIGINT, primary_key=True)
    cust_api_key: Named[str] = Column("CustApiKey", VARCHAR)
    dev_name: Named[str] = Column("DevName", VARCHAR)


API_KEY = Table("apikey", OPEN_DENTAL, ApiKeyColumns)


class SecurityLogColumns(TypedColumns):
    """An entry of the Audit Trail."""

    security_log_num: Named[int] = Column("SecurityLogNum", BIGINT, primary_key=True)
    perm_type: Named[int] = Column("PermType", SMALLINT, index=True)
    user_num: Named[int] = Column("UserNum", BIGINT, index=True)
    log_date_time: Named[datetime] = Column("LogDateTime", ServerTime, server_default="0000-00-00 00:00:00", index=True)
    log_text: Named[str | None] = Column("LogText", TEXT)
    pat_num: Named[int] = Column("PatNum", BIGINT, index=True)
    comp_name: Named[str] = Column("CompName", VARCHAR)
    f_key: Named[int] = Column("FKey", BIGINT)
    log_source: Named[int] = Column("LogSource", TINYINT)
    def_num: Named[int] = Column("DefNum", BIGINT)
    def_num_error: Named[int] = Column("DefNumError", BIGINT)
    date_t_previous: Named[datetime] = Column("DateTPrevious", ServerTime, server_default=NO_DATE_DEFAULT)


SECURITY_LOG = Table("securitylog", OPEN_DENTAL, SecurityLogColumns)


class SecurityLogHashColumns(TypedColumns):
    """The hash of an Audit Trail entry."""

    security_log_hash_num: Named[int] = Column("SecurityLogHashNum", BIGINT, primary_key=True)
    security_log_num: Named[int] = Column("SecurityLogNum", BIGINT, index=True)
    log_hash: Named[str] = Column("LogHash", VARCHAR)


SECURITY_LOG_HASH = Table("securityloghash", OPEN_DENTAL, SecurityLogHashColumns)


class SignalOdColumns(TypedColumns):
    """A message to all running workstations. This program sends only messages to refresh a cache."""

    signal_num: Named[int] = Column("SignalNum", BIGINT, primary_key=True)
    date_viewing: Named[str] = Column("DateViewing", DATE, server_default="0001-01-01")
    sig_date_time: Named[datetime] = Column("SigDateTime", ServerTime, server_default=NO_DATE_DEFAULT, index=True)
    f_key: Named[int] = Column("FKey", BIGINT)
    f_key_type: Named[str] = Column("FKeyType", VARCHAR)
    i_type: Named[int] = Column("IType", TINYINT)
    remote_role: Named[int] = Column("RemoteRole", TINYINT)
    msg_value: Named[str] = Column("MsgValue", TEXT)


SIGNAL_OD = Table("signalod", OPEN_DENTAL, SignalOdColumns)


class UserOdColumns(TypedColumns):
    """An Open Dental user."""

    user_num: Named[int] = Column("UserNum", BIGINT, primary_key=True)
    user_name: Named[str | None] = Column("UserName", VARCHAR, server_default="")
    password: Named[str | None] = Column("Password", VARCHAR, server_default="")
    is_hidden: Named[int] = Column("IsHidden", TINYINT)
    date_t_fail: Named[datetime] = Column("DateTFail", ServerTime, server_default=NO_DATE_DEFAULT)
    failed_attempts: Named[int] = Column("FailedAttempts", TINYINT_UNSIGNED)


USER_OD = Table("userod", OPEN_DENTAL, UserOdColumns)


class UserGroupAttachColumns(TypedColumns):
    """A user's membership in a group."""

    user_group_attach_num: Named[int] = Column("UserGroupAttachNum", BIGINT, primary_key=True)
    user_num: Named[int] = Column("UserNum", BIGINT, index=True)
    user_group_num: Named[int] = Column("UserGroupNum", BIGINT, index=True)


USER_GROUP_ATTACH = Table("usergroupattach", OPEN_DENTAL, UserGroupAttachColumns)


class GroupPermissionColumns(TypedColumns):
    """A permission of a user group. The row's existence with `FKey` 0 grants the permission."""

    group_perm_num: Named[int] = Column("GroupPermNum", BIGINT, primary_key=True)
    user_group_num: Named[int] = Column("UserGroupNum", BIGINT, index=True)
    perm_type: Named[int] = Column("PermType", SMALLINT, server_default="0")
    f_key: Named[int] = Column("FKey", BIGINT)


GROUP_PERMISSION = Table("grouppermission", OPEN_DENTAL, GroupPermissionColumns)


class ReplicationServerColumns(TypedColumns):
    """The range of primary keys reserved for a replicating server."""

    replication_server_num: Named[int] = Column("ReplicationServerNum", BIGINT, primary_key=True)
    server_id: Named[int] = Column("ServerId", INT_UNSIGNED)
    range_start: Named[int] = Column("RangeStart", BIGINT)
    range_end: Named[int] = Column("RangeEnd", BIGINT)


REPLICATION_SERVER = Table("replicationserver", OPEN_DENTAL, ReplicationServerColumns)
