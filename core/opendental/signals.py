"""Signals that make running workstations refresh their caches."""

from __future__ import annotations

from enum import IntEnum


class SignalType(IntEnum):
    """The signal types that this program sends, from Open Dental's enum `InvalidType`."""

    PREFS = 5
    PROGRAMS = 20
