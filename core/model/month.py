"""A calendar month."""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import date, timedelta

from core.base.errors import InvalidInput

_NAMES = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
"""In English, whatever the locale."""
_FIRST_YEAR = 1970


@dataclass(frozen=True)
class Month:
    """A month of a year; `number` is 1 for January."""

    year: int
    number: int

    @property
    def first(self) -> date:
        """The first day."""
        return date(self.year, self.number, 1)

    @property
    def last(self) -> date:
        """The last day."""
        return date(self.year, self.number, calendar.monthrange(self.year, self.number)[1])

    @property
    def label(self) -> str:
        """The month for people: `November 2026`."""
        return f"{_NAMES[self.number - 1]} {self.year}"

    @property
    def before(self) -> Month:
        """The month before."""
        return Month.of(self.first - timedelta(days=1))

    def contains(self, day: date) -> bool:
        """Return True for a day of this month."""
        return self.first <= day <= self.last

    @classmethod
    def of(cls, day: date) -> Month:
        """Return the month of a day."""
        return cls(day.year, day.month)

    def __str__(self) -> str:
        return f"{self.year:04}-{self.number:02}"


def parse_month(text: str, today: date) -> Month:
    """Return the month that `2026-11`, `last` or `this` names.

    Args:
        text: The month as it was typed.
        today: Today's date, for `last`.

    Raises:
        InvalidInput: It's no month, or it hasn't begun; the field is `month`.
    """
    word = text.strip().casefold()
    this = Month.of(today)
    if word in ("last", "this"):
        return this.before if word == "last" else this
    found = re.fullmatch(r"([0-9]{4})-(0[1-9]|1[0-2])", word, re.ASCII)
    if found is None or int(found[1]) < _FIRST_YEAR:
        raise InvalidInput(
            "month", f"Not a month: {text.strip()}.", "Write it as 2026-11, or last for the month before."
        )
    month = Month(int(found[1]), int(found[2]))
    # A server's clock may be in another time zone, where tomorrow has begun.
    if month.first > today + timedelta(days=1):
        raise InvalidInput("month", f"{month.label} hasn't begun.", "Choose an earlier month.")
    return month
