"""The language of filter expressions, such as `user:admin since:2024-11-01 text:"API key"`.

An expression consists of terms separated by blanks. A term is `field:value`; terms without a field are searched for in
the log text. Fields and names are not case-sensitive. A value with blanks is enclosed in double quotes, inside which a
backslash escapes a double quote or a backslash.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from datetime import date, timedelta
from difflib import get_close_matches
from typing import Any

from core.audit.filter import AuditFilter, Users
from core.base.errors import InvalidInput
from core.opendental.log_sources import LOG_SOURCES
from core.opendental.permission_types import PERMISSIONS


class FilterError(InvalidInput):
    """A term of a filter expression is not valid.

    Args:
        start: The index of the term's first character in the expression.
        end: The index after the term's last character.
    """

    def __init__(self, start: int, end: int, sentence: str, hint: str = "") -> None:
        super().__init__("filter", sentence, hint)
        self.start = start
        self.end = end


def parse_filter(expression: str, users: Users, today: date) -> AuditFilter:
    """Parse a filter expression.

    Args:
        expression: The text as typed.
        users: The users that the expression can name.
        today: The date from which `today`, `yesterday` and `10d` are counted.

    Raises:
        FilterError: A term is not valid; of several, the error points at the first one.
    """
    values: dict[str, Any] = {}
    terms: dict[str, _Term] = {}
    unnamed: list[_Term] = []
    for term in _split_terms(expression):
        if term.field is None:
            unnamed.append(term)
            continue
        name, value = _parse_term(term, users, today)
        if name in values:
            raise term.error(f"{term.field}: is given twice.", "Leave one of them out.")
        values[name], terms[name] = value, term
    if unnamed and "text" in values:
        raise unnamed[0].error("A text is given twice.", 'Put all of it into one text:"…".')
    if unnamed:
        values["text"] = " ".join(term.value for term in unnamed)
    audit_filter = AuditFilter(**values)
    if audit_filter.since and audit_filter.until and audit_filter.since > audit_filter.until:
        raise terms["since"].error(
            f"The range ends on {audit_filter.until}, before it begins.", "Exchange the two dates."
        )
    return audit_filter


def parse_day(text: str, today: date) -> date:
    """Parse a single day, written as in a filter expression.

    Raises:
        FilterError: The text is not a valid day.
    """
    return _parse_date(_Term(0, len(text), None, text.strip()), today)


def format_filter(audit_filter: AuditFilter, users: Users) -> str:
    """Return the filter expression for a filter, the inverse of `parse_filter`."""
    terms = []
    for attribute in fields(audit_filter):
        value = getattr(audit_filter, attribute.name)
        if value is None or value is False or value == "":
            continue
        field, text = _format_value(attribute.name, value, users)
        terms.append(f"{field}:{_quote(text)}")
    return " ".join(terms)


def completions(expression: str, users: Users) -> tuple[str, ...]:
    """Return the whole expression once for each possible completion of its last term."""
    start, term = last_term(expression)
    before, (field, colon, value) = expression[:start], term.partition(":")
    if not colon:
        matching_fields = [f"{each}:" for each in _FIELDS if each.startswith(field.casefold())]
        return tuple(before + each for each in matching_fields) if field else ()
    typed = re.sub(r'\\(["\\])', r"\1", value[1:]) if value.startswith('"') else value
    known_values = _known_values(field.casefold(), users)
    matching_values = [each for each in known_values if each.casefold().startswith(typed.casefold())]
    return tuple(f"{before}{field}:{_quote(each)}" for each in matching_values)


def last_term(expression: str) -> tuple[int, str]:
    """Return the start index and the text of the last term, whose quotes may still be open."""
    start, quoted, escaped = 0, False, False
    for position, character in enumerate(expression):
        if escaped:
            escaped = False
        elif quoted and character == "\\":
            escaped = True
        elif character == '"':
            quoted = not quoted
        elif character.isspace() and not quoted:
            start = position + 1
    return start, expression[start:]


_EXAMPLE = 'Try user:admin since:2024-11-01 text:"API key".'
_FIELDS = ("since", "until", "permission", "user", "source", "computer", "text", "only")
# The values of `only`, and the attribute of `AuditFilter` that each one sets.
_ONLY = {"ours": "ours", "unmatched": "suspect"}
_NEEDS_QUOTES = re.compile(r"[\s\"]|^$")


@dataclass(frozen=True)
class _Term:
    start: int
    end: int
    field: str | None
    value: str

    def error(self, sentence: str, hint: str = "") -> FilterError:
        return FilterError(self.start, self.end, sentence, hint)


def _split_terms(expression: str) -> Iterator[_Term]:
    position = 0
    while position < len(expression):
        if expression[position].isspace():
            position += 1
            continue
        term = _read_term(expression, position)
        yield term
        position = term.end


def _read_term(expression: str, start: int) -> _Term:
    field = re.compile(r"(\w+):", re.ASCII).match(expression, start)
    position = field.end() if field else start
    value: list[str] = []
    quoted = False
    while position < len(expression) and (quoted or not expression[position].isspace()):
        character = expression[position]
        if quoted and character == "\\" and expression[position + 1 : position + 2] in ('"', "\\"):
            position += 1
            value.append(expression[position])
        elif character == '"':
            quoted = not quoted
        else:
            value.append(character)
        position += 1
    if quoted:
        raise FilterError(start, position, "A double quote is opened and not closed.", "Close it after the text.")
    return _Term(start, position, field[1].casefold() if field else None, "".join(value))


def _parse_term(term: _Term, users: Users, today: date) -> tuple[str, Any]:
    """Return the attribute of `AuditFilter` that a term sets, and its value."""
    parsers: dict[str, Callable[[], Any]] = {
        "since": lambda: _parse_date(term, today),
        "until": lambda: _parse_date(term, today),
        "permission": lambda: _require_known(term, PERMISSIONS.number(term.value), PERMISSIONS.names, "permission"),
        "user": lambda: _parse_user(term, users),
        "source": lambda: _require_known(term, LOG_SOURCES.number(term.value), LOG_SOURCES.names, "log source"),
        "computer": lambda: _require_text(term),
        "text": lambda: _require_text(term),
    }
    field = term.field or ""
    if field == "only":
        if term.value.casefold() not in _ONLY:
            raise term.error(f"only:{term.value} means nothing.", f"Only: {' or '.join(_ONLY)}.")
        return _ONLY[term.value.casefold()], True
    if field not in parsers:
        similar = get_close_matches(field, _FIELDS, 1)
        fallback = f"Names are {', '.join(_FIELDS)}; quote a text with a colon."
        raise term.error(f"Nothing is called {field}: here.", f"Did you mean {similar[0]}:?" if similar else fallback)
    return field, parsers[field]()


def _parse_date(term: _Term, today: date) -> date:
    value = term.value.casefold()
    days_ago = {"today": 0, "yesterday": 1}.get(value)
    counted = re.fullmatch(r"([0-9]{1,5})d", value, re.ASCII)
    if counted:
        days_ago = int(counted[1])
    try:
        if days_ago is not None:
            return today - timedelta(days=days_ago)
        if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value, re.ASCII):
            return date.fromisoformat(value)
    except (ValueError, OverflowError):
        raise term.error(f"There is no day {term.value}.", "A month has 28 to 31 days, a year twelve months.") from None
    raise term.error(
        f"{term.value or 'Nothing'} is no date.", "Write 2024-11-01, today, yesterday, or 10d for ten days ago."
    )


def _require_known(term: _Term, number: int | None, names: tuple[str, ...], kind: str) -> int:
    """Return the number; raise an error that suggests a similar name if it is None."""
    if number is not None:
        return number
    if not term.value:
        raise term.error(f"No {kind} is named.", _EXAMPLE)
    by_folded = {name.casefold(): name for name in names}
    similar = get_close_matches(term.value.casefold(), by_folded, 1)
    hint = f"Did you mean {by_folded[similar[0]]}?" if similar else "Tab completes names."
    raise term.error(f"There is no {kind} {term.value}.", hint)


def _parse_user(term: _Term, users: Users) -> int:
    number = users.number(term.value)
    sharing = users.values_sharing_name(term.value)
    if number is None and sharing:
        raise term.error(f"Several users are called {term.value}.", f"Write one of the numbers {', '.join(sharing)}.")
    return _require_known(term, number, users.filter_values, "user")


def _require_text(term: _Term) -> str:
    if not term.value:
        raise term.error(f"{term.field}: is empty.", "Leave it out, or write what to look for.")
    return term.value


def _format_value(attribute: str, value: Any, users: Users) -> tuple[str, str]:
    """Return the field and the unquoted value for an attribute of `AuditFilter`."""
    if value is True:
        return "only", next(word for word, name in _ONLY.items() if name == attribute)
    if attribute == "user":
        return attribute, users.filter_value(value)
    if attribute == "permission":
        return attribute, PERMISSIONS.name(value)
    if attribute == "source":
        return attribute, LOG_SOURCES.name(value)
    return attribute, str(value)


def _quote(text: str) -> str:
    if not _NEEDS_QUOTES.search(text):
        return text
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _known_values(field: str, users: Users) -> tuple[str, ...]:
    return {
        "user": users.filter_values,
        "permission": PERMISSIONS.names,
        "source": LOG_SOURCES.names,
        "only": tuple(_ONLY),
        "since": ("today", "yesterday", "10d"),
        "until": ("today", "yesterday"),
    }.get(field, ())
