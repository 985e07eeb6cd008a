"""Facts about subscriptions: their numbers' meanings, and how to tell whether one still works."""

from __future__ import annotations

from datetime import datetime, timedelta

ALL_WORKSTATIONS = "All Workstations"
"""The name of no workstation, by which 26.2.1 and later mean every one; before that the name is blank."""

HEARTBEAT_MAX_AGE = timedelta(minutes=4)
"""Open Dental writes a workstation's heartbeat every three minutes, and takes an older one for a closed program."""

KEPT_CHANGES = timedelta(days=3)
"""The changes that are sent again after a failure; older ones are lost."""

_EARLIEST = datetime(1880, 1, 1)
_FHIR_STATUSES = ("Requested", "Active", "Error", "Off")
_FHIR_CHANNELS = ("REST hook", "websocket", "e-mail", "SMS", "message")
_CONTACT_SYSTEMS = ("Phone", "Fax", "E-mail", "Pager", "Other")


def is_time(moment: datetime) -> bool:
    """Return False for a time that stands for none; Open Dental takes every date before 1880 for one."""
    return moment >= _EARLIEST


def watches_all(workstation: str) -> bool:
    """Return True if a subscription's workstation means every one."""
    return workstation.strip() in ("", ALL_WORKSTATIONS)


def latest_regular_run(polling_seconds: int) -> timedelta:
    """Return the age of the last run up to which a subscription counts as working."""
    return timedelta(seconds=max(3 * polling_seconds, polling_seconds + 60))


def fhir_status(number: int) -> str:
    """Return the name of a `SubStatus`."""
    return _name(_FHIR_STATUSES, number)


def fhir_channel(number: int) -> str:
    """Return the name of a `ChannelType`."""
    return _name(_FHIR_CHANNELS, number)


def contact_system(number: int) -> str:
    """Return the name of a `ContactSystem`."""
    return _name(_CONTACT_SYSTEMS, number)


def _name(names: tuple[str, ...], number: int) -> str:
    return names[number] if 0 <= number < len(names) else f"unknown ({number})"
