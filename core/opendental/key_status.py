"""Statuses of customer API keys, and the changes that an office may make."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import IntEnum
from functools import reduce
from operator import or_


class KeyStatus(IntEnum):
    """The status of a customer API key, numbered as in Open Dental."""

    UNKNOWN = 0
    ENABLED = 1
    DISABLED_BY_CUSTOMER = 2
    DISABLED_BY_DEVELOPER = 3
    DISABLED_BY_HQ = 4
    ENABLED_READ_ONLY = 5

    @property
    def label(self) -> str:
        """The text that Open Dental shows for the status."""
        return _LABELS[self]

    @property
    def wire_name(self) -> str:
        """The name of the status in the protocol between Open Dental and headquarters."""
        return _WIRE_NAMES[self]

    @property
    def enabled(self) -> bool:
        """True if Open Dental's list marks a key with this status as enabled."""
        return self in (KeyStatus.ENABLED, KeyStatus.ENABLED_READ_ONLY)

    @property
    def disabled(self) -> bool:
        """True if somebody disabled the key. An unknown status is neither enabled nor disabled."""
        return not self.enabled and self is not KeyStatus.UNKNOWN

    @property
    def office_may_change_to(self) -> KeyStatus | None:
        """The only status that the office may set next; None if the office can't change this one."""
        if self.enabled:
            return KeyStatus.DISABLED_BY_CUSTOMER
        if self is KeyStatus.DISABLED_BY_CUSTOMER:
            return KeyStatus.ENABLED
        return None


_LABELS = {
    KeyStatus.UNKNOWN: "Unknown",
    KeyStatus.ENABLED: "Enabled",
    KeyStatus.DISABLED_BY_CUSTOMER: "Disabled by Customer",
    KeyStatus.DISABLED_BY_DEVELOPER: "Disabled by Developer",
    KeyStatus.DISABLED_BY_HQ: "Disabled by Open Dental",
    KeyStatus.ENABLED_READ_ONLY: "Read Enabled",
}

_WIRE_NAMES = {
    KeyStatus.UNKNOWN: "Unknown",
    KeyStatus.ENABLED: "Enabled",
    KeyStatus.DISABLED_BY_CUSTOMER: "DisabledByCustomer",
    KeyStatus.DISABLED_BY_DEVELOPER: "DisabledByDeveloper",
    KeyStatus.DISABLED_BY_HQ: "DisabledByHQ",
    KeyStatus.ENABLED_READ_ONLY: "EnabledReadOnly",
}

_BY_NUMBER = {int(status): status for status in KeyStatus}

WIRE_STATUSES: Mapping[str, KeyStatus] = {name: status for status, name in _WIRE_NAMES.items()} | {
    # Names that headquarters used in earlier years.
    "ReadEnabled": KeyStatus.ENABLED_READ_ONLY,
    "WritePending": KeyStatus.ENABLED_READ_ONLY,
    "WriteEnabled": KeyStatus.ENABLED,
    "Disabled": KeyStatus.DISABLED_BY_HQ,
    "WriteDisabled": KeyStatus.DISABLED_BY_HQ,
}
"""The status for each name that headquarters is known to send."""


def parse_wire_status(text: str) -> KeyStatus | None:
    """Return the status for a text sent by headquarters, or None if it's neither a known name nor a number.

    Open Dental reads the present names with .NET's `Enum.TryParse`, and so do we: names are case-sensitive, white space
    around them is ignored, several names with commas in between are combined bit by bit, and a number is taken as the
    value. A number that no status has is `UNKNOWN`.
    """
    name = text.strip()
    if name in WIRE_STATUSES:
        return WIRE_STATUSES[name]
    number = parse_wire_number(name)
    if number is None:
        numbers = {wire_name: int(status) for status, wire_name in _WIRE_NAMES.items()}
        names = [each.strip() for each in name.split(",")]
        if not all(each in numbers for each in names):
            return None
        number = reduce(or_, (numbers[each] for each in names))
    return _BY_NUMBER.get(number, KeyStatus.UNKNOWN)


def parse_wire_number(text: str) -> int | None:
    """Return the number that .NET's `Enum.TryParse` reads from a text, 32 bits with or without a sign; else None."""
    if not re.fullmatch(r"[+-]?\d+", text.strip(), re.ASCII) or len(text) > _MAX_NUMBER_LENGTH:
        return None
    number = int(text)
    return number if -(2**31) <= number < 2**31 else None


_MAX_NUMBER_LENGTH = 100
"""A bound, since Python refuses to read very long numbers."""


def status_from_wire(text: str) -> KeyStatus:
    """Return the status for a text sent by headquarters.

    As in Open Dental, an unknown name counts as disabled by headquarters.
    """
    status = parse_wire_status(text)
    return KeyStatus.DISABLED_BY_HQ if status is None else status
