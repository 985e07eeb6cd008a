"""One table of the configuration file, read value by value with a sentence for each that cannot be used."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any


class Problem(Exception):
    """Something in the configuration file that cannot be used.

    Args:
        keys: Where it stands: the names from the top of the file down to it.
        sentence: What is wrong; never a value, which may be a secret in the wrong place.
        hint: What to do about it.
    """

    def __init__(self, keys: tuple[str, ...], sentence: str, hint: str) -> None:
        super().__init__(sentence)
        self.keys = keys
        self.sentence = sentence
        self.hint = hint


class Table:
    """One table of the file.

    Args:
        keys: The names from the top of the file down to it.
        content: What TOML has there.

    Raises:
        Problem: From all methods, where a value cannot be used.
    """

    def __init__(self, keys: tuple[str, ...], content: dict[str, Any]) -> None:
        self.keys = keys
        self._content = content

    @property
    def names(self) -> tuple[str, ...]:
        """The names in it, in the order of the file."""
        return tuple(self._content)

    def __contains__(self, name: str) -> bool:
        return name in self._content

    def problem(self, name: str, sentence: str, hint: str) -> Problem:
        """A problem with one of its values."""
        return Problem((*self.keys, name), sentence, hint)

    def refuse_unknown(self, known: Iterable[str]) -> None:
        """Refuse a name that nobody reads: it may be a slip that leaves something open."""
        names = tuple(known)
        for name in self._content:
            if name not in names:
                near = get_close_matches(name, names, n=1)
                hint = f"Did you mean {self._path(near[0])}?" if near else f"Known here: {', '.join(names)}."
                raise self.problem(name, f"the name {self._path(name)} is not known.", hint)

    def table(self, name: str) -> Table:
        """A table below this one; empty where it is missing."""
        found = self._content.get(name, {})
        if not isinstance(found, dict):
            raise self.problem(
                name, f"{self._path(name)} must be a table.", f"Write [{self._path(name)}] on a line of its own."
            )
        return Table((*self.keys, name), found)

    def text(self, name: str) -> str | None:
        """A text without the blanks around it; None where it is missing."""
        found = self._content.get(name)
        if found is None:
            return None
        if not isinstance(found, str) or not found.strip():
            raise self.problem(name, f"{self._path(name)} must be a text that is not empty.", "Put it in quotes.")
        if not found.strip().isprintable():
            raise self.problem(name, f"{self._path(name)} has characters that cannot be printed.", "Take them out.")
        return found.strip()

    def one_of(self, name: str, *choices: str) -> str | None:
        """One of some words; None where it is missing."""
        found = self.text(name)
        if found is not None and found not in choices:
            quoted = " or ".join(f'"{choice}"' for choice in choices)
            raise self.problem(name, f"{self._path(name)} is neither of its two words.", f"Write {quoted}.")
        return found

    def flag(self, name: str) -> bool:
        """Whether something is true; false where it is missing."""
        found = self._content.get(name, False)
        if not isinstance(found, bool):
            raise self.problem(name, f"{self._path(name)} must be true or false.", "Write it without quotes.")
        return found

    def number(self, name: str, *, at_least: int, at_most: int) -> int | None:
        """A whole number; None where it is missing."""
        found = self._content.get(name)
        if found is None:
            return None
        whole = isinstance(found, int) and not isinstance(found, bool)
        if not whole or not at_least <= found <= at_most:
            sentence = f"{self._path(name)} must be a whole number from {at_least} to {at_most}."
            raise self.problem(name, sentence, "Write it without quotes.")
        return int(found)

    def _path(self, name: str) -> str:
        return ".".join((*self.keys, name))
