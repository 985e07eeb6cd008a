"""Waiting for a condition, with a deadline, while an application runs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

DEADLINE = 20.0


async def until(condition: Callable[[], bool]) -> None:
    """Let the application run until a condition is true."""
    async with asyncio.timeout(DEADLINE):
        while not condition():
            await asyncio.sleep(0.001)
