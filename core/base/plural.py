"""Numbers with their nouns."""

from __future__ import annotations


def count_of(number: int, one: str, several: str = "") -> str:
    """Return a number with its noun, such as `1 office` or `1,200 offices`.

    Args:
        number: The number.
        one: The noun for one.
        several: The noun for any other number; by default, the one for one with an s.
    """
    return f"{number:,} {one if number == 1 else several or f'{one}s'}"
