"""The service for Open Dental's users: sign-in, sign-out and permissions."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

from sqlalchemy import select

from core.base.errors import LockedOut, NotAuthorized, NotPermitted, WrongNameOrPassword
from core.model.actor import Actor
from core.model.opening_events import ApiSetupOpened
from core.opendental.permission_types import Permission
from core.opendental.schema import GROUP_PERMISSION, USER_GROUP_ATTACH, USER_OD
from core.users.user_rows import (
    FAILURES_TO_LOCK,
    LOCK,
    RELEVANT,
    UserReplaced,
    UserState,
    find_user,
    opens_api_setup,
    read_state,
    window_name,
)

if TYPE_CHECKING:
    from datetime import datetime

    from core.base.secret import Secret
    from core.companion.sign_in_failures import SignInFailures
    from core.companion.store import Companion
    from core.model.logged_event import AuditEvent
    from core.practice.practice import Practice, UserName
    from core.users.sign_in_attempt import Attempt

READERS = (Permission.SETUP, Permission.AUDIT_TRAIL)
"""The permissions of which one is enough to read settings and keys. Changing them needs Setup."""


@dataclass(frozen=True)
class SignedIn:
    """A user who has signed in."""

    actor: Actor
    sees_audit_trail: bool
    """True if the user has the permission AuditTrail."""
    writable: bool
    """False if the database user may only read, so that nothing can be changed and no audit entry can be written."""
    has_setup: bool = True
    """True if the user has the permission Setup; without it, nothing can be changed."""
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
    has_blank_password: bool
    """True if anybody can sign in as this user without a password."""


class UserService:
    """Signs Open Dental's users in and out. What only a sign-in with a password needs is imported for it.

    Args:
        practice: The open practice.
        computer: The name of the computer for audit entries.
        companion: Where failed sign-ins are counted while nothing can be written to the practice. They count
            afterwards, too. None counts them until the end of the process.
    """

    def __init__(self, practice: Practice, computer: str, companion: Companion | None = None) -> None:
        self._practice = practice
        self._computer = computer
        self._companion = companion
        self._counts_in_practice = practice.read_only is None

    @cached_property
    def _failures(self) -> SignInFailures:
        from core.companion.sign_in_failures import SignInFailures

        return SignInFailures(self._companion)

    def sign_in(self, name: str, password: Secret, *needs: Permission) -> SignedIn:
        """Sign a user in by name and password.

        As in Open Dental, failures are counted in the user's row and recorded in the Audit Trail. However many
        attempts are made at once, no more passwords are judged than the lockout allows.

        Args:
            name: The name of an Open Dental user, in any case.
            password: The user's password.
            needs: The permissions of which the user must have one; Setup if none is given.

        Raises:
            WrongNameOrPassword: The name or the password is wrong, or the user is hidden.
            LockedOut: There were five consecutive failures, the last one within the last five minutes.
            NotAuthorized: The user has none of the permissions.
        """
        needs = needs or (Permission.SETUP,)
        try:
            return self._sign_in_as(find_user(self._practice, name), password, needs)
        except UserReplaced:
            # The names were read a moment ago, and this one was changed since.
            self._practice.user_names.forget()
        return self._sign_in_as(find_user(self._practice, name), password, needs)

    def _sign_in_as(self, user: UserName | None, password: Secret, needs: Sequence[Permission]) -> SignedIn:
        if user is None:
            from core.model.sign_in_events import UNKNOWN_USER, UserLogOnFailed

            # The name is not logged: it may be a password that was typed into the wrong field.
            self._log(Actor(0, "", self._computer), UserLogOnFailed(UNKNOWN_USER))
            raise WrongNameOrPassword
        from core.users.sign_in_attempt import Attempt

        actor = Actor(user.number, user.name, self._computer)
        attempt = Attempt(self._practice, user, password, needs, self._failures)
        signed_in = self._sign_in(actor, attempt)
        limit = attempt.state.log_off_after_minutes if attempt.state is not None else 0
        return replace(signed_in, log_off_after_minutes=limit)

    def account(self, name: str, *needs: Permission) -> SignedIn:
        """Sign in to the embedded practice as the user with the name of the operating-system account.

        Args:
            name: The name of the account.
            needs: The permissions of which the user must have one; Setup if none is given.

        Raises:
            NotAuthorized: There is no such user, the user is hidden, or the user has none of the permissions.
        """
        needs = needs or (Permission.SETUP,)
        user = find_user(self._practice, name)
        permissions = self._state(user).permissions if user else frozenset()
        if user is None or user.hidden or permissions.isdisjoint(needs):
            raise NotAuthorized(
                f"This practice file has no user {name} with access to {window_name(needs)}.",
                "Open it as the account that created it.",
            )
        actor = Actor(user.number, user.name, self._computer)
        return self._log_opening(actor, permissions, needs)

    def rights(self, name: str) -> UserRights | None:
        """Return the rights of the user with this name, or None if there is no such user. Nothing is written."""
        from core.opendental.password_hash import password_matches

        found = find_user(self._practice, name)
        if found is None:
            return None
        state = self._state(found)
        locked = state.user.recent_failures(state.now) >= FAILURES_TO_LOCK
        return UserRights(
            name=state.user.name,
            hidden=state.user.hidden,
            locked_until=state.user.last_failure + LOCK if locked else None,
            permissions=tuple(permission for permission in RELEVANT if permission in state.permissions),
            has_blank_password=password_matches(state.user.password, ""),
        )

    def permission_granters(self) -> tuple[str, ...]:
        """Return the names of the users who can grant permissions, those with SecurityAdmin."""
        query = (
            select(USER_OD.c.user_name)
            .join(USER_GROUP_ATTACH, USER_GROUP_ATTACH.c.user_num == USER_OD.c.user_num)
            .join(GROUP_PERMISSION, GROUP_PERMISSION.c.user_group_num == USER_GROUP_ATTACH.c.user_group_num)
            .where(
                GROUP_PERMISSION.c.perm_type == int(Permission.SECURITY_ADMIN),
                GROUP_PERMISSION.c.f_key == 0,
                USER_OD.c.is_hidden == 0,
            )
        )
        with self._practice.read() as connection:
            return tuple(sorted({name for name in connection.scalars(query) if name}))

    def sign_out(self, actor: Actor) -> None:
        """Record a sign-out in the Audit Trail, as Open Dental does."""
        from core.model.sign_in_events import UserLoggedOff

        self._log(actor, UserLoggedOff(actor.user_name))

    def log_off_idle(self, actor: Actor) -> None:
        """Record in the Audit Trail that the user was logged off after inactivity, as Open Dental does."""
        from core.model.sign_in_events import UserAutoLoggedOff

        self._log(actor, UserAutoLoggedOff(actor.user_name))

    def _sign_in(self, actor: Actor, attempt: Attempt) -> SignedIn:
        if self._counts_in_practice:
            try:
                return self._judge(actor, attempt)
            except NotPermitted:
                self._counts_in_practice = False
        return self._sign_in_counting_in_companion(actor, attempt)

    def _state(self, user: UserName) -> UserState:
        with self._practice.read() as connection:
            return read_state(connection, self._practice, user)

    def _judge(self, actor: Actor, attempt: Attempt) -> SignedIn:
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
        return _signed_in(actor, attempt.permissions, writable=True)

    def _sign_in_counting_in_companion(self, actor: Actor, attempt: Attempt) -> SignedIn:
        """Sign a user in although failures can't be counted in the practice: they are counted in the companion.

        An attempt is counted before its password is compared, and the count is taken back if it is right.
        """
        from core.model.sign_in_events import UserLogOnFailed
        from core.users.sign_in_attempt import Claim, find_refusal

        with self._practice.read() as connection:
            state = attempt.read(connection)
        user, now = state.user, state.now
        claim = Claim(user.recent_failures(now), now)
        if not user.hidden:
            self._failures.change(actor.user_num, claim.take)
            if claim.locked_until is not None:
                until = max(claim.locked_until, user.last_failure + LOCK)
                self._log(actor, UserLogOnFailed(user.name))
                raise LockedOut(until)
        refusal = find_refusal(user, attempt.password, now, state.permissions, attempt.needs)
        if not user.hidden and not isinstance(refusal, WrongNameOrPassword):
            self._failures.change(actor.user_num, claim.give_back)
        if refusal is not None:
            self._log(actor, UserLogOnFailed(user.name))
            raise refusal
        try:
            with self._practice.unit_of_work(actor, *attempt.entries):
                pass
        except NotPermitted:
            return _signed_in(actor, attempt.permissions, writable=False)
        return _signed_in(actor, attempt.permissions, writable=True)

    def _log_opening(self, actor: Actor, permissions: Collection[Permission], needs: Sequence[Permission]) -> SignedIn:
        """Record in the Audit Trail that API Setup was opened, if the user has its permission and asked for it.

        If nothing can be written, the user can still read.
        """
        writable = self._practice.read_only is None
        if opens_api_setup(permissions, needs):
            try:
                with self._practice.unit_of_work(actor, ApiSetupOpened()):
                    pass
            except NotPermitted:
                writable = False
        return _signed_in(actor, permissions, writable=writable)

    def _log(self, actor: Actor, event: AuditEvent) -> None:
        try:
            with self._practice.unit_of_work(actor, event):
                pass
        except NotPermitted:
            return


def _signed_in(actor: Actor, permissions: Collection[Permission], *, writable: bool) -> SignedIn:
    return SignedIn(actor, Permission.AUDIT_TRAIL in permissions, writable, Permission.SETUP in permissions)
