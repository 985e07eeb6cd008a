"""The service for Open Dental's users: sign-in, sign-out and permissions."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TypeAlias

from sqlalchemy import Row, Select, case, select, update
from sqlalchemy.orm import Session

from core.base.errors import LockedOut, NotAuthorized, NotPermitted, SignInRefused, WrongNameOrPassword
from core.base.secret import Secret
from core.companion.sign_in_failures import FailureCount, SignInFailures
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
from core.practice.unit_of_work import UnitOfWork

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
        failures: Counts failed sign-ins while nothing can be written to the practice.
    """

    def __init__(self, practice: Practice, computer: str, failures: SignInFailures | None = None) -> None:
        self._practice = practice
        self._computer = computer
        self._failures = failures or SignInFailures()
        self._counts_in_practice = practice.read_only is None

    def sign_in(self, name: str, password: Secret, needs: Permission = Permission.SETUP) -> SignedIn:
        """Sign a user in by name and password.

        As in Open Dental, failures are counted in the user's row and recorded in the Audit Trail. However many
        attempts are made at once, no more passwords are judged than the lockout allows.

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
            limit = _inactivity_limit(session)
        if user is None:
            # The name is not logged: it may be a password that was typed into the wrong field.
            self._log(Actor(0, "", self._computer), UserLogOnFailed(UNKNOWN_USER))
            raise WrongNameOrPassword
        actor = Actor(user.number, user.name, self._computer)
        attempt = _Attempt(self._practice, user.number, password, needs)
        return replace(self._sign_in(actor, attempt), log_off_after_minutes=limit)

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
        locked = user.recent_failures(now) >= FAILURES_TO_LOCK
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

    def _sign_in(self, actor: Actor, attempt: _Attempt) -> SignedIn:
        if self._counts_in_practice:
            try:
                self._judge(actor, attempt)
                return self._log_opening(actor, attempt.permissions, attempt.needs)
            except NotPermitted:
                self._counts_in_practice = False
        return self._sign_in_counting_in_companion(actor, attempt)

    def _judge(self, actor: Actor, attempt: _Attempt) -> None:
        """Judge an attempt, and record its outcome in the user's row and in the Audit Trail.

        One attempt at a time: with transactions, the user's row is locked from before the password is compared until
        the failure is counted; without them (MyISAM), a lock of the server does the same among apisetup's processes.
        A process that dies in between leaves neither a count nor an entry, and nobody saw the outcome.
        """
        with (
            self._practice.exclusive(f"sign-in {actor.user_num}"),
            self._practice.unit_of_work(actor, decide=attempt.judge) as work,
        ):
            attempt.count(work)
        if attempt.refusal is not None:
            raise attempt.refusal

    def _sign_in_counting_in_companion(self, actor: Actor, attempt: _Attempt) -> SignedIn:
        """Sign a user in although failures can't be counted in the practice: they are counted in the companion.

        An attempt is counted before its password is compared, and the count is taken back if it is right.
        """
        with self._practice.read() as session:
            user = _reload(session, actor.user_num)
            now = self._practice.now(session)
            attempt.permissions = _permissions(session, actor.user_num)
        claim = _Claim(user.recent_failures(now), now)
        if not user.hidden:
            self._failures.change(actor.user_num, claim.take)
            if claim.locked_until is not None:
                until = max(claim.locked_until, user.last_failure + LOCK)
                self._log(actor, UserLogOnFailed(user.name))
                raise LockedOut(until)
        refusal = _refusal(user, attempt.password, now, attempt.permissions, attempt.needs)
        if not user.hidden and not isinstance(refusal, WrongNameOrPassword):
            self._failures.change(actor.user_num, claim.give_back)
        if refusal is not None:
            self._log(actor, UserLogOnFailed(user.name))
            raise refusal
        try:
            with self._practice.unit_of_work(actor, UserLoggedOn(user.name)):
                pass
        except NotPermitted:
            return SignedIn(actor, Permission.AUDIT_TRAIL in attempt.permissions, writable=False)
        return self._log_opening(actor, attempt.permissions, attempt.needs)

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

    def _log(self, actor: Actor, event: AuditEvent) -> None:
        try:
            with self._practice.unit_of_work(actor, event):
                pass
        except NotPermitted:
            return


_UserColumns: TypeAlias = tuple[int, str | None, str | None, int, int, datetime]


class _Attempt:
    """One attempt to sign in, judged within the unit of work that records its outcome.

    Args:
        practice: The open practice.
        user_num: The user.
        password: The password that was typed.
        needs: The permission that the user must have.

    Attributes:
        permissions: The user's permissions.
        refusal: Why the attempt failed; None if it succeeded.
    """

    def __init__(self, practice: Practice, user_num: int, password: Secret, needs: Permission) -> None:
        self.password = password
        self.needs = needs
        self.permissions: set[int] = set()
        self.refusal: SignInRefused | None = None
        self._practice = practice
        self._user_num = user_num
        self._user: _User | None = None
        self._now = NO_DATE

    def judge(self, session: Session) -> tuple[AuditEvent, ...]:
        """Lock the user's row, compare the password, and return the event to record."""
        if self._practice.profile.transactional:
            # Nothing is changed, but the row is locked until the end of the transaction. SELECT ... FOR UPDATE would
            # need rights on the whole table.
            unchanged = {UserOd.failed_attempts: UserOd.failed_attempts}
            session.execute(update(UserOd).where(UserOd.user_num == self._user_num).values(unchanged))
        user = self._user = _reload(session, self._user_num)
        self._now = self._practice.now(session)
        self.permissions = _permissions(session, user.number)
        self.refusal = _refusal(user, self.password, self._now, self.permissions, self.needs)
        return (UserLoggedOn(user.name) if self.refusal is None else UserLogOnFailed(user.name),)

    def count(self, work: UnitOfWork) -> None:
        """Count a failure, or begin again at 0 after a success, by Open Dental's rules."""
        user, now = self._user, self._now
        if user is None:
            return
        if self.refusal is None and user.failures and now - user.last_failure > LOCK:
            work.compare_and_set(UserOd.failed_attempts, UserOd.user_num, user.number, user.failures, 0)
        if isinstance(self.refusal, WrongNameOrPassword) and not user.hidden:
            self._count_failure(work, user, now)

    def _count_failure(self, work: UnitOfWork, user: _User, now: datetime) -> None:
        # The database counts, so it includes failures that another program counted since the user was read.
        is_first = UserOd.date_t_fail < now - LOCK
        count = case((is_first, 1), (UserOd.failed_attempts < 255, UserOd.failed_attempts + 1), else_=255)
        row = update(UserOd).where(UserOd.user_num == user.number)
        # In this order, because MySQL sets one column after the other and the count reads the old time.
        increment = row.ordered_values(
            (UserOd.failed_attempts, count), (UserOd.date_t_fail, self._practice.now_expression())
        )
        restore = row.where(UserOd.failed_attempts == user.recent_failures(now) + 1).values(
            failed_attempts=user.failures, date_t_fail=user.last_failure
        )
        work.run_compensated(lambda: work.session.execute(increment), lambda session: session.execute(restore))


class _Claim:
    """One attempt that is counted before it is judged.

    Args:
        counted_elsewhere: The user's recent failures that the practice counted.
        now: The time of the attempt.

    Attributes:
        locked_until: The end of the lock that refuses the attempt; None if it may be judged.
    """

    def __init__(self, counted_elsewhere: int, now: datetime) -> None:
        self.locked_until: datetime | None = None
        self._counted_elsewhere = counted_elsewhere
        self._now = now
        self._before: FailureCount | None = None
        self._taken: FailureCount | None = None

    def take(self, present: FailureCount | None) -> FailureCount | None:
        """Return the count with this attempt, or the present count if the user is locked."""
        recent = present if present is not None and self._now - present.last_failure <= LOCK else None
        failures = recent.failures if recent is not None else 0
        if failures + self._counted_elsewhere >= FAILURES_TO_LOCK:
            self.locked_until = (recent.last_failure if recent is not None else NO_DATE) + LOCK
            return present
        self._before, self._taken = recent, FailureCount(failures + 1, self._now)
        return self._taken

    def give_back(self, present: FailureCount | None) -> FailureCount | None:
        """Return the count without this attempt. Failures that came meanwhile stay."""
        if present is None or present == self._taken:
            return self._before
        return replace(present, failures=present.failures - 1)


@dataclass(frozen=True)
class _User:
    number: int
    name: str
    password: str
    hidden: bool
    failures: int
    last_failure: datetime

    def recent_failures(self, now: datetime) -> int:
        """Return the number of failures in a row that still count."""
        return self.failures if now - self.last_failure <= LOCK else 0


def _find(session: Session, name: str) -> _User | None:
    """Return the user with this name, regardless of case; a visible user comes before a hidden one."""
    folded = name.strip().casefold()
    for row in session.execute(_select_users().order_by(UserOd.is_hidden, UserOd.user_num)).all():
        user = _user(row)
        if folded and user.name.casefold() == folded:
            return user
    return None


def _reload(session: Session, number: int) -> _User:
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


def _user(row: Row[*_UserColumns]) -> _User:
    number, name, password, hidden, failures, last_failure = row
    return _User(number, name or "", password or "", bool(hidden), failures, last_failure or NO_DATE)


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
    if user.recent_failures(now) >= FAILURES_TO_LOCK:
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
