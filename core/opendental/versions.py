"""Version numbers of Open Dental."""

from __future__ import annotations


def parse_version(version: str) -> tuple[int, ...]:
    """Return the numbers of a version such as 24.3.10.0; empty if it has none."""
    return tuple(int(part) for part in version.split(".") if part.isascii() and part.isdigit())


def format_version(numbers: tuple[int, ...]) -> str:
    """Return a version as Open Dental writes it: 22.1.1."""
    return ".".join(map(str, numbers))
