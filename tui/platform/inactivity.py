"""Noticing that no key was pressed for a while, with one timer, so that an idle program hardly ever wakes up."""

from __future__ import annotations

from asyncio import AbstractEventLoop, TimerHandle
from collections.abc import Callable

MINUTE = 60.0
"""Seconds."""


class Inactivity:
    """Calls back when no key was pressed for a number of minutes.

    Args:
        expired: What is called then, once; `begin` starts anew.
    """

    def __init__(self, expired: Callable[[], object]) -> None:
        self._expired = expired
        self._loop: AbstractEventLoop | None = None
        self._timer: TimerHandle | None = None
        self._seconds = 0.0
        self._last = 0.0

    def begin(self, loop: AbstractEventLoop, minutes: int | None) -> None:
        """Count from now on; without a limit nothing is counted."""
        self.end()
        if minutes:
            self._loop, self._seconds, self._last = loop, minutes * MINUTE, loop.time()
            self._wait(loop, self._seconds)

    def end(self) -> None:
        """Count no more."""
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop = None

    def key_pressed(self) -> None:
        """Begin to count anew."""
        if self._loop is not None:
            self._last = self._loop.time()

    def _wait(self, loop: AbstractEventLoop, seconds: float) -> None:
        self._timer = loop.call_later(seconds, self._look, loop)

    def _look(self, loop: AbstractEventLoop) -> None:
        """See whether keys were pressed meanwhile; the timer is not moved at each of them."""
        left = self._last + self._seconds - loop.time()
        if left > 0:
            self._wait(loop, left)
            return
        self.end()
        self._expired()


def shorter(*minutes: int | None) -> int | None:
    """The shortest of several limits; 0 and None are none."""
    limits = [each for each in minutes if each]
    return min(limits) if limits else None
