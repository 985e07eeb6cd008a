"""The state of the eConnector, computed from its signals exactly as Open Dental's own windows do.

Source: `EServiceSignals.cs` of Open Dental 24.3 (the same since 21.1). Times are the server's.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from core.opendental.log_hash import NO_DATE
from core.opendental.service_health import EServiceSeverity

LARGEST_SILENCE = timedelta(minutes=6)
"""The silence after which Open Dental calls the eConnector down. It writes every five minutes."""


class EConnectorState(Enum):
    """The states of the eConnector."""

    NEVER_INSTALLED = "never installed"
    MONITORING_STOPPED = "monitoring stopped"
    DOWN = "down"
    ERRORS = "running with errors"
    WORKING = "working"


@dataclass(frozen=True)
class ServiceSignal:
    """A row of `eservicesignal`."""

    severity: int
    moment: datetime
    """`NO_DATE` if the row has no valid time."""
    description: str = ""


@dataclass(frozen=True)
class EConnector:
    """The eConnector of a practice."""

    state: EConnectorState
    last_sign: datetime | None = None
    """The time of the newest signal that counts; None if there is none with a valid time."""
    is_critical: bool = False
    """True if it is down because it said so itself, not because it is silent."""
    errors: tuple[ServiceSignal, ...] = ()
    """The newest errors that nobody acknowledged, newest first."""
    error_count: int = 0
    """The number of all such errors."""


def evaluate_signals(
    newest: ServiceSignal | None, errors: tuple[ServiceSignal, ...], error_count: int, now: datetime
) -> EConnector:
    """Return the state of the eConnector.

    Args:
        newest: Its newest signal of the severities *not enabled*, *working*, *error* and *critical*; of several at one
            time, the most severe.
        errors: The newest errors that aren't acknowledged.
        error_count: The number of all of them.
        now: The server's time.
    """
    if newest is None:
        return EConnector(EConnectorState.NEVER_INSTALLED)
    last_sign = None if newest.moment == NO_DATE else newest.moment
    if newest.severity == EServiceSeverity.NOT_ENABLED:
        return EConnector(EConnectorState.MONITORING_STOPPED, last_sign)
    is_critical = newest.severity == EServiceSeverity.CRITICAL
    if is_critical or newest.moment < now - LARGEST_SILENCE:
        return EConnector(EConnectorState.DOWN, last_sign, is_critical, errors, error_count)
    state = EConnectorState.ERRORS if error_count else EConnectorState.WORKING
    return EConnector(state, last_sign, errors=errors, error_count=error_count)


def parse_computers(statistics: str) -> tuple[str, ...]:
    """Return the computers on which an eConnector ran in the last 23 hours, from the preference EConnectorStatistics.

    From 22.3 on the preference is usually compressed in a way that only Open Dental reads; then none is returned.
    """
    try:
        listed = json.loads(statistics)
    except (ValueError, RecursionError):
        return ()
    members = listed if isinstance(listed, list) else [listed]
    names = (each.get("EConnectorComputerName") for each in members if isinstance(each, dict))
    return tuple(dict.fromkeys(name for name in names if isinstance(name, str) and name))
