"""Writing free texts and single values into audit texts, and reading them again.

A free text (a name, a title, a file name) is written as it is unless that would make its sentence ambiguous; then it
is written in double quotes, escaped as in JSON. A reader accepts both forms.
"""

from __future__ import annotations

import json
import re
from abc import ABC, abstractmethod
from collections.abc import Callable
from datetime import datetime
from typing import Any

SHORTENED = " [shortened]"
"""The end of a text that was cut because its column couldn't hold it."""

Quote = Callable[[str], str]
"""Writes a free text: as it is, or in quotes."""

RECEIPT_NUMBER = "R[0-9]{8}-[0-9A-F]{6}"
"""The pattern of the number of a receipt, such as `R20260301-7F3A09`."""
QUOTED = r'"(?:[^"\\]|\\.)*"'
FREE_TEXT = rf'{QUOTED}|(?!").*?'


def in_quotes(text: str) -> str:
    """Write a free text in quotes."""
    return json.dumps(text, ensure_ascii=False)


def as_it_is(text: str) -> str:
    """Write a free text without quotes, unless it would be read as one that has them."""
    return in_quotes(text) if text.startswith('"') else text


def format_moment(moment: datetime | None) -> str:
    """Return a time as audit texts write it; `none` for no time."""
    return moment.replace(microsecond=0).isoformat(" ") if moment is not None else "none"


def without_quotes(text: str) -> str:
    """Return the free text that was written in one of the two ways."""
    if not re.fullmatch(QUOTED, text, re.DOTALL):
        return text
    try:
        return str(json.loads(text))
    except ValueError:
        return text


class Codec(ABC):
    """Writes one kind of value into an audit text, and reads it from there."""

    pattern: str
    """A regular expression without capturing groups that matches the written value."""

    @abstractmethod
    def write(self, value: Any, quote: Quote, /) -> str:
        """Return the value as text, with each free text in it written by `quote`."""

    @abstractmethod
    def read(self, text: str) -> Any:
        """Return the value of a text that matches the pattern."""


class FreeTextCodec(Codec):
    pattern = FREE_TEXT

    def write(self, value: str, quote: Quote, /) -> str:
        return quote(value)

    def read(self, text: str) -> str:
        return without_quotes(text)


class VendorTextCodec(Codec):
    """A name in a sentence of Open Dental's own, which knows no quotes."""

    pattern = ".*?"

    def write(self, value: str, _quote: Quote, /) -> str:
        return value

    def read(self, text: str) -> str:
        return text


class Matching(VendorTextCodec):
    """A text that can't hold anything ambiguous."""

    def __init__(self, pattern: str) -> None:
        self.pattern = pattern
