"""The rows of Open Dental's users: names, passwords, failed sign-ins and permissions."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import Connection, select

from core.base.errors import WrongNameOrPassword
from core.opendental.log_hash import NO_DATE
from core.opendental.permission_types import Permission
from core.opendental.schema import PREFERENCE, USER_OD
from core.practice.authorization import has_permission
from core.practice.unit_of_work import LAST_ROW, LastRow

if TYPE_CHECKING:
    from core.practice.practice import Practice, UserName

FAILURES_TO_LOCK = 5
"""The number of consecutive failures after which a user is locked out."""
LOCK = timedelta(minutes=5)
"""The duration of a lockout, counted from the last failure."""
RELEVANT = (Permission.SETUP, Permission.AUDIT_TRAIL, Permission.SECURITY_ADMIN)
"""The permissions that count for this program."""


@dataclass(frozen=True)
class UserRow:
    """An Open Dental user."""

    number: int
    name: str
    password: str
    hidden: bool
    failures: int
    last_failure: datetime

    def recent_failures(self, now: datetime) -> int:
        """Return the number of failures in a row that still count."""
        return self.failures if now - self.last_failure <= LOCK else 0


@dataclass(frozen=True)
class UserState:
    """An Open Dental user at one moment, with all that a sign-in depends on."""

    user: UserRow
    now: datetime
    permissions: frozenset[Permission]
    """The user's permissions, out of Setup, AuditTrail and SecurityAdmin."""
    log_off_after_minutes: int
    """The practice's limit of inactivity; 0 for never."""
    last_row: LastRow | None
    """The position in the Audit Trail; None without a server."""


class UserReplaced(WrongNameOrPassword):
    """The user was deleted or renamed after its name was read."""


def find_user(practice: Practice, name: str) -> UserName | None:
    """Return the user with this name, regardless of case; a visible user comes before a hidden one."""
    folded = name.strip().casefold()
    if not folded:
        return None
    return _named(practice.user_names.get(), folded) or _named(practice.user_names.renew(), folded)


def _named(users: Iterable[UserName], folded: str) -> UserName | None:
    found = [user for user in users if user.name.casefold() == folded]
    return min(found, key=lambda user: user.hidden, default=None)


def read_state(connection: Connection, practice: Practice, found: UserName) -> UserState:
    """Read a user as the database has it now, with one statement.

    Raises:
        UserReplaced: The user was deleted, or has another name.
    """
    on_server = connection.dialect.name != "sqlite"
    query = select(
        USER_OD.c.user_num,
        USER_OD.c.user_name,
        USER_OD.c.password,
        USER_OD.c.is_hidden,
        USER_OD.c.failed_attempts,
        USER_OD.c.date_t_fail,
        _INACTIVITY_LIMIT,
        *(has_permission(permission) for permission in RELEVANT),
        *(LAST_ROW if on_server else ()),
    )
    row = connection.execute(query.where(USER_OD.c.user_num == found.number)).one_or_none()
    if row is None or (row[1] or "").casefold() != found.name.casefold():
        raise UserReplaced
    user_num, name, password, hidden, failures, last_failure, limit, *others = row
    granted = others[: len(RELEVANT)]
    last_row = LastRow.of(others[len(RELEVANT) :]) if on_server else None
    return UserState(
        UserRow(user_num, name or "", password or "", bool(hidden), failures, last_failure or NO_DATE),
        last_row.time if last_row is not None else practice.now(connection),
        frozenset(permission for permission, has in zip(RELEVANT, granted, strict=True) if has),
        _minutes(limit),
        last_row,
    )


_INACTIVITY_LIMIT = (
    select(PREFERENCE.c.value_string)
    .where(PREFERENCE.c.pref_name == "SecurityLogOffAfterMinutes")
    .limit(1)
    .scalar_subquery()
)


def _minutes(limit: str | None) -> int:
    """Return a preference's number of minutes.

    A text that is not a number, or a number too large to ever be reached, means never.
    """
    text = (limit or "").strip()
    return int(text) if re.fullmatch(r"[0-9]{1,9}", text) else 0


def opens_api_setup(permissions: Collection[Permission], needs: Sequence[Permission]) -> bool:
    """Return True if a user opens API Setup, which Open Dental records; others open the Audit Trail."""
    return Permission.SETUP in needs and Permission.SETUP in permissions


def window_name(needs: Sequence[Permission]) -> str:
    """Return the names of the windows that the permissions open."""
    return " or ".join("API Setup" if each is Permission.SETUP else "the Audit Trail" for each in needs)
