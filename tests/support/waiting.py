"""Waiting for a condition while an application runs."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

DEADLINE = 20.0
"""Seconds after which a condition that is still false fails the test; generous, because tests run in parallel."""


async def until(condition: Callable[[], bool]) -> None:
    """Let the event loop run until a condition is true.

    Raises:
        TimeoutError: It is still false at the deadline.
    """
    async with asyncio.timeout(DEADLINE):
        while not condition():
            await asyncio.sleep(0.001)


def wait_until(condition: Callable[[], bool]) -> None:
    """Wait until another thread or process makes a condition true.

    Raises:
        TimeoutError: It is still false at the deadline.
    """
    end = time.monotonic() + DEADLINE
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError
        time.sleep(0.005)
