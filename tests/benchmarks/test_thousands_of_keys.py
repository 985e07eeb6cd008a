"""Thousands of keys at headquarters: the screen stays usable while they arrive, with every picture drawn."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from core.base.secret import Secret
from tests.support.headquarters_demo import cache_list, open_api_setup, registered_practice
from tests.support.headquarters_protocol import HeldKey
from tests.support.open_requests import DATABASE_PASSWORD, FILE, file_request, server_request
from tests.support.user_driver import SIZE, User
from tests.support.waiting import until
from tui.app import ApisetupApp

KEYS = 5_000
LONGEST_PAUSE = 0.5
"""The seconds for which the screen may not react."""


async def test_thousands_of_keys_do_not_block_the_screen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    file_request(FILE, demo=True).open(Secret("")).close()
    with registered_practice() as hq:
        for number in range(KEYS):
            key = HeldKey(f"Key{number:013d}", developer=f"Developer {number:04d}", permissions=("ApiReadAll",) * 9)
            hq.add_key(key)
        cache_list()
        app = ApisetupApp(server_request(password=DATABASE_PASSWORD))
        async with app.run_test(size=SIZE) as pilot:
            user = User(pilot)
            with measure_pauses() as pauses:
                await open_api_setup(user)
                await until(lambda: f"API keys: {KEYS + 3} · headquarters, 09:03:07" in user.text)
            assert len(user.list.rows) == KEYS + 3
            assert max(pauses) < LONGEST_PAUSE
            begin = time.perf_counter()
            await user.press("down")
            assert time.perf_counter() - begin < LONGEST_PAUSE
        app.commits.close()


@contextmanager
def measure_pauses() -> Iterator[list[float]]:
    """Measure, in seconds, how long the event loop was blocked at a time."""
    pauses: list[float] = [0.0]

    async def tick() -> None:
        while True:
            begin = time.perf_counter()
            await asyncio.sleep(0.01)
            pauses.append(time.perf_counter() - begin - 0.01)

    ticking = asyncio.get_running_loop().create_task(tick())
    try:
        yield pauses
    finally:
        ticking.cancel()
