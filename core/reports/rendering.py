"""Draws reports as HTML with Jinja2. It's imported only when a report is written."""

from __future__ import annotations

from collections.abc import Sized
from datetime import date, datetime
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jinja2 import Environment

MAX_TEXT = 1_000
"""The characters after which a text is cut."""
_NOT_KNOWN = "not known"


def render(template: str, **values: object) -> str:
    """Return a page.

    Every value is escaped. Characters that can't be printed, among them those that change the direction of a text, are
    written as escapes, and a very long text is cut visibly.

    Args:
        template: The file in `templates`.
        values: What the template names.
    """
    return _environment().get_template(template).render(**values) + "\n"


@cache
def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("core.reports"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_visible,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"day": _day, "moment": _moment, "number": _number, "count_of": _count_of}
    return environment


def _visible(value: Any) -> Any:
    """Return a value as it's written: a text without characters that can't be seen."""
    # What a macro returned is HTML already, and has a type of its own.
    if type(value) is not str:
        return value
    shown = "".join(each if each.isprintable() or each == "\n" else _escape(each) for each in value)
    return shown if len(shown) <= MAX_TEXT else f"{shown[:MAX_TEXT]}… ({len(shown) - MAX_TEXT:,} more characters)"


def _escape(character: str) -> str:
    return character.encode("unicode_escape", "backslashreplace").decode("ascii")


def _day(value: date | None, missing: str = "") -> str:
    return f"{value:%Y-%m-%d}" if value is not None else missing


def _moment(value: datetime | None, missing: str = "") -> str:
    return f"{value:%Y-%m-%d %H:%M}" if value is not None else missing


def _number(value: int | None, missing: str = _NOT_KNOWN) -> str:
    return f"{value:,}" if value is not None else missing


def _count_of(values: Sized | None) -> int | None:
    return len(values) if values is not None else None
