"""Telling whether programs on other computers still run, for a journal on a server.

A program that has announced a change confirms every few seconds that it still runs, by the server's clock. It does so
only until the outcome is known, so that a program at rest sends nothing. A lock of the server's session would show at
once that a program was killed. But it would be lost with the connection, while the program may be in the middle of a
change; another program would then settle a change that is being made. So a program counts as ended only when it hasn't
confirmed for a while.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from threading import Event, Lock, Thread

from sqlalchemy import ColumnElement, Connection, Integer, literal_column

from core.base.errors import ApiSetupError

RENEW_SECONDS = 15
"""The time between two confirmations."""
LEASE_SECONDS = 90
"""The time without a confirmation after which a program counts as ended. Five of them may be lost in a row."""
_SECONDS = {
    "mysql": "UNIX_TIMESTAMP()",
    "postgresql": "CAST(EXTRACT(EPOCH FROM clock_timestamp()) AS BIGINT)",
}

_logger = logging.getLogger(__name__)


def server_seconds(connection: Connection) -> ColumnElement[int]:
    """Return the expression for the seconds since 1970 by the server's clock."""
    return literal_column(_SECONDS[connection.dialect.name], Integer)


def is_over(renewed_at: int | None, now: int) -> bool:
    """Return True if a program has not confirmed for so long that it counts as ended.

    Args:
        renewed_at: The time of its last confirmation, in seconds since 1970 by the server's clock.
        now: The present time by the same clock.
    """
    return now - (renewed_at or 0) > LEASE_SECONDS


class Heartbeat:
    """A thread that confirms that this program still runs, as long as a change is announced.

    Args:
        renew: Writes a confirmation; returns False if there is nothing left to confirm.
        seconds: The time between two confirmations.
    """

    def __init__(self, renew: Callable[[], bool], seconds: float = RENEW_SECONDS) -> None:
        self._renew = renew
        self._seconds = seconds
        self._stop = Event()
        self._lock = Lock()
        self._thread: Thread | None = None

    def start(self) -> None:
        """Start the thread unless it runs."""
        with self._lock:
            if self._thread is None and not self._stop.is_set():
                # As a daemon, since a program that ends confirms nothing any more.
                self._thread = Thread(target=self._run, name="companion heartbeat", daemon=True)
                self._thread.start()

    def stop(self) -> None:
        """End the thread for good, without waiting for a confirmation that is being written."""
        self._stop.set()

    def _run(self) -> None:
        while not self._stop.wait(self._seconds):
            if not self._renewed():
                return

    def _renewed(self) -> bool:
        """Confirm, and return False if the thread is to end."""
        with self._lock:
            try:
                if self._renew():
                    return True
            except ApiSetupError as error:
                # Tried again, since the server may be back before the time is over.
                _logger.warning("It could not be confirmed that this program still runs: %s", error)
                return True
            self._thread = None
            return False
