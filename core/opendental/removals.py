"""Open Dental's own removals from the Audit Trail, and what they leave behind.

*Remove Old Data* deletes entries and hashes up to a day, and writes an entry about it under the permission *Backup*.
*Database Maintenance* deletes duplicate entries of the kind AppointmentCreate without their hashes, and notes each
one's number in `dbmlog`.
"""

from __future__ import annotations

import re
from datetime import date

from sqlalchemy import Integer, String, column, table

from core.opendental.column_types import ServerTime

DBM_LOG = table(
    "dbmlog",
    column("FKey", Integer),
    column("FKeyType", Integer),
    column("ActionType", Integer),
    column("MethodName", String),
    column("DateTimeEntry", ServerTime),
)
"""The notes of Database Maintenance. It isn't mapped like the other tables, because a database user need not see it."""
DBM_DUPLICATES = "AuditTrailDeleteDuplicateApptCreate"
"""The method of Database Maintenance that deletes audit entries."""
DBM_SECURITY_LOG = (24, 25)
"""The `FKeyType` of audit entries: 24 in 21.1 and 21.2, 25 since."""
DBM_DELETE = 2
"""The `ActionType` of a deletion."""

OLD_DATA_PATTERN = "SecurityLog and SecurityLogHashes on/before % deleted%"
"""The LIKE pattern of the entry about Remove Old Data."""
_OLD_DATA = re.compile(r"SecurityLog and SecurityLogHashes on/before (.{1,40}) deleted\.?")


def removed_up_to(log_text: str) -> str | None:
    """Return the day, as the workstation wrote it, up to which Remove Old Data removed entries.

    Returns:
        None if this isn't the text of such an entry.
    """
    match = _OLD_DATA.fullmatch(log_text.strip())
    return match[1] if match else None


def possible_days(written: str) -> tuple[date, ...]:
    """Return the days that a written date can mean, the earliest first; empty if it can't be read.

    Windows writes dates in the order of its region, so 3/4/2021 may be a day in March or in April.
    """
    parts = re.fullmatch(r"(\d{1,4})[/.\- ]+(\d{1,2})[/.\- ]+(\d{1,4})\.?", written.strip(), re.ASCII)
    if parts is None:
        return ()
    first, second, third = (int(part) for part in parts.groups())
    orders = [(first, second, third)] if first > 31 else [(third, first, second), (third, second, first)]
    return tuple(sorted({day for day in (_day(*order) for order in orders) if day is not None}))


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day) if year > 1879 else None
    except ValueError:
        return None
