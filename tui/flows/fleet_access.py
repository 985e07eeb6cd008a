"""The fleet of the offices in the configuration file, opened when a screen first needs it."""

from __future__ import annotations

import asyncio
import time
from functools import partial
from threading import Event, Lock, Thread
from typing import TYPE_CHECKING

from tui.platform.inactivity import Inactivity, shortest_limit
from tui.platform.shell import SHUTDOWN_TIMEOUT

if TYPE_CHECKING:
    from core.fleet.fleet import Fleet
    from core.offices.catalog import OfficeCatalog
    from core.offices.paths import Paths


_SIGN_OUT_MINUTES = 15
"""The minutes without a key after which sign-ins to several offices end, unless the configuration says less."""


class FleetAccess:
    """Opens the fleet, and keeps it with its sign-ins until the program ends.

    Args:
        catalog: The offices of the configuration file.
    """

    def __init__(self, catalog: OfficeCatalog) -> None:
        self._catalog = catalog
        self._fleet: Fleet | None = None
        self._lock = Lock()
        self._stopped = Event()
        self._recording: list[Thread] = []
        self._inactivity = Inactivity(partial(self.sign_out, idle=True))

    @property
    def paths(self) -> Paths:
        """The paths of the program's own files."""
        return self._catalog.context.paths

    def open(self) -> Fleet:
        """Return the fleet with the offices that the catalog has now. Blocks, and imports the database libraries.

        Raises:
            PracticeUnavailable: The last answers can't be read.
        """
        with self._lock:
            from core.fleet.fleet import Fleet
            from core.fleet.opening import fleet_store

            requests = self._catalog.open_requests()
            if self._fleet is None:
                context = self._catalog.context
                fleet = Fleet(requests, fleet_store(context), context.runtime.clock)
                fleet.load()
                self._fleet = fleet
            else:
                self._fleet.use_requests(requests)
            return self._fleet

    def key_pressed(self) -> None:
        """Restart the countdown at whose end nobody is signed in any more, and start it at the first key."""
        if not self._inactivity.is_running:
            limits = (request.office.lock_after_minutes for request in self._catalog.open_requests())
            self._inactivity.start(asyncio.get_running_loop(), shortest_limit(_SIGN_OUT_MINUTES, *limits))
        self._inactivity.key_pressed()

    def sign_out(self, *, idle: bool = False) -> bool:
        """End all sign-ins at once, and record that in the offices, in a thread; return True if there were any.

        Args:
            idle: True if no key was pressed for a while.
        """
        if self._fleet is None or not self._fleet.is_signed_in:
            return False
        ended = self._fleet.sign_out()
        if ended:
            from core.fleet.sign_outs import record_sign_outs

            # As a daemon, so that a server that doesn't answer never keeps the program open.
            recording = Thread(
                target=partial(record_sign_outs, ended, self._stopped, idle=idle), name="sign-outs", daemon=True
            )
            self._recording = [each for each in self._recording if each.is_alive()] + [recording]
            recording.start()
        return True

    def sign_out_and_wait(self) -> None:
        """End all sign-ins, and wait until that is recorded, at most `SHUTDOWN_TIMEOUT`. Blocks."""
        self.sign_out()
        deadline = time.monotonic() + SHUTDOWN_TIMEOUT
        for recording in self._recording:
            recording.join(max(0.0, deadline - time.monotonic()))
        self._stopped.set()

    @property
    def is_recording(self) -> bool:
        """True if somebody is signed in, or sign-outs are being recorded, so that quitting takes a moment."""
        signed_in = self._fleet is not None and self._fleet.is_signed_in
        return signed_in or any(each.is_alive() for each in self._recording)
