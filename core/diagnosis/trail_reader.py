"""Reads from the Audit Trail about the API's switch, the payment type, and calls with a disabled key."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import Connection, func, or_, select

from core.audit.text_search import contains
from core.diagnosis.facts import CallsAfterDisabling, LoggedSwitch
from core.model.audit_events import parse_entry
from core.model.event_values import Setting
from core.model.logged_event import Stage
from core.model.settings import format_enabled
from core.model.settings_events import SettingsChanged
from core.opendental.column_types import ServerTime
from core.opendental.permission_types import Permission
from core.opendental.schema import SECURITY_LOG
from core.use.trail_reader import read_window


def read_logged_switch(connection: Connection, user_name: Callable[[int], str]) -> LoggedSwitch | None:
    """Return the newest entry that says that the API was switched on or off; None if there is none.

    Args:
        connection: To the practice.
        user_name: Returns the name of a user's number.
    """
    columns, what = SECURITY_LOG.c, Setting.ENABLED.value
    rows = connection.execute(
        select(columns.user_num, columns.log_date_time, columns.log_text)
        .where(
            columns.perm_type == int(Permission.SETUP),
            columns.log_text.contains("API Setup: ", autoescape=True),
            or_(
                columns.log_text.contains(f"{what} changed from ", autoescape=True),
                columns.log_text.contains(f"{what} from ", autoescape=True),
            ),
        )
        .order_by(columns.log_date_time.desc(), columns.security_log_num.desc()),
    ).all()
    not_done: Counter[SettingsChanged] = Counter()
    for row in rows:
        logged = parse_entry(row.log_text or "")
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
            return LoggedSwitch(after == format_enabled(True), row.log_date_time, user_name(row.user_num))
    return None


def read_hidden_since(connection: Connection, payment_type: str) -> datetime | None:
    """Return when a payment type was hidden, according to Open Dental's own entry; None if none says so."""
    columns = SECURITY_LOG.c
    words = f"Definition hidden: {payment_type} with category: Payment Types"
    moment = connection.scalar(
        select(func.max(columns.log_date_time, type_=ServerTime())).where(
            columns.perm_type == int(Permission.DEF_EDIT), contains(connection.dialect, columns.log_text, words)
        )
    )
    return moment if moment is not None and moment.year >= 1880 else None


def read_calls_since(
    connection: Connection, developer: str, since: datetime, until: datetime
) -> CallsAfterDisabling | None:
    """Return the changes that a developer made through the API in a few hours; None if there are none.

    The entries name the developer, not the key.

    Args:
        connection: To the practice.
        developer: The developer's name.
        since: The beginning; the index on the time bounds what is read.
        until: The end, included.
    """
    rows = read_window(connection, {developer.casefold(): developer}, since, until + timedelta(seconds=1))
    if not rows:
        return None
    return CallsAfterDisabling(sum(row.entries for row in rows), max(row.last for row in rows))
