"""Telling keys that somebody pressed from keys that arrive in a burst, as pasted text does.

A terminal marks a paste if it can, and Textual then delivers one `Paste` event. GNU screen and serial lines can't, so
the pasted text arrives as keys, each of which would do what it does when it is pressed.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable

from textual import events

BURST_GAP = 0.03
"""Seconds. Keys that arrive closer together weren't pressed one by one; a key that is held down repeats more slowly."""

_REMEMBERED = 16
"""The number of keys whose times are kept. A key that is older than these was followed by many others."""


class KeyPace:
    """Knows when the last keys arrived.

    Args:
        clock: Returns the time in seconds, as in the attribute `time` of events.
        sleep: Waits for some seconds of that time.
    """

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.clock = clock
        self.sleep = sleep
        self._arrived: deque[events.Event] = deque(maxlen=_REMEMBERED)

    def record(self, event: events.Key | events.Paste) -> None:
        """Remember a key or paste that has just arrived."""
        self._arrived.append(event)

    def came_alone(self, event: events.Key) -> bool:
        """Return True if no other key arrived within `BURST_GAP` of this one, as far as known now."""
        others = [each for each in self._arrived if each is not event]
        if len(others) == len(self._arrived):
            return False
        return all(abs(each.time - event.time) >= BURST_GAP for each in others)

    async def stays_alone(self, event: events.Key) -> bool:
        """Wait until a key can no longer be the first one of a burst; return False if it is part of one."""
        await self.sleep(BURST_GAP)
        return self.came_alone(event)

    async def is_quiet_around(self, moment: float) -> bool:
        """Wait until no burst can follow; return False if a key arrived within `BURST_GAP` of a moment in seconds."""
        await self.sleep(BURST_GAP)
        return all(abs(each.time - moment) >= BURST_GAP for each in self._arrived)

    async def last_came_alone(self) -> bool:
        """Wait until the last key can no longer be the first one of a burst; return False if it is part of one."""
        await self.sleep(BURST_GAP)
        if len(self._arrived) < 2:
            return True
        return self._arrived[-1].time - self._arrived[-2].time >= BURST_GAP
