"""The text of a customer API key: validated, masked and fingerprinted."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping

from core.base.errors import InvalidInput

MAX_KEY_LENGTH = 255
BLANK_KEY = "(blank)"
"""Shown instead of the mask of a key that headquarters lists without a text."""


def validate_key(text: str) -> str:
    """Return the key without surrounding white space, if it can be one.

    Raises:
        InvalidInput: The text can't be a key; the field is `key`.
    """
    key = text.strip()
    if not key:
        raise InvalidInput("key", "Please enter an API key.")
    if any(character.isspace() for character in key):
        raise InvalidInput("key", "An API key can't contain spaces.", "Paste one key and nothing else.")
    if not _has_key_characters(key):
        raise InvalidInput(
            "key", "This text has characters that aren't allowed in an API key.", "Copy the key again, from its source."
        )
    if len(key) > MAX_KEY_LENGTH:
        raise InvalidInput("key", f"An API key has at most {MAX_KEY_LENGTH} characters; this text has {len(key)}.")
    return key


def _has_key_characters(key: str) -> bool:
    return key.isascii() and key.isprintable() and " " not in key


def fingerprint(key: str) -> str:
    """Return the fingerprint that identifies a key: SHA-256 of its UTF-8 bytes, in hex."""
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()


def mask(key: str) -> str:
    """Return a key with all but its last four characters hidden; a key of up to eight characters is hidden whole.

    The hidden part of a longer key is always eight asterisks, so the mask does not show its length. A text that can't
    be a key is hidden whole, since it may be a secret of another kind.
    """
    if len(key) <= 8:
        return "*" * len(key)
    if not _has_key_characters(key):
        return "*" * 8
    return "*" * 8 + key[-4:]


def masks(keys: Iterable[str]) -> Mapping[str, str]:
    """Return the mask of each key by its fingerprint; keys with the same mask get a short fingerprint, too."""
    return distinct_masks({fingerprint(key): mask(key) for key in keys})


def distinct_masks(plain: Mapping[str, str]) -> Mapping[str, str]:
    """Return masks by the fingerprints of their keys; those that are the same get a short fingerprint, too."""
    seen = Counter(plain.values())
    return {
        identity: audit_mask(masked, identity) if seen[masked] > 1 else masked for identity, masked in plain.items()
    }


def audit_mask(masked: str, identity: str) -> str:
    """Return a mask with the short fingerprint that tells the key from others: `********Gh78 #3f9a01`."""
    tag = fingerprint_tag(identity)
    return masked if masked.endswith(tag) else f"{masked} {tag}"


def visible_ending(masked: str, tag: str) -> str:
    """Return the last four characters that a mask shows, or the short fingerprint if they don't identify the key.

    They don't if the key is hidden whole, or if the mask has a fingerprint because another key ends like this one.
    """
    ending = masked[-4:]
    return tag if masked.endswith(tag) or set(ending) <= {"*"} else ending


def fingerprint_tag(identity: str) -> str:
    """Return the short form of a fingerprint, as audit entries name it: `#3f9a01`."""
    return f"#{identity[:6]}"
