"""The settings of the API Setup window as values, with their rules and their form in audit texts."""

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
    """True if it can't be chosen: it's hidden, or the practice doesn't have it."""
    known: bool = True
    """False if the practice has no payment type of this number."""


@dataclass(frozen=True)
class ApiSettings:
    """The settings as they are stored; None for one that this database doesn't have."""

    enabled: bool | None
    interval: str | None
    """Minutes as text, as typed; blank means that subscriptions are off."""
    payment_type: int | None
    """A `PaymentType.number`; 0 if none was chosen yet."""


@dataclass(frozen=True)
class SettingsPage:
    """The settings as the API Setup screen shows them."""

    values: ApiSettings
    payment_types: tuple[PaymentType, ...]
    """The active ones in order, then the current one if it is hidden or unknown."""
    missing: tuple[str, ...]
    """The settings that this database doesn't have, one sentence each."""
    warning: str = ""
    """The fault of the stored payment type, in a sentence; empty if it is one of the active ones."""


NOTHING_READ = SettingsPage(ApiSettings(None, None, None), (), ())
"""The page before anything was read."""


@dataclass(frozen=True)
class SavedSettings:
    """The result of a save: one phrase for each value that changed."""

    changes: tuple[str, ...]
    warning: str = ""
    """The fault of the payment type that was left as it is; empty if nothing is."""


def clean_interval(text: str) -> str:
    """Return an interval as it is stored: blank, or minutes from 0 to 100,000,000, decimals allowed.

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
            "Use digits, with a point before decimals. Leave it blank to turn subscriptions off.",
        )
    if Decimal(stripped) > MAX_INTERVAL:
        raise InvalidInput("interval", "The subscription interval must not be above 100,000,000 minutes.")
    if len(stripped) > MAX_TEXT_LENGTH:
        raise InvalidInput("interval", f"The subscription interval must not be longer than {MAX_TEXT_LENGTH} digits.")
    return stripped


def format_enabled(enabled: bool | None) -> str:
    """Return on or off, as audit texts show it."""
    return "on" if enabled else "off"


def format_interval(interval: str | None) -> str:
    """Return the interval as audit texts show it: `blank`, `1 minute`, `2.5 minutes`."""
    if not interval:
        return "blank"
    return f"{interval} {'minute' if interval == '1' else 'minutes'}"


def format_payment_type(number: int | None, payment_types: tuple[PaymentType, ...]) -> str:
    """Return the name of a payment type as audit texts show it."""
    if not number:
        return "none"
    names = {payment_type.number: payment_type.name for payment_type in payment_types}
    return names.get(number, f"unknown type {number}")
