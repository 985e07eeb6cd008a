"""The service for Open Dental's users: sign-in, sign-out and permissions."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from sqlalchemy import case, or_, select, update
from sqlalchemy.orm import Session

from core.base.errors import LockedOut, NotAuthorized, NotPermitted, SignInRefused, WrongNameOrPassword
from core.base.secret import Secret
from core.model.actor import Actor
from core.model.audit_events import (
    UNKNOWN_USER,
    ApiSetupOpened,
    UserAutoLoggedOff,
    UserLoggedOff,
    UserLoggedOn,
    UserLogOnFailed,
)
from core.model.logged_event import AuditEvent
from core.opendental.log_hash import NO_DATE
from core.opendental.password_hash import password_matches
from core.opendental.permission_types import Permission
from core.opendental.schema import GroupPermission, Preference, UserGroupAttach, UserOd
from core.practice.practice import Practice

FAILURES_TO_LOCK = 5
"""The number of consecutive failures after which a user is locked out."""
LOCK = timedelta(minutes=5)
"""The duration of a lockout, counted from the last failure."""


@dataclass(frozen=True)
class SignedIn:
    """A user who has signed in."""

    actor: Actor
    sees_audit_trail: bool
    """True if the user has the permission AuditTrail."""
    writable: bool
    """False if the database user may only read, so that nothing can be changed and no audit entry can be written."""
    log_off_after_minutes: int = field(default=0, compare=False)
    """The minutes of inactivity after which Open Dental logs its users off; 0 for never."""


@dataclass(frozen=True)
class UserRights:
    """The rights of an Open Dental user, read without signing in."""

    name: str
    """The name as spelled in Open Dental."""
    hidden: bool
    locked_until: datetime | None
    permissions: tuple[Permission, ...]
    """The permissions that the user has, out of Setup, AuditTrail and SecurityAdmin."""


class UserService:
    """Signs Open Dental's users in and out.

    Args:
        practice: The open practice.
        computer: The name of the computer for audit entries.
    """

    def __init__(self, practice: Practice, computer: str) -> None:
        self._practice = practice
        self._computer = computer

    def sign_in(self, name: str, password: Secret, needs: Permission = Permission.SETUP) -> SignedIn:
        """Sign a user in by name and password.

        As in Open Dental, failures are counted in the user's row and recorded in the Audit Trail.

        Args:
            name: The name of an Open Dental user, in any case.
            password: The user's password.
            needs: The permission that the user must have.

        Raises:
            WrongNameOrPassword: The name or the password is wrong, or the user is hidden.
            LockedOut: There were five consecutive failures, the last one within the last five minutes.
            NotAuthorized: The user lacks the permission.
        """
        with self._practice.read() as session:
            user = _find(session, name)
            now = self._practice.now(session)
            permissions = _permissions(session, user.number) if user else set()
            limit = _inactivity_limit(session)
        if user is None:
            # The name is not logged: it may be a password that was typed into the wrong field.
            self._log(Actor(0, "", self._computer), UserLogOnFailed(UNKNOWN_USER))
            raise WrongNameOrPassword
        actor = Actor(user.number, user.name, self._computer)
        refusal = _refusal(user, password, now, permissions, needs)
        if isinstance(refusal, WrongNameOrPassword) and not user.hidden:
            self._count_failure(actor, user, now)
            raise refusal
        if refusal is not None:
            self._log(actor, UserLogOnFailed(user.name))
            raise refusal
        return replace(self._complete_sign_in(actor, user, permissions, needs), log_off_after_minutes=limit)

    def account(self, name: str, needs: Permission = Permission.SETUP) -> SignedIn:
        """Sign in to the embedded practice as the user with the name of the operating-system account.

        Raises:
            NotAuthorized: The practice has no such user, the user is hidden, or the user lacks the permission.
        """
        with self._practice.read() as session:
            user = _find(session, name)
            permissions = _permissions(session, user.number) if user else set()
        if user is None or user.hidden or needs not in permissions:
            raise NotAuthorized(
                f"This practice file has no user {name} who may use {_window(needs)}.",
                "Open it as the account that created it.",
            )
        actor = Actor(user.number, user.name, self._computer)
        return self._log_opening(actor, permissions, needs)

    def rights(self, name: str) -> UserRights | None:
        """Return the rights of the user with this name, or None if there is no such user. Nothing is written."""
        relevant = (Permission.SETUP, Permission.AUDIT_TRAIL, Permission.SECURITY_ADMIN)
        with self._practice.read() as session:
            user = _find(session, name)
            now = self._practice.now(session)
            granted = _permissions(session, user.number) if user else set()
        if user is None:
            return None
        locked = user.failures >= FAILURES_TO_LOCK and now - user.last_failure <= LOCK
        return UserRights(
            name=user.name,
            hidden=user.hidden,
            locked_until=user.last_failure + LOCK if locked else None,
            permissions=tuple(permission for permission in relevant if permission in granted),
        )

    def permission_granters(self) -> tuple[str, ...]:
        """Return the names of the users who can grant permissions, those with SecurityAdmin."""
        query = (
            select(UserOd.user_name)
            .join(UserGroupAttach, UserGroupAttach.user_num == UserOd.user_num)
            .join(GroupPermission, GroupPermission.user_group_num == UserGroupAttach.user_group_num)
            .where(
                GroupPermission.perm_type == int(Permission.SECURITY_ADMIN),
                GroupPermission.f_key == 0,
                UserOd.is_hidden == 0,
            )
        )
        with self._practice.read() as session:
            return tuple(sorted({name for name in session.scalars(query) if name}))

    def sign_out(self, actor: Actor) -> None:
        """Record a sign-out in the Audit Trail, as Open Dental does."""
        self._log(actor, UserLoggedOff(actor.user_name))

    def log_off_idle(self, actor: Actor) -> None:
        """Record in the Audit Trail that the user was logged off after inactivity, as Open Dental does."""
        self._log(actor, UserAutoLoggedOff(actor.user_name))

    def _complete_sign_in(self, actor: Actor, user: _User, permissions: set[int], needs: Permission) -> SignedIn:
        """Record the sign-in in the Audit Trail and reset the count of failures."""
        try:
            with self._practice.unit_of_work(actor, UserLoggedOn(user.name)) as work:
                if user.failures:
                    work.compare_and_set(UserOd.failed_attempts, UserOd.user_num, user.number, user.failures, 0)
        except NotPermitted:
            return SignedIn(actor, Permission.AUDIT_TRAIL in permissions, writable=False)
        return self._log_opening(actor, permissions, needs)

    def _log_opening(self, actor: Actor, permissions: set[int], needs: Permission) -> SignedIn:
        """Record in the Audit Trail that API Setup was opened, if `needs` is its permission.

        If nothing can be written, the user can still read.
        """
        writable = True
        if needs is Permission.SETUP:
            try:
                with self._practice.unit_of_work(actor, ApiSetupOpened()):
                    pass
            except NotPermitted:
                writable = False
        return SignedIn(actor, Permission.AUDIT_TRAIL in permissions, writable)

    def _count_failure(self, actor: Actor, user: _User, now: datetime) -> None:
        first = now - user.last_failure > LOCK or user.failures == 0
        # The database counts, so it includes failures since the user was read: two simultaneous failures are two, even
        # if both are the first.
        is_first = or_(UserOd.failed_attempts == 0, UserOd.date_t_fail.is_(None), UserOd.date_t_fail < now - LOCK)
        count = case((is_first, 1), (UserOd.failed_attempts < 255, UserOd.failed_attempts + 1), else_=255)
        try:
            with self._practice.unit_of_work(actor, UserLogOnFailed(user.name)) as work:
                row = update(UserOd).where(UserOd.user_num == user.number)
                # In this order, because MySQL sets one column after the other and the count reads the old time.
                increment = row.ordered_values(
                    (UserOd.failed_attempts, count), (UserOd.date_t_fail, self._practice.now_expression())
                )
                restore = row.where(UserOd.failed_attempts == (1 if first else user.failures + 1)).values(
                    failed_attempts=user.failures, date_t_fail=user.last_failure
                )
                work.run_compensated(lambda: work.session.execute(increment), lambda session: session.execute(restore))
        except NotPermitted:
            return

    def _log(self, actor: Actor, event: AuditEvent) -> None:
        try:
            with self._practice.unit_of_work(actor, event):
                pass
        except NotPermitted:
            return


@dataclass(frozen=True)
class _User:
    number: int
    name: str
    password: str
    hidden: bool
    failures: int
    last_failure: datetime


def _find(session: Session, name: str) -> _User | None:
    """Return the user with this name, regardless of case; a visible user comes before a hidden one."""
    query = select(
        UserOd.user_num, UserOd.user_name, UserOd.password, UserOd.is_hidden, UserOd.failed_attempts, UserOd.date_t_fail
    ).order_by(UserOd.is_hidden, UserOd.user_num)
    folded = name.strip().casefold()
    for number, user_name, password, hidden, failures, last_failure in session.execute(query).all():
        if folded and (user_name or "").casefold() == folded:
            return _User(number, user_name or "", password or "", bool(hidden), failures, last_failure or NO_DATE)
    return None


def _permissions(session: Session, user_num: int) -> set[int]:
    query = (
        select(GroupPermission.perm_type)
        .join(UserGroupAttach, UserGroupAttach.user_group_num == GroupPermission.user_group_num)
        .where(UserGroupAttach.user_num == user_num, GroupPermission.f_key == 0)
    )
    return set(session.scalars(query))


def _inactivity_limit(session: Session) -> int:
    """Return the practice's limit in minutes, or 0 for never.

    A text that is not a number, or a number too large to ever be reached, also means never.
    """
    query = select(Preference.value_string).where(Preference.pref_name == "SecurityLogOffAfterMinutes").limit(1)
    text = (session.scalar(query) or "").strip()
    return int(text) if re.fullmatch(r"[0-9]{1,9}", text) else 0


def _refusal(
    user: _User, password: Secret, now: datetime, permissions: set[int], needs: Permission
) -> SignInRefused | None:
    """Return the error that refuses an existing user's sign-in, or None if the user may sign in."""
    if user.hidden:
        return WrongNameOrPassword()
    if user.failures >= FAILURES_TO_LOCK and now - user.last_failure <= LOCK:
        return LockedOut(user.last_failure + LOCK)
    if not password_matches(user.password, password.reveal()):
        return WrongNameOrPassword()
    if needs not in permissions:
        return NotAuthorized(
            f"The user {user.name} lacks the permission {needs.label}, without which {_window(needs)} does not open.",
            "Someone with SecurityAdmin can grant it in Open Dental, Setup > Security.",
        )
    return None


def _window(needs: Permission) -> str:
    return "API Setup" if needs is Permission.SETUP else "the Audit Trail"
