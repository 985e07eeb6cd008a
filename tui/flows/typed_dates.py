"""Dates that are typed in dialogs."""

from __future__ import annotations

from datetime import date

from core.base.errors import InvalidInput

DATE_FORM = "YYYY-MM-DD"


def parse_date_field(field: str, text: str) -> date | None:
    """Return the day that a text names; None for a blank text.

    Args:
        field: The field of the dialog.
        text: The text as typed.

    Raises:
        InvalidInput: The text isn't a day.
    """
    if not text.strip():
        return None
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise InvalidInput(field, f"Not a valid date: {text.strip()}.", f"Write it as {DATE_FORM}.") from None


def require_date_field(field: str, text: str) -> date:
    """Return the day that a text names.

    Raises:
        InvalidInput: The text is blank, or isn't a day.
    """
    day = parse_date_field(field, text)
    if day is None:
        raise InvalidInput(field, "The date is missing.", f"Write it as {DATE_FORM}.")
    return day
