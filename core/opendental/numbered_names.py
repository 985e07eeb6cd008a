"""Lookup between the numbers and names of an Open Dental enum."""

from __future__ import annotations

from collections.abc import Sequence


class NumberedNames:
    """The numbers and names of an Open Dental enum.

    Args:
        names: The names of 0, 1, 2 and so on.
        largest: The largest number that the database column can hold. Newer versions may use numbers without a name
            here.

    Attributes:
        names: The known names; the index is the number.
    """

    def __init__(self, names: Sequence[str], largest: int) -> None:
        self.names = tuple(names)
        self._largest = largest
        self._numbers = {name.casefold(): number for number, name in enumerate(self.names)}

    def name(self, number: int) -> str:
        """Return the name of a number, or the number as text if it has no known name."""
        return self.names[number] if 0 <= number < len(self.names) else str(number)

    def number(self, name: str) -> int | None:
        """Return the number for a name, ignoring case, or for a number in digits; None if it's neither."""
        if name.isascii() and name.isdigit():
            return int(name) if len(name) < 10 and int(name) <= self._largest else None
        return self._numbers.get(name.casefold())
