"""Failed sign-ins, counted here while nothing can be written to the practice. They count whenever it can, too."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock

from sqlalchemy import Connection, delete, insert, select

from core.base.errors import NotPermitted, PracticeUnavailable
from core.companion.store import Companion
from core.companion.tables.sign_in_failures import SIGN_IN_FAILURE

_logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class FailureCount:
    """The failures of a user in a row."""

    failures: int
    last_failure: datetime


Change = Callable[[FailureCount | None], FailureCount | None]
"""Returns the next count for the present one; None stands for no failures."""


@dataclass
class SignInFailures:
    """Counts failed sign-ins in the companion, or until the end of the process if that can't be written.

    Args:
        companion: Where they are counted; None to count them in this process only.
    """

    companion: Companion | None = None
    _lock: Lock = field(default_factory=Lock, repr=False)
    _counts: dict[int, FailureCount] = field(default_factory=dict, repr=False)

    def change(self, user_num: int, change: Change) -> FailureCount | None:
        """Change the count of a user, while nobody else does, and return the count before."""
        try:
            if self.companion is not None:
                with self.companion.write() as connection:
                    return _change_row(connection, user_num, change)
        except (PracticeUnavailable, NotPermitted) as error:
            _logger.warning("Failed sign-ins are counted only until this program ends: %s", error)
        with self._lock:
            before = self._counts.get(user_num)
            after = change(before)
            self._counts = {number: each for number, each in self._counts.items() if number != user_num}
            if after is not None:
                self._counts[user_num] = after
            return before

    def present(self, user_num: int) -> FailureCount | None:
        """Return the count of a user; None for no failures."""
        counted = [self._counts.get(user_num)]
        try:
            if self.companion is not None:
                with self.companion.read() as connection:
                    counted.append(_read_count(connection, user_num))
        except PracticeUnavailable as error:
            _logger.warning("Failed sign-ins that were counted in the companion are not known: %s", error)
        return max((each for each in counted if each is not None), key=lambda each: each.last_failure, default=None)


def _change_row(connection: Connection, user_num: int, change: Change) -> FailureCount | None:
    # The transaction began by locking the file, so no other process changes the row in between.
    before = _read_count(connection, user_num)
    after = change(before)
    if after != before:
        connection.execute(delete(SIGN_IN_FAILURE).where(SIGN_IN_FAILURE.c.user_num == user_num))
        if after is not None:
            values = {"failures": after.failures, "last_failure": after.last_failure}
            connection.execute(insert(SIGN_IN_FAILURE).values(user_num=user_num, **values))
    return before


def _read_count(connection: Connection, user_num: int) -> FailureCount | None:
    columns = select(SIGN_IN_FAILURE.c.failures, SIGN_IN_FAILURE.c.last_failure)
    row = connection.execute(columns.where(SIGN_IN_FAILURE.c.user_num == user_num)).one_or_none()
    return FailureCount(*row) if row is not None else None
