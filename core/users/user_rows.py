"""The rows of Open Dental's users: names, passwords, failed sign-ins and permissions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeAlias

from sqlalchemy import Row, Select, select
from sqlalchemy.orm import Session

from core.base.errors import WrongNameOrPassword
from core.opendental.log_hash import NO_DATE
from core.opendental.schema import GroupPermission, UserGroupAttach, UserOd

FAILURES_TO_LOCK = 5
"""The number of consecutive failures after which a user is locked out."""
LOCK = timedelta(minutes=5)
"""The duration of a lockout, counted from the last failure."""


_UserColumns: TypeAlias = tuple[int, str | None, str | None, int, int, datetime]


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


def find_user(session: Session, name: str) -> UserRow | None:
    """Return the user with this name, regardless of case; a visible user comes before a hidden one."""
    folded = name.strip().casefold()
    for row in session.execute(_select_users().order_by(UserOd.is_hidden, UserOd.user_num)).all():
        user = _user(row)
        if folded and user.name.casefold() == folded:
            return user
    return None


def reload_user(session: Session, number: int) -> UserRow:
    """Return a user as the database has it now.

    Raises:
        WrongNameOrPassword: The user was deleted.
    """
    row = session.execute(_select_users().where(UserOd.user_num == number)).one_or_none()
    if row is None:
        raise WrongNameOrPassword
    return _user(row)


def _select_users() -> Select[*_UserColumns]:
    return select(
        UserOd.user_num, UserOd.user_name, UserOd.password, UserOd.is_hidden, UserOd.failed_attempts, UserOd.date_t_fail
    )


def _user(row: Row[*_UserColumns]) -> UserRow:
    number, name, password, hidden, failures, last_failure = row
    return UserRow(number, name or "", password or "", bool(hidden), failures, last_failure or NO_DATE)


def user_permissions(session: Session, user_num: int) -> set[int]:
    query = (
        select(GroupPermission.perm_type)
        .join(UserGroupAttach, UserGroupAttach.user_group_num == GroupPermission.user_group_num)
        .where(UserGroupAttach.user_num == user_num, GroupPermission.f_key == 0)
    )
    return set(session.scalars(query))
