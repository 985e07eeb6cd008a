"""On which line of a TOML file something stands; looked for only when a problem with it has to be told."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from typing import Any


def line_of(text: str, keys: Sequence[str]) -> int | None:
    """The line, from 1 on, on which the value begins that these names lead to; None where there is none.

    TOML itself is asked, so whatever way the names are written in is understood: the value is in every beginning of the
    file that goes far enough, and in none that does not.
    """
    lines = _lines(text)
    missing, there = 0, len(lines)  # after so many lines the value is not there yet, and is there
    if _found(_read(lines, there), keys) is None:
        return None
    while (end := _readable_between(lines, missing, there)) is not None:
        if _found(_read(lines, end), keys) is not None:
            there = end
        else:
            missing = end
    return missing + 1


def last_line_of(text: str, keys: Sequence[str]) -> int | None:
    """The line, from 1 on, on which the last part of a value ends; None where there is none."""
    lines = _lines(text)
    whole = _found(_read(lines, len(lines)), keys)
    if whole is None:
        return None
    return next(end for end in range(1, len(lines) + 1) if _found(_read(lines, end), keys) == whole)


def _lines(text: str) -> list[str]:
    # A beginning that ends between a return and its line feed would be no TOML.
    return text.replace("\r\n", "\n").split("\n")


def _readable_between(lines: Sequence[str], missing: int, there: int) -> int | None:
    """A number of lines between two, near their middle, that does not end within a value of several lines."""
    middle = (missing + there) // 2
    nearest_first = sorted(range(missing + 1, there), key=lambda end: abs(end - middle))
    return next((end for end in nearest_first if _read(lines, end) is not None), None)


def _read(lines: Sequence[str], end: int) -> dict[str, Any] | None:
    try:
        return tomllib.loads("\n".join(lines[:end]))
    except (ValueError, RecursionError):
        return None


def _found(content: Any, keys: Sequence[str]) -> Any:
    for key in keys:
        content = content.get(key) if isinstance(content, dict) else None
    return content
