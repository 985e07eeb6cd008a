"""The service for Open Dental's users: sign-in, sign-out, and who may do what."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from sqlalchemy import case, literal, select, update
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
LOCK = timedelta(minutes=5)


@dataclass(frozen=True)
class SignedIn:
    """A user who may use API Setup."""

    actor: Actor
    sees_audit_trail: bool
    """Whether the user has the permission AuditTrail."""
    writable: bool
    """False where the database user may only read: nothing of this visit can be logged or changed."""
    log_off_after_minutes: int = field(default=0, compare=False)
    """After how many minutes without a key Open Dental logs its users off; 0 is never."""


@dataclass(frozen=True)
class UserRights:
    """What a user of Open Dental could do here, without having signed in."""

    name: str
    """As Open Dental has it."""
    hidden: bool
    locked_until: datetime | None
    permissions: tuple[Permission, ...]
    """Those of Setup, AuditTrail and SecurityAdmin that the user has."""


class UserService:
    """Signs Open Dental's users in and out."""

    def __init__(self, practice: Practice, computer: str) -> None:
        self._practice = practice
        self._computer = computer

    def sign_in(self, name: str, password: Secret, needs: Permission = Permission.SETUP) -> SignedIn:
        """Sign a user in by name and password, as Open Dental does; failures are counted and logged.

        Args:
            name: The name of an Open Dental user.
            password: That user's password.
            needs: The permission without which the user has nothing to do here.

        Raises:
            WrongNameOrPassword: One or the other.
            LockedOut: After five failures in a row, for five minutes from the last.
            NotAuthorized: The user lacks the permission.
        """
        with self._practice.read() as session:
            user = _find(session, name)
            now = self._practice.now(session)
            permissions = _permissions(session, user.number) if user else set()
            limit = _log_off_after(session)
        if user is None:
            # What was typed may be a password in the wrong field, so it is not logged.
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
        return replace(self._welcome(actor, user, permissions, needs), log_off_after_minutes=limit)

    def account(self, name: str, needs: Permission = Permission.SETUP) -> SignedIn:
        """Open the embedded practice as the user named after the operating-system account.

        Raises:
            NotAuthorized: This practice has no such user, or the user lacks the permission.
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
        return self._opened(actor, permissions, needs)

    def rights(self, name: str) -> UserRights | None:
        """What a user could do here, found by the name only; None where there is no such user. Nothing is written."""
        asked = (Permission.SETUP, Permission.AUDIT_TRAIL, Permission.SECURITY_ADMIN)
        with self._practice.read() as session:
            user = _find(session, name)
            now = self._practice.now(session)
            there = _permissions(session, user.number) if user else set()
        if user is None:
            return None
        locked = user.failures >= FAILURES_TO_LOCK and now - user.last_failure <= LOCK
        return UserRights(
            name=user.name,
            hidden=user.hidden,
            locked_until=user.last_failure + LOCK if locked else None,
            permissions=tuple(permission for permission in asked if permission in there),
        )

    def permission_granters(self) -> tuple[str, ...]:
        """The names of the users who can grant permissions: those with SecurityAdmin."""
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
        """Log that the user left, as Open Dental does."""
        self._log(actor, UserLoggedOff(actor.user_name))

    def log_off_idle(self, actor: Actor) -> None:
        """Log that the user was logged off for pressing no key, as Open Dental does."""
        self._log(actor, UserAutoLoggedOff(actor.user_name))

    def _welcome(self, actor: Actor, user: _User, permissions: set[int], needs: Permission) -> SignedIn:
        try:
            with self._practice.unit_of_work(actor, UserLoggedOn(user.name)) as work:
                if user.failures:
                    work.compare_and_set(UserOd.failed_attempts, UserOd.user_num, user.number, user.failures, 0)
        except NotPermitted:
            return SignedIn(actor, Permission.AUDIT_TRAIL in permissions, writable=False)
        return self._opened(actor, permissions, needs)

    def _opened(self, actor: Actor, permissions: set[int], needs: Permission) -> SignedIn:
        """Log that API Setup was opened, if it is; where nothing can be written, reading goes on all the same."""
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
        # Counted by the database: two failures at the same moment are two.
        count = literal(1) if first else case((UserOd.failed_attempts < 255, UserOd.failed_attempts + 1), else_=255)
        try:
            with self._practice.unit_of_work(actor, UserLogOnFailed(user.name)) as work:
                row = update(UserOd).where(UserOd.user_num == user.number)
                failed = row.values(failed_attempts=count, date_t_fail=self._practice.now_expression())
                before = row.where(UserOd.failed_attempts == (1 if first else user.failures + 1)).values(
                    failed_attempts=user.failures, date_t_fail=user.last_failure
                )
                work.run_compensated(lambda: work.session.execute(failed), lambda session: session.execute(before))
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
    """The user of that name, whose case does not count; a visible one before a hidden one."""
    query = select(
        UserOd.user_num, UserOd.user_name, UserOd.password, UserOd.is_hidden, UserOd.failed_attempts, UserOd.date_t_fail
    ).order_by(UserOd.is_hidden, UserOd.user_num)
    wanted = name.strip().casefold()
    for number, user_name, password, hidden, failures, last_failure in session.execute(query).all():
        if wanted and (user_name or "").casefold() == wanted:
            return _User(number, user_name or "", password or "", bool(hidden), failures, last_failure or NO_DATE)
    return None


def _permissions(session: Session, user_num: int) -> set[int]:
    query = (
        select(GroupPermission.perm_type)
        .join(UserGroupAttach, UserGroupAttach.user_group_num == GroupPermission.user_group_num)
        .where(UserGroupAttach.user_num == user_num, GroupPermission.f_key == 0)
    )
    return set(session.scalars(query))


def _log_off_after(session: Session) -> int:
    """The practice's own limit in minutes; 0, also where it is no number or one that is never reached, is never."""
    query = select(Preference.value_string).where(Preference.pref_name == "SecurityLogOffAfterMinutes").limit(1)
    words = (session.scalar(query) or "").strip()
    return int(words) if re.fullmatch(r"[0-9]{1,9}", words) else 0


def _refusal(
    user: _User, password: Secret, now: datetime, permissions: set[int], needs: Permission
) -> SignInRefused | None:
    """Why a known user may not sign in; None when nothing speaks against it."""
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
