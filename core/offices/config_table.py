"""A table of the configuration file whose values are checked one by one, each with an error message of its own."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any


class InvalidSetting(Exception):
    """A setting of the configuration file that can't be used.

    Args:
        keys: The path of the setting: the keys from the top of the file down to it.
        sentence: What is wrong. Never contains a value, which may be a secret in the wrong place.
        hint: What to do about it.
    """

    def __init__(self, keys: tuple[str, ...], sentence: str, hint: str) -> None:
        super().__init__(sentence)
        self.keys = keys
        self.sentence = sentence
        self.hint = hint


class ConfigTable:
    """A table of the configuration file. Every method that reads a value raises `InvalidSetting` if it can't be used.

    Args:
        keys: The path of the table: the keys from the top of the file down to it.
        content: The table as `tomllib` returns it.
    """

    def __init__(self, keys: tuple[str, ...], content: dict[str, Any]) -> None:
        self.keys = keys
        self._content = content

    @property
    def names(self) -> tuple[str, ...]:
        """The keys of the table, in the order of the file."""
        return tuple(self._content)

    def __contains__(self, name: str) -> bool:
        return name in self._content

    def invalid(self, name: str, sentence: str, hint: str) -> InvalidSetting:
        """Return an error about one of the table's settings, to be raised by the caller."""
        return InvalidSetting((*self.keys, name), sentence, hint)

    def reject_unknown_names(self, known: Iterable[str]) -> None:
        """Raise an error if the table has a key that is not known.

        Ignoring it would be dangerous: a typing error could leave something unprotected.
        """
        names = tuple(known)
        for name in self._content:
            if name not in names:
                similar = get_close_matches(name, names, n=1)
                hint = f"Did you mean {self._path(similar[0])}?" if similar else f"Valid names: {', '.join(names)}."
                raise self.invalid(name, f"unknown name {self._path(name)}.", hint)

    def table(self, name: str) -> ConfigTable:
        """Return the subtable of that name; empty if it is missing."""
        value = self._content.get(name, {})
        if not isinstance(value, dict):
            raise self.invalid(
                name, f"{self._path(name)} must be a table.", f"Write [{self._path(name)}] on a line of its own."
            )
        return ConfigTable((*self.keys, name), value)

    def string(self, name: str) -> str | None:
        """Return a string without surrounding whitespace; None if it is missing."""
        value = self._content.get(name)
        if value is None:
            return None
        if not isinstance(value, str) or not value.strip():
            raise self.invalid(name, f"{self._path(name)} must be a non-empty text.", "Put it in quotes.")
        if not value.strip().isprintable():
            raise self.invalid(name, f"{self._path(name)} has characters that can't be printed.", "Remove them.")
        return value.strip()

    def strings(self, name: str, example: str) -> tuple[str, ...]:
        """Return one string or a list of strings; empty if it is missing.

        Args:
            name: The setting.
            example: What may be written, for the error message.
        """
        value = self._content.get(name)
        if value is None:
            return ()
        texts = value if isinstance(value, list) else [value]
        printable = (isinstance(text, str) and text.strip() and text.strip().isprintable() for text in texts)
        if not texts or not all(printable):
            raise self.invalid(name, f"{self._path(name)} must be a text or a list of texts.", f"Write {example}.")
        return tuple(text.strip() for text in texts)

    def choice(self, name: str, *choices: str) -> str | None:
        """Return a string that must be one of the choices; None if it is missing."""
        value = self.string(name)
        if value is not None and value not in choices:
            quoted = " or ".join(f'"{choice}"' for choice in choices)
            raise self.invalid(name, f"{self._path(name)} has an invalid value.", f"Write {quoted}.")
        return value

    def boolean(self, name: str) -> bool:
        """Return a boolean; False if it is missing."""
        value = self._content.get(name, False)
        if not isinstance(value, bool):
            raise self.invalid(name, f"{self._path(name)} must be true or false.", "Write it without quotes.")
        return value

    def integer(self, name: str, *, minimum: int, maximum: int) -> int | None:
        """Return an integer within the limits, which are included; None if it is missing."""
        value = self._content.get(name)
        if value is None:
            return None
        # In Python, a boolean is an integer, too.
        is_integer = isinstance(value, int) and not isinstance(value, bool)
        if not is_integer or not minimum <= value <= maximum:
            sentence = f"{self._path(name)} must be a whole number from {minimum} to {maximum}."
            raise self.invalid(name, sentence, "Write it without quotes.")
        return int(value)

    def _path(self, name: str) -> str:
        return ".".join((*self.keys, name))
