"""The signals by which running workstations drop what they have cached."""

from __future__ import annotations

from enum import IntEnum


class SignalType(IntEnum):
    """The kinds that this program sends: Open Dental's `InvalidType`."""

    PREFS = 5
    PROGRAMS = 20
