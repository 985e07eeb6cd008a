"""Secrets that print as `***`, and the removal of secrets from text that leaves the program."""

from __future__ import annotations

import re


class Secret:
    """A password or key that never prints itself.

    Args:
        value: The clear text, got back only by `reveal()`.
    """

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The clear text; every call is a place to be able to explain."""
        return self._value

    def __repr__(self) -> str:
        return "***"

    __str__ = __repr__

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(self._value)


def redact(text: str, *secrets: Secret) -> str:
    """The text without the given secrets, without passwords in URLs and without whole API headers."""
    for secret in secrets:
        if secret.reveal():
            text = text.replace(secret.reveal(), "***")
    text = _URL_PASSWORD.sub(r"\1***@", text)
    return _API_HEADER.sub(r"\1***", text)


# Greedy up to the last @ before a blank: a password may hold an @ or a slash itself.
_URL_PASSWORD = re.compile(r"(\w[\w+.-]*://[^\s:/@]*:)\S*@")
_API_HEADER = re.compile(r"(ODFHIR\s+)\S+", re.IGNORECASE)
