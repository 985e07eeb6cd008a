"""The line numbers of settings in a TOML file. Neither `tomllib` nor `tomlkit` keeps them.

They are only looked up to report an error or to remove an office, so that reading the file at each start stays fast.
"""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from typing import Any


def line_of(text: str, keys: Sequence[str]) -> int | None:
    """Return the number of the line, counted from 1, on which a setting begins; None if the file doesn't have it.

    The search is a bisection: the setting is in every prefix of the file that reaches its first line, and in no shorter
    one. Each prefix is parsed by `tomllib`, so the result is right for every TOML syntax.

    Args:
        text: The content of the file.
        keys: The path of the setting: the keys from the top of the file down to it.
    """
    lines = _split_lines(text)
    # The setting is missing after `low` lines and present after `high` lines.
    low, high = 0, len(lines)
    if _get(_parse_prefix(lines, high), keys) is None:
        return None
    while (middle := _parsable_prefix_between(lines, low, high)) is not None:
        if _get(_parse_prefix(lines, middle), keys) is not None:
            high = middle
        else:
            low = middle
    return low + 1


def last_line_of(text: str, keys: Sequence[str]) -> int | None:
    """Return the number of the line, counted from 1, on which a setting is complete; None if the file doesn't have it.

    Args:
        text: The content of the file.
        keys: The path of the setting: the keys from the top of the file down to it.
    """
    lines = _split_lines(text)
    value = _get(_parse_prefix(lines, len(lines)), keys)
    if value is None:
        return None
    return next(end for end in range(1, len(lines) + 1) if _get(_parse_prefix(lines, end), keys) == value)


def _split_lines(text: str) -> list[str]:
    # A prefix that ended between a carriage return and its line feed would be invalid TOML.
    return text.replace("\r\n", "\n").split("\n")


def _parsable_prefix_between(lines: Sequence[str], low: int, high: int) -> int | None:
    """Return a prefix length between the two, as close to the middle as possible, that is valid TOML.

    A prefix that ends within a multi-line value is not.
    """
    middle = (low + high) // 2
    closest_first = sorted(range(low + 1, high), key=lambda end: abs(end - middle))
    return next((end for end in closest_first if _parse_prefix(lines, end) is not None), None)


def _parse_prefix(lines: Sequence[str], end: int) -> dict[str, Any] | None:
    try:
        return tomllib.loads("\n".join(lines[:end]))
    except (ValueError, RecursionError):
        return None


def _get(content: Any, keys: Sequence[str]) -> Any:
    for key in keys:
        content = content.get(key) if isinstance(content, dict) else None
    return content
