"""One attempt to sign in: judged, counted, and refused or not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import Connection, case, update

from core.base.errors import LockedOut, NotAuthorized, SignInRefused, WrongNameOrPassword
from core.companion.sign_in_failures import FailureCount, SignInFailures
from core.model.opening_events import ApiSetupOpened
from core.opendental.log_hash import NO_DATE
from core.opendental.password_hash import password_matches
from core.opendental.schema import USER_OD
from core.practice.unit_of_work import Decided, UnitOfWork
from core.users.user_rows import (
    FAILURES_TO_LOCK,
    LOCK,
    UserRow,
    UserState,
    opens_api_setup,
    read_state,
    window_name,
)

if TYPE_CHECKING:
    from core.base.secret import Secret
    from core.model.logged_event import AuditEvent
    from core.opendental.permission_types import Permission
    from core.practice.practice import Practice, UserName


class Attempt:
    """One attempt to sign in, judged within the unit of work that records its outcome.

    Args:
        practice: The open practice.
        user: The user, as found by name.
        password: The password that was typed.
        needs: The permissions of which the user must have one.
        failures: The failures that were counted while nothing could be written to the practice.

    Attributes:
        state: The user when the password was judged; None before.
        refusal: Why the attempt failed; None if it succeeded.
    """

    def __init__(
        self,
        practice: Practice,
        user: UserName,
        password: Secret,
        needs: Sequence[Permission],
        failures: SignInFailures,
    ) -> None:
        self.password = password
        self.needs = needs
        self.state: UserState | None = None
        self.refusal: SignInRefused | None = None
        self._practice = practice
        self._user = user
        self._failures = failures

    @property
    def permissions(self) -> frozenset[Permission]:
        """The user's permissions when the password was judged; empty before."""
        return self.state.permissions if self.state is not None else frozenset()

    @property
    def entries(self) -> tuple[AuditEvent, ...]:
        """The audit events of a sign-in that succeeded: the user logged on, and opened API Setup if they may."""
        from core.model.sign_in_events import UserLoggedOn

        if self.state is None:
            return ()
        opened = (ApiSetupOpened(),) if opens_api_setup(self.permissions, self.needs) else ()
        return (UserLoggedOn(self.state.user.name), *opened)

    def judge(self, connection: Connection) -> Decided:
        """Lock the user's row, compare the password, and return the events to record."""
        from core.model.sign_in_events import UserLogOnFailed

        if self._practice.profile.transactional:
            # Nothing is changed, but the row is locked until the end of the transaction. SELECT ... FOR UPDATE would
            # need rights on the whole table.
            unchanged = {USER_OD.c.failed_attempts: USER_OD.c.failed_attempts}
            connection.execute(update(USER_OD).where(USER_OD.c.user_num == self._user.number).values(unchanged))
        state = self.read(connection)
        elsewhere = self._failures.present(state.user.number)
        self.refusal = find_lock(state.user, elsewhere, state.now) or find_refusal(
            state.user, self.password, state.now, state.permissions, self.needs
        )
        events = self.entries if self.refusal is None else (UserLogOnFailed(state.user.name),)
        return Decided(events, state.last_row)

    def read(self, connection: Connection) -> UserState:
        """Read the user."""
        self.state = read_state(connection, self._practice, self._user)
        return self.state

    def count(self, work: UnitOfWork) -> None:
        """Count a failure, or begin again at 0 after a success, by Open Dental's rules."""
        if self.state is None:
            return
        user, now = self.state.user, self.state.now
        if self.refusal is None and user.failures and now - user.last_failure > LOCK:
            work.compare_and_set(USER_OD.c.failed_attempts, USER_OD.c.user_num, user.number, user.failures, 0)
        if isinstance(self.refusal, WrongNameOrPassword) and not user.hidden:
            self._count_failure(work, user, now)

    def _count_failure(self, work: UnitOfWork, user: UserRow, now: datetime) -> None:
        # The database counts, so it includes failures that another program counted since the user was read.
        is_first = USER_OD.c.date_t_fail < now - LOCK
        count = case((is_first, 1), (USER_OD.c.failed_attempts < 255, USER_OD.c.failed_attempts + 1), else_=255)
        row = update(USER_OD).where(USER_OD.c.user_num == user.number)
        # In this order, because MySQL sets one column after the other and the count reads the old time.
        increment = row.ordered_values(
            (USER_OD.c.failed_attempts, count), (USER_OD.c.date_t_fail, self._practice.now_expression())
        )
        restore = row.where(USER_OD.c.failed_attempts == user.recent_failures(now) + 1).values(
            failed_attempts=user.failures, date_t_fail=user.last_failure
        )
        work.run_compensated(lambda: work.connection.execute(increment), lambda connection: connection.execute(restore))


class Claim:
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


def find_lock(user: UserRow, elsewhere: FailureCount | None, now: datetime) -> LockedOut | None:
    """Return the error that refuses a user after five recent failures, in the practice and elsewhere together."""
    if user.hidden:
        return None
    recent = elsewhere if elsewhere is not None and now - elsewhere.last_failure <= LOCK else None
    failures = user.recent_failures(now) + (recent.failures if recent is not None else 0)
    if failures < FAILURES_TO_LOCK:
        return None
    return LockedOut(max(user.last_failure, recent.last_failure if recent is not None else NO_DATE) + LOCK)


def find_refusal(
    user: UserRow, password: Secret, now: datetime, permissions: frozenset[Permission], needs: Sequence[Permission]
) -> SignInRefused | None:
    """Return the error that refuses an existing user's sign-in, or None if the user may sign in."""
    if user.hidden:
        return WrongNameOrPassword()
    if user.recent_failures(now) >= FAILURES_TO_LOCK:
        return LockedOut(user.last_failure + LOCK)
    if not password_matches(user.password, password.reveal()):
        return WrongNameOrPassword()
    if permissions.isdisjoint(needs):
        names = " or ".join(each.label for each in needs)
        return NotAuthorized(
            f"The user {user.name} needs the permission {names} to open {window_name(needs)}.",
            "Someone with SecurityAdmin can grant it in Open Dental, Setup > Security.",
        )
    return None
