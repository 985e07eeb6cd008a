"""The numbers by which Open Dental's services report how they are doing."""

from __future__ import annotations

from enum import IntEnum


class EServiceCode(IntEnum):
    """The services that write `eservicesignal`, from Open Dental's enum `eServiceCode`; only those that are used."""

    ECONNECTOR = 1


class EServiceSeverity(IntEnum):
    """The severity of a signal, from Open Dental's enum `eServiceSignalSeverity`."""

    NONE = -1
    NOT_ENABLED = 0
    INFO = 1
    WORKING = 2
    WARNING = 3
    ERROR = 4
    CRITICAL = 5


class AlertType(IntEnum):
    """The alerts that concern the API, from Open Dental's enum `AlertType`."""

    MAX_CONNECTIONS = 8
    MULTIPLE_ECONNECTORS = 11
    ECONNECTOR_DOWN = 12
    """Made by a workstation, so it says nothing while none is open; the signals do."""
    ECONNECTOR_CLOCK = 24
