"""The fleet of the offices in the configuration file, opened when a screen first needs it."""

from __future__ import annotations

import asyncio
from threading import Lock
from typing import TYPE_CHECKING

from tui.platform.inactivity import Inactivity, shortest_limit

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
        self._inactivity = Inactivity(self.sign_out)

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
            from core.fleet.store import FleetStore

            requests = self._catalog.open_requests()
            if self._fleet is None:
                clock = self._catalog.context.runtime.clock
                fleet = Fleet(requests, FleetStore(self.paths.fleet, clock), clock)
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

    def sign_out(self) -> bool:
        """Forget who is signed in; return True if somebody was."""
        if self._fleet is None or not self._fleet.is_signed_in:
            return False
        self._fleet.sign_out()
        return True
