"""Tables of an Open Dental database, with only the columns that this program reads or writes.

Names, types and defaults are Open Dental's. `securitylog.PermType` and `grouppermission.PermType` are declared as in
24.3.1 and later. Before that they are `tinyint unsigned`; `core.practice.inspection` reads the actual type.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from core.opendental.column_types import (
    BIGINT,
    DATE,
    INT_UNSIGNED,
    SMALLINT,
    SMALLINT_UNSIGNED,
    TEXT,
    TINYINT,
    TINYINT_UNSIGNED,
    VARCHAR,
    ServerTime,
)

NO_DATE_DEFAULT = "0001-01-01 00:00:00"


class OpenDental(DeclarativeBase):
    """Base class of Open Dental's tables."""


class Preference(OpenDental):
    """A preference of the practice."""

    __tablename__ = "preference"
    pref_num: Mapped[int] = mapped_column("PrefNum", BIGINT, primary_key=True)
    pref_name: Mapped[str] = mapped_column("PrefName", VARCHAR, server_default="", index=True)
    value_string: Mapped[str] = mapped_column("ValueString", TEXT)


class Program(OpenDental):
    """A program link. The one with `ProgName` FHIR is the API."""

    __tablename__ = "program"
    program_num: Mapped[int] = mapped_column("ProgramNum", BIGINT, primary_key=True)
    prog_name: Mapped[str | None] = mapped_column("ProgName", String(100), server_default="")
    enabled: Mapped[int] = mapped_column("Enabled", TINYINT_UNSIGNED, server_default="0")


class ProgramProperty(OpenDental):
    """A property of a program link."""

    __tablename__ = "programproperty"
    program_property_num: Mapped[int] = mapped_column("ProgramPropertyNum", BIGINT, primary_key=True)
    program_num: Mapped[int] = mapped_column("ProgramNum", BIGINT)
    property_desc: Mapped[str | None] = mapped_column("PropertyDesc", VARCHAR, server_default="")
    property_value: Mapped[str | None] = mapped_column("PropertyValue", TEXT)


class Definition(OpenDental):
    """An item of one of the practice's lists. Category 10 holds the payment types."""

    __tablename__ = "definition"
    def_num: Mapped[int] = mapped_column("DefNum", BIGINT, primary_key=True)
    category: Mapped[int] = mapped_column("Category", TINYINT_UNSIGNED, server_default="0")
    item_order: Mapped[int] = mapped_column("ItemOrder", SMALLINT_UNSIGNED, server_default="0")
    item_name: Mapped[str | None] = mapped_column("ItemName", VARCHAR, server_default="")
    is_hidden: Mapped[int] = mapped_column("IsHidden", TINYINT_UNSIGNED, server_default="0")


class ApiKeyRow(OpenDental):
    """A customer API key in the practice's copy of headquarters' list. The table exists since 21.4.1."""

    __tablename__ = "apikey"
    api_key_num: Mapped[int] = mapped_column("APIKeyNum", BIGINT, primary_key=True)
    cust_api_key: Mapped[str] = mapped_column("CustApiKey", VARCHAR)
    dev_name: Mapped[str] = mapped_column("DevName", VARCHAR)


class SecurityLog(OpenDental):
    """An entry of the Audit Trail."""

    __tablename__ = "securitylog"
    security_log_num: Mapped[int] = mapped_column("SecurityLogNum", BIGINT, primary_key=True)
    perm_type: Mapped[int] = mapped_column("PermType", SMALLINT, index=True)
    user_num: Mapped[int] = mapped_column("UserNum", BIGINT, index=True)
    log_date_time: Mapped[datetime] = mapped_column(
        "LogDateTime", ServerTime, server_default="0000-00-00 00:00:00", index=True
    )
    log_text: Mapped[str | None] = mapped_column("LogText", TEXT)
    pat_num: Mapped[int] = mapped_column("PatNum", BIGINT, index=True)
    comp_name: Mapped[str] = mapped_column("CompName", VARCHAR)
    f_key: Mapped[int] = mapped_column("FKey", BIGINT)
    log_source: Mapped[int] = mapped_column("LogSource", TINYINT)
    def_num: Mapped[int] = mapped_column("DefNum", BIGINT)
    def_num_error: Mapped[int] = mapped_column("DefNumError", BIGINT)
    date_t_previous: Mapped[datetime] = mapped_column("DateTPrevious", ServerTime, server_default=NO_DATE_DEFAULT)


class SecurityLogHash(OpenDental):
    """The hash of an Audit Trail entry."""

    __tablename__ = "securityloghash"
    security_log_hash_num: Mapped[int] = mapped_column("SecurityLogHashNum", BIGINT, primary_key=True)
    security_log_num: Mapped[int] = mapped_column("SecurityLogNum", BIGINT, index=True)
    log_hash: Mapped[str] = mapped_column("LogHash", VARCHAR)


class SignalOd(OpenDental):
    """A message to all running workstations. This program sends only messages to refresh a cache."""

    __tablename__ = "signalod"
    signal_num: Mapped[int] = mapped_column("SignalNum", BIGINT, primary_key=True)
    date_viewing: Mapped[str] = mapped_column("DateViewing", DATE, server_default="0001-01-01")
    sig_date_time: Mapped[datetime] = mapped_column(
        "SigDateTime", ServerTime, server_default=NO_DATE_DEFAULT, index=True
    )
    f_key: Mapped[int] = mapped_column("FKey", BIGINT)
    f_key_type: Mapped[str] = mapped_column("FKeyType", VARCHAR)
    i_type: Mapped[int] = mapped_column("IType", TINYINT)
    remote_role: Mapped[int] = mapped_column("RemoteRole", TINYINT)
    msg_value: Mapped[str] = mapped_column("MsgValue", TEXT)


class UserOd(OpenDental):
    """An Open Dental user."""

    __tablename__ = "userod"
    user_num: Mapped[int] = mapped_column("UserNum", BIGINT, primary_key=True)
    user_name: Mapped[str | None] = mapped_column("UserName", VARCHAR, server_default="")
    password: Mapped[str | None] = mapped_column("Password", VARCHAR, server_default="")
    is_hidden: Mapped[int] = mapped_column("IsHidden", TINYINT)
    date_t_fail: Mapped[datetime] = mapped_column("DateTFail", ServerTime, server_default=NO_DATE_DEFAULT)
    failed_attempts: Mapped[int] = mapped_column("FailedAttempts", TINYINT_UNSIGNED)


class UserGroupAttach(OpenDental):
    """A user's membership in a group."""

    __tablename__ = "usergroupattach"
    user_group_attach_num: Mapped[int] = mapped_column("UserGroupAttachNum", BIGINT, primary_key=True)
    user_num: Mapped[int] = mapped_column("UserNum", BIGINT, index=True)
    user_group_num: Mapped[int] = mapped_column("UserGroupNum", BIGINT, index=True)


class GroupPermission(OpenDental):
    """A permission of a user group. The row's existence with `FKey` 0 grants the permission."""

    __tablename__ = "grouppermission"
    group_perm_num: Mapped[int] = mapped_column("GroupPermNum", BIGINT, primary_key=True)
    user_group_num: Mapped[int] = mapped_column("UserGroupNum", BIGINT, index=True)
    perm_type: Mapped[int] = mapped_column("PermType", SMALLINT, server_default="0")
    f_key: Mapped[int] = mapped_column("FKey", BIGINT)


class ReplicationServer(OpenDental):
    """The range of primary keys reserved for a replicating server."""

    __tablename__ = "replicationserver"
    replication_server_num: Mapped[int] = mapped_column("ReplicationServerNum", BIGINT, primary_key=True)
    server_id: Mapped[int] = mapped_column("ServerId", INT_UNSIGNED)
    range_start: Mapped[int] = mapped_column("RangeStart", BIGINT)
    range_end: Mapped[int] = mapped_column("RangeEnd", BIGINT)
