"""The filter of the Audit Trail as a value, and the users that it can name."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

NO_USER = 0
"""The user number of entries that no user made."""
DEFAULT_PERIOD = timedelta(days=10)
"""The period that Open Dental's own window shows at first."""


@dataclass(frozen=True)
class Alternatives:
    """A condition on one field that `AuditFilter` has no attribute for: several values, a second text, an exclusion."""

    field: str
    """`permission`, `user`, `source`, `computer` or `text`."""
    values: tuple[int, ...] | tuple[str, ...]
    """An entry must have one of them: a number, or a text that it contains."""
    excluded: bool = False
    """True if an entry must have none of them instead."""


@dataclass(frozen=True)
class AuditFilter:
    """The conditions that an entry must meet to be listed.

    None, an empty text and False set no condition.
    """

    since: date | None = None
    """The first day to list."""
    until: date | None = None
    """The last day to list."""
    permission: int | None = None
    user: int | None = None
    """A user number; `NO_USER` for entries without a user."""
    source: int | None = None
    computer: str = ""
    text: str = ""
    ours: bool = False
    """Only entries that API Setup wrote, this program's or Open Dental's own."""
    suspect: bool = False
    """Only entries whose hash doesn't match or is missing."""
    more: tuple[Alternatives, ...] = ()
    """Further conditions, all of which an entry must meet."""

    @property
    def only_dates(self) -> bool:
        """True if the filter sets no condition other than dates."""
        return replace(self, since=None, until=None) == AuditFilter()

    def with_value(self, field: str, value: int | None) -> AuditFilter:
        """Return the same filter with another number of a user, a permission or a source; None for any."""
        more = tuple(each for each in self.more if each.field != field)
        changed: dict[str, Any] = {field: value}
        return replace(self, more=more, **changed)

    def with_default_period(self, today: date) -> AuditFilter:
        """Return the same filter with the last ten days as its dates."""
        return replace(self, since=today - DEFAULT_PERIOD, until=None)


class Users:
    """The users of a practice by number and name.

    A filter expression names a user by a *filter value*: the name if exactly one user has it, else the number as `#5`.

    Args:
        names: The name of each user number.
    """

    def __init__(self, names: Mapping[int, str]) -> None:
        self._names = {number: name for number, name in names.items() if number != NO_USER}
        self._numbers: dict[str, list[int]] = {}
        for number, name in self._names.items():
            self._numbers.setdefault(_normalize(name), []).append(number)

    @property
    def names(self) -> Mapping[int, str]:
        """The name of each user number."""
        return self._names

    def name(self, number: int) -> str:
        """Return the user's name: empty for no user, `Unknown(5)` for a user who no longer exists."""
        return "" if number == NO_USER else self._names.get(number, f"Unknown({number})")

    def filter_value(self, number: int) -> str:
        """Return the filter value for a user: `none` for no user, `Unknown(5)` for one who no longer exists."""
        if number == NO_USER:
            return "none"
        name = self._names.get(number)
        if name is None:
            return f"Unknown({number})"
        return name if name.strip() == name and self.number(name) == number else f"#{number}"

    def number(self, value: str) -> int | None:
        """Return the user number for a filter value; None if no user or more than one user matches."""
        if value.casefold() == "none":
            return NO_USER
        numeric = re.fullmatch(r"#([0-9]{1,19})|unknown\(([0-9]{1,19})\)", value, re.IGNORECASE | re.ASCII)
        if numeric:
            number = int(numeric[1] or numeric[2])
            return number if number <= _MAX_USER_NUMBER else None
        numbers = self._numbers.get(_normalize(value), [])
        return numbers[0] if len(numbers) == 1 else None

    def numbers_starting(self, prefix: str) -> tuple[int, ...]:
        """Return the numbers of all users whose names begin so, ignoring case; none for a text that writes a number."""
        start = _normalize(prefix)
        if not start or start.startswith("#"):
            return ()
        return tuple(number for number, name in self._names.items() if _normalize(name).startswith(start))

    def values_sharing_name(self, name: str) -> tuple[str, ...]:
        """Return the filter values `#4`, `#5`, … of all users who have this name."""
        return tuple(f"#{number}" for number in self._numbers.get(_normalize(name), []))

    @property
    def filter_values(self) -> tuple[str, ...]:
        """The filter values of all users in alphabetical order, after `none`."""
        return ("none", *sorted((self.filter_value(number) for number in self._names), key=str.casefold))


# With random primary keys, user numbers use the whole range of the column.
_MAX_USER_NUMBER = 2**63 - 1


def _normalize(name: str) -> str:
    return name.strip().casefold()
