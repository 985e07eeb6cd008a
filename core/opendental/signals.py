"""Signals that make running workstations refresh their caches."""

from __future__ import annotations

from enum import IntEnum


class SignalType(IntEnum):
    """The signal types that this program sends, from Open Dental's enum `InvalidType`."""

    PREFS = 5
    DEFS = 14
    PROGRAMS = 20
    API_SUBSCRIPTIONS = 106
    """Since 22.4; earlier versions keep their subscriptions until a restart."""
