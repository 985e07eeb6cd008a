"""Tells what became of an interrupted sealing; the service for seals is imported only then."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from core.model.logged_event import SEAL, AuditEvent

if TYPE_CHECKING:
    from core.opendental.signals import SignalType
    from core.seals.service import SealService


class SealWitness:
    """Asks the service for seals about events that are about a seal.

    Args:
        service: Returns the service.
    """

    def __init__(self, service: Callable[[], SealService]) -> None:
        self._service = service

    def was_made(self, event: AuditEvent) -> bool | None:
        """Return True if a seal was kept, False if not, and None for another event."""
        return self._service().was_made(event) if event.description == SEAL else None

    def signals(self, event: AuditEvent) -> tuple[SignalType, ...]:  # noqa: ARG002 - as for every witness
        """Return no signals: no workstation caches seals."""
        return ()
