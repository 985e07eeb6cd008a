"""The limits of disabling a key, in sentences."""

from __future__ import annotations


def other_keys(developer: str, count: int) -> str:
    """Return how many other enabled keys a developer has."""
    if count == 0:
        return f"{developer} has no other enabled key here."
    keys = "one other enabled key" if count == 1 else f"{count} other enabled keys"
    return f"Not cut off: {keys} of {developer} in this list."
