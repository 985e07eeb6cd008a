"""The key that a diagnosis is about, found by its developer or by its last characters."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from core.base.errors import InvalidInput
from core.model.api_key import ApiKey

_MAX_NAMED = 5


@dataclass(frozen=True)
class KeyTarget:
    """A request for a key, and the key that it names.

    Args:
        wanted: The key as sentences name it.
        fingerprint: The key's fingerprint; None if the list has no such key.
    """

    wanted: str
    fingerprint: str | None


def find_by_developer(keys: Iterable[ApiKey], developer: str) -> KeyTarget:
    """Return the one key of a developer, whatever the case of the name.

    Raises:
        InvalidInput: The developer has several keys; the field is `key`.
    """
    name = developer.strip().casefold()
    found = [key for key in keys if key.developer.strip().casefold() == name]
    return _only(found, f"a key of {developer.strip()}")


def find_by_ending(keys: Iterable[ApiKey], ending: str) -> KeyTarget:
    """Return the one key that ends like this, or has this short fingerprint (`#3f9a01`).

    Raises:
        InvalidInput: Several keys end like this; the field is `key`.
    """
    text = ending.strip()
    found = [key for key in keys if text and text.casefold() in (key.ending.casefold(), _visible(key).casefold())]
    # Keys differ by case, people don't.
    exact = [key for key in found if text in (key.ending, _visible(key))]
    return _only(exact or found, f"a key ending in {text}")


def _visible(key: ApiKey) -> str:
    """Return the last four characters that the mask shows; empty if it shows none."""
    return key.masked.split(" ")[0][-4:].strip("*")


def _only(found: list[ApiKey], wanted: str) -> KeyTarget:
    if len(found) > 1:
        endings = ", ".join(key.ending for key in found[:_MAX_NAMED])
        raise InvalidInput(
            "key",
            f"{len(found)} keys match {wanted}.",
            f"Name one by its last four characters or its short fingerprint: {endings}.",
        )
    return KeyTarget(found[0].label, found[0].fingerprint) if found else KeyTarget(wanted, None)
