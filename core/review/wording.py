"""Numbers of days and keys in sentences."""

from __future__ import annotations


def days(number: int) -> str:
    """Return a number of days as text: `1 day`, `41 days`."""
    return f"{number:,} {'day' if number == 1 else 'days'}"


def keys(number: int) -> str:
    """Return a number of keys as text: `1 key`, `12 keys`."""
    return f"{number:,} {'key' if number == 1 else 'keys'}"
