"""Reads from the Audit Trail about the API's switch, the payment type, and calls with a disabled key."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import datetime

from sqlalchemy import Integer, String, column, func, or_, select, table

from core.diagnosis.facts import CallsAfterDisabling, LoggedSwitch
from core.diagnosis.table_reader import TableReader
from core.model.audit_events import SettingsChanged, parse_entry
from core.model.event_values import Setting
from core.model.logged_event import Stage
from core.model.settings import format_enabled
from core.opendental.column_types import ServerTime
from core.opendental.permission_types import Permission

_API = 23
"""The `LogSource` of what was done through the API."""

_LOG = table(
    "securitylog",
    column("SecurityLogNum", Integer),
    column("PermType", Integer),
    column("UserNum", Integer),
    column("LogDateTime", ServerTime),
    column("LogText", String),
    column("LogSource", Integer),
)


def read_logged_switch(reader: TableReader, user_name: Callable[[int], str]) -> LoggedSwitch | None:
    """Return the newest entry that says that the API was switched on or off; None if there is none.

    Args:
        reader: Reads the practice.
        user_name: Returns the name of a user's number.
    """
    columns, what = _LOG.c, Setting.ENABLED.value
    rows = reader.required_rows(
        select(columns.UserNum, columns.LogDateTime, columns.LogText)
        .where(
            columns.PermType == int(Permission.SETUP),
            columns.LogText.contains("API Setup: ", autoescape=True),
            or_(
                columns.LogText.contains(f"{what} changed from ", autoescape=True),
                columns.LogText.contains(f"{what} from ", autoescape=True),
            ),
        )
        .order_by(columns.LogDateTime.desc(), columns.SecurityLogNum.desc()),
    )
    not_done: Counter[SettingsChanged] = Counter()
    for row in rows:
        logged = parse_entry(row.LogText or "")
        if logged is None or not isinstance(logged.event, SettingsChanged):
            continue
        after = logged.event.values_after.get(what)
        if logged.stage is Stage.NOT_DONE:
            not_done[logged.event] += 1
        elif after is None or logged.stage is not Stage.DONE:
            continue
        elif not_done[logged.event]:
            not_done[logged.event] -= 1
        else:
            return LoggedSwitch(after == format_enabled(True), row.LogDateTime, user_name(row.UserNum))
    return None


def read_hidden_since(reader: TableReader, payment_type: str) -> datetime | None:
    """Return when a payment type was hidden, according to Open Dental's own entry; None if none says so."""
    columns = _LOG.c
    rows = reader.required_rows(
        select(func.max(columns.LogDateTime, type_=ServerTime())).where(
            columns.PermType == int(Permission.DEF_EDIT),
            columns.LogText.startswith(
                f"Definition hidden: {payment_type} with category: Payment Types", autoescape=True
            ),
        ),
    )
    if rows[0][0] is None:
        return None
    moment: datetime = rows[0][0]
    return moment if moment.year >= 1880 else None


def read_calls_since(
    reader: TableReader, developer: str, since: datetime, until: datetime
) -> CallsAfterDisabling | None:
    """Return the changes that a developer made through the API in a few hours; None if there are none.

    The entries name the developer, not the key. Open Dental's own lookup finds them by the same words.

    Args:
        reader: Reads the practice.
        developer: The developer's name.
        since: The beginning; the index on the time bounds what is read.
        until: The end.
    """
    columns = _LOG.c
    rows = reader.required_rows(
        select(columns.LogDateTime)
        .where(
            columns.UserNum == 0,
            columns.LogSource == _API,
            columns.LogDateTime >= since,
            columns.LogDateTime <= until,
            columns.LogText.contains(f"by {developer} through", autoescape=True),
        )
        .order_by(columns.LogDateTime.desc())
        .limit(1000),
    )
    if not rows:
        return None
    return CallsAfterDisabling(len(rows), rows[0].LogDateTime)
