"""Long work in the background of a screen, which shows its progress a few times a second."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from threading import Event
from typing import TypeVar

from textual.worker import WorkerCancelled, WorkerFailed

from tui.platform.workers import ServiceCaller

T = TypeVar("T")

_REDRAW_SECONDS = 0.25
"""The time between two pictures while answers arrive, so that a slow terminal is not flooded."""


class BackgroundWork:
    """Work on many offices in the background of a screen, which shows its progress a few times a second.

    Args:
        screen: The screen.
        show: Shows what is known now.
    """

    def __init__(self, screen: ServiceCaller, show: Callable[[], None]) -> None:
        self._screen = screen
        self._show = show
        self._stopped = Event()
        self._changed = False

    @property
    def stopped(self) -> Event:
        """Set once no further office is to be begun."""
        return self._stopped

    def note(self, _state: object) -> None:
        """Have the screen show something new; may be called in any thread."""
        self._changed = True

    async def run(self, work: Callable[[Event], T]) -> T:
        """Run blocking work in a thread and wait for it; its error is raised here."""
        self._stopped = Event()
        timer = self._screen.set_interval(_REDRAW_SECONDS, self._show_changes)
        worker = self._screen.run_in_thread(partial(work, self._stopped), "fleet")
        try:
            return await worker.wait()
        except WorkerCancelled:
            # The screen was closed; the thread ends after the office that it is at.
            raise asyncio.CancelledError from None
        except WorkerFailed as failed:
            raise failed.error from None
        finally:
            timer.stop()
            if self._screen.is_running:
                self._show()

    async def commit(self, work: Callable[[Event], T]) -> T:
        """Run a change in the thread of changes, which quitting waits for, and wait for it."""
        self._stopped = stopped = Event()
        timer = self._screen.set_interval(_REDRAW_SECONDS, self._show_changes)
        try:
            return await self._screen.commit(partial(work, stopped))
        finally:
            timer.stop()

    def stop(self) -> None:
        """Begin no further office."""
        self._stopped.set()

    def _show_changes(self) -> None:
        if self._changed:
            self._changed = False
            self._show()
