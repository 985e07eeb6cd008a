"""Statuses of customer API keys, and the changes that an office may make."""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum


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

WIRE_STATUSES: Mapping[str, KeyStatus] = {name: status for status, name in _WIRE_NAMES.items()} | {
    # Names that headquarters used in earlier years.
    "ReadEnabled": KeyStatus.ENABLED_READ_ONLY,
    "WritePending": KeyStatus.ENABLED_READ_ONLY,
    "WriteEnabled": KeyStatus.ENABLED,
}
"""The status for each name that headquarters is known to send."""


def status_from_wire(name: str) -> KeyStatus:
    """Return the status for a name sent by headquarters.

    As in Open Dental, an unknown name counts as disabled by headquarters.
    """
    return WIRE_STATUSES.get(name, KeyStatus.DISABLED_BY_HQ)
