"""Detecting that no key was pressed for a while, with a single timer, so that an idle program rarely wakes up."""

from __future__ import annotations

import time
from asyncio import AbstractEventLoop, TimerHandle
from collections.abc import Callable

MINUTE = 60.0
"""Seconds."""


def seconds_awake_or_asleep() -> float:
    """Return a time that no setting of the clock changes, and that also passes while the computer sleeps."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


class Inactivity:
    """A timer that expires if no key was pressed for a number of minutes.

    Args:
        on_expired: Called once when the timer expires. `start` starts it again.
        clock: Returns the time in seconds. The event loop's own stands still while the computer sleeps.
    """

    def __init__(self, on_expired: Callable[[], object], clock: Callable[[], float] = seconds_awake_or_asleep) -> None:
        self._on_expired = on_expired
        self._clock = clock
        self._loop: AbstractEventLoop | None = None
        self._timer: TimerHandle | None = None
        self._seconds = 0.0
        self._last_key = 0.0

    def start(self, loop: AbstractEventLoop, minutes: int | None) -> None:
        """Start or restart the timer. None and 0 minutes mean no limit; the timer then stays off."""
        self.stop()
        if minutes:
            self._loop, self._seconds, self._last_key = loop, minutes * MINUTE, self._clock()
            self._schedule(loop, self._seconds)

    def stop(self) -> None:
        """Stop the timer."""
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop = None

    @property
    def is_running(self) -> bool:
        """True until the timer expires or is stopped."""
        return self._loop is not None

    def key_pressed(self) -> bool:
        """Restart the countdown.

        Returns:
            False if the limit was reached before this key, for example while the computer slept. Then the timer
            expires now, and the key must do nothing.
        """
        if self._loop is None:
            return True
        if self._clock() - self._last_key >= self._seconds:
            self._expire()
            return False
        self._last_key = self._clock()
        return True

    def _schedule(self, loop: AbstractEventLoop, seconds: float) -> None:
        self._timer = loop.call_later(seconds, self._check, loop)

    def _check(self, loop: AbstractEventLoop) -> None:
        """Expire, or wait for the rest of the time if a key was pressed. A key press doesn't move the timer."""
        remaining = self._last_key + self._seconds - self._clock()
        if remaining > 0:
            self._schedule(loop, remaining)
            return
        self._expire()

    def _expire(self) -> None:
        self.stop()
        self._on_expired()


def shortest_limit(*minutes: int | None) -> int | None:
    """Return the shortest of several limits, or None if there is none. 0 and None mean no limit."""
    limits = [each for each in minutes if each]
    return min(limits) if limits else None
