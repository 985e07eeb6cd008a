"""Names that stand for the numbers of one of Open Dental's enums."""

from __future__ import annotations

from collections.abc import Sequence


class NumberedNames:
    """The names of an enum, in the order of their numbers.

    Args:
        names: The names of 0, 1, 2 and so on.
        largest: The largest number that the column can hold, known here or not.
    """

    def __init__(self, names: Sequence[str], largest: int) -> None:
        self.names = tuple(names)
        self._largest = largest
        self._numbers = {name.casefold(): number for number, name in enumerate(self.names)}

    def name(self, number: int) -> str:
        """The name of a number; the number itself where it is not known here."""
        return self.names[number] if 0 <= number < len(self.names) else str(number)

    def number(self, name: str) -> int | None:
        """The number of a name, whose case does not count, or of a number that is written out; else None."""
        if name.isascii() and name.isdigit():
            return int(name) if len(name) < 10 and int(name) <= self._largest else None
        return self._numbers.get(name.casefold())
