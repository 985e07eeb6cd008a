"""Detecting that no key was pressed for a while, with a single timer, so that an idle program rarely wakes up."""

from __future__ import annotations

from asyncio import AbstractEventLoop, TimerHandle
from collections.abc import Callable

MINUTE = 60.0
"""Seconds."""


class Inactivity:
    """A timer that expires if no key was pressed for a number of minutes.

    Args:
        on_expired: Called once when the timer expires. `start` starts it again.
    """

    def __init__(self, on_expired: Callable[[], object]) -> None:
        self._on_expired = on_expired
        self._loop: AbstractEventLoop | None = None
        self._timer: TimerHandle | None = None
        self._seconds = 0.0
        self._last_key = 0.0

    def start(self, loop: AbstractEventLoop, minutes: int | None) -> None:
        """Start or restart the timer. None and 0 minutes mean no limit; the timer then stays off."""
        self.stop()
        if minutes:
            self._loop, self._seconds, self._last_key = loop, minutes * MINUTE, loop.time()
            self._schedule(loop, self._seconds)

    def stop(self) -> None:
        """Stop the timer."""
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop = None

    def key_pressed(self) -> None:
        """Restart the countdown."""
        if self._loop is not None:
            self._last_key = self._loop.time()

    def _schedule(self, loop: AbstractEventLoop, seconds: float) -> None:
        self._timer = loop.call_later(seconds, self._check, loop)

    def _check(self, loop: AbstractEventLoop) -> None:
        """Expire, or wait for the rest of the time if a key was pressed. A key press doesn't move the timer."""
        remaining = self._last_key + self._seconds - loop.time()
        if remaining > 0:
            self._schedule(loop, remaining)
            return
        self.stop()
        self._on_expired()


def shortest_limit(*minutes: int | None) -> int | None:
    """Return the shortest of several limits, or None if there is none. 0 and None mean no limit."""
    limits = [each for each in minutes if each]
    return min(limits) if limits else None
