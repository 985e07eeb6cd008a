"""Days on the command line."""

from __future__ import annotations

from datetime import date

from core.base.errors import ConfigurationError


def parse_day(text: str) -> date:
    """Return the day that a text names, as YYYY-MM-DD.

    Raises:
        ConfigurationError: The text isn't a day.
    """
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise ConfigurationError(f"Not a valid date: {text}.", "Write it as YYYY-MM-DD.") from None


def parse_optional_day(text: str | None) -> date | None:
    """Return the day that a text names; None for no text or a blank one.

    Raises:
        ConfigurationError: The text isn't a day.
    """
    return parse_day(text) if text and text.strip() else None
