"""The three settings of the API Setup window, as values; how they are checked and worded."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

from core.base.errors import InvalidInput

MAX_INTERVAL = 100_000_000
MAX_TEXT_LENGTH = 40


@dataclass(frozen=True)
class PaymentType:
    """One payment type of the practice."""

    number: int
    name: str
    hidden: bool


@dataclass(frozen=True)
class ApiSettings:
    """The settings as they are stored; None where this database has no place for one."""

    enabled: bool | None
    interval: str | None
    """Minutes as text, as typed; blank means that subscriptions are off."""
    payment_type: int | None
    """A `PaymentType.number`; 0 when none was chosen yet."""


@dataclass(frozen=True)
class SettingsPage:
    """What the API Setup screen shows of the settings."""

    values: ApiSettings
    payment_types: tuple[PaymentType, ...]
    """The active ones in their order, then the current one if it is hidden or unknown."""
    missing: tuple[str, ...]
    """What this database has no place for, in words."""


@dataclass(frozen=True)
class SavedSettings:
    """What a save wrote: one phrase for each value that changed."""

    changes: tuple[str, ...]


def clean_interval(text: str) -> str:
    """The interval as it may be stored: blank, or minutes from 0 to 100,000,000, decimals allowed.

    Raises:
        InvalidInput: It is neither; the field is `interval`.
    """
    stripped = text.strip()
    if stripped == "":
        return ""
    if not re.fullmatch(r"[0-9]+(\.[0-9]*)?|\.[0-9]+", stripped):
        raise InvalidInput(
            "interval",
            "The subscription interval must be blank or a number of minutes.",
            "Digits, with a point before decimals; blank turns subscriptions off.",
        )
    if Decimal(stripped) > MAX_INTERVAL:
        raise InvalidInput("interval", "The subscription interval must not be above 100,000,000 minutes.")
    if len(stripped) > MAX_TEXT_LENGTH:
        raise InvalidInput("interval", f"The subscription interval must not be longer than {MAX_TEXT_LENGTH} digits.")
    return stripped


def format_enabled(enabled: bool | None) -> str:
    """On or off, as audit entries say it."""
    return "on" if enabled else "off"


def format_interval(interval: str | None) -> str:
    """The interval as audit entries say it."""
    if not interval:
        return "blank"
    return f"{interval} {'minute' if interval == '1' else 'minutes'}"


def format_payment_type(number: int | None, payment_types: tuple[PaymentType, ...]) -> str:
    """The payment type's name, as audit entries say it."""
    if not number:
        return "none"
    names = {payment_type.number: payment_type.name for payment_type in payment_types}
    return names.get(number, f"unknown type {number}")
