"""Terms of filter expressions, such as `status:enabled,unknown -developer:"clear pay" portal`.

An expression consists of terms separated by blanks, all of which must be met. A term is `field:value` or a value alone.
Commas separate alternatives, and `-` before a term excludes what it finds. Fields are not case-sensitive. A value with
blanks or commas is enclosed in double quotes, inside which a backslash escapes a double quote or a backslash.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from core.base.errors import InvalidInput


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


@dataclass(frozen=True)
class Term:
    """One term of an expression."""

    start: int
    end: int
    field: str | None
    """The field in lower case; None for a value alone."""
    values: tuple[str, ...]
    """The alternatives, without quotes; at least one, which may be empty."""
    excluded: bool = False

    @property
    def value(self) -> str:
        """The alternatives as one text, for a field that has none."""
        return ",".join(self.values)

    def error(self, sentence: str, hint: str = "") -> FilterError:
        """Return an error that points at this term."""
        return FilterError(self.start, self.end, sentence, hint)


def split_terms(expression: str) -> Iterator[Term]:
    """Yield the terms of an expression.

    Raises:
        FilterError: A double quote isn't closed.
    """
    position = 0
    while position < len(expression):
        if expression[position].isspace():
            position += 1
            continue
        term = _read_term(expression, position)
        yield term
        position = term.end


def quote(text: str) -> str:
    """Return a value as it is written in an expression: in quotes if it needs them."""
    if not _NEEDS_QUOTES.search(text):
        return text
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def last_term(expression: str) -> tuple[int, str]:
    """Return the start index and the text of the last term, whose quotes may still be open."""
    start = _last_break(expression, str.isspace)
    return start, expression[start:]


def completions(
    expression: str, fields: Sequence[str], known_values: Callable[[str], Iterable[str]]
) -> tuple[str, ...]:
    """Return the whole expression once for each possible completion of its last term.

    Args:
        expression: The text as typed. If it ends with a blank, all fields are possible.
        fields: The names of the fields.
        known_values: Returns the values that a field can have; none for free text.
    """
    start, term = last_term(expression)
    before, body = expression[:start], term
    if term.startswith("-"):
        before, body = f"{before}-", term[1:]
    field, colon, value = body.partition(":")
    if not colon:
        return tuple(f"{before}{each}:" for each in fields if each.startswith(field.casefold()))
    begin = _last_break(value, lambda character: character == ",")
    earlier, typed = value[:begin], value[begin:]
    if typed.startswith('"'):
        typed = re.sub(r'\\(["\\])', r"\1", typed[1:])
    matching = [each for each in known_values(field.casefold()) if each.casefold().startswith(typed.casefold())]
    return tuple(f"{before}{field}:{earlier}{quote(each)}" for each in matching)


def unknown_field(term: Term, fields: Sequence[str]) -> FilterError:
    """Return the error for a field that doesn't exist, which suggests a similar one."""
    similar = _similar(term.field or "", fields)
    fallback = f"The fields are {', '.join(fields)}. Put text with a colon in quotes."
    return term.error(f'Unknown filter field "{term.field}:".', f"Did you mean {similar}:?" if similar else fallback)


def unknown_value(term: Term, value: str, names: Iterable[str], kind: str, example: str) -> FilterError:
    """Return the error for a value that doesn't exist, which suggests a similar one.

    Args:
        term: The term.
        value: The value as typed.
        names: The values that exist.
        kind: The word for what the value names.
        example: What to do if nothing was typed.
    """
    if not value:
        return term.error(f"The {kind} is missing.", example)
    by_folded = {name.casefold(): name for name in names}
    similar = _similar(value.casefold(), list(by_folded))
    hint = f"Did you mean {by_folded[similar]}?" if similar else "Tab completes names."
    return term.error(f"Unknown {kind}: {value}.", hint)


def parse_date(term: Term, text: str, today: date) -> date:
    """Return the day that a text names: a date, `today`, `yesterday`, or `10d` for ten days ago.

    Raises:
        FilterError: The text is not a valid day.
    """
    value = text.casefold()
    days_ago = {"today": 0, "yesterday": 1}.get(value)
    counted = re.fullmatch(r"([0-9]{1,5})d", value, re.ASCII)
    if counted:
        days_ago = int(counted[1])
    try:
        if days_ago is not None:
            return today - timedelta(days=days_ago)
        if is_date(value):
            return date.fromisoformat(value)
    except (ValueError, OverflowError):
        raise term.error(f"Not a valid date: {text}.", "Check the month and the day.") from None
    sentence = f"Not a valid date: {text}." if text else "The date is missing."
    raise term.error(sentence, "Write 2024-11-01, today, yesterday, or 10d for ten days ago.")


def is_date(text: str) -> bool:
    """Return True for a text in the form of a date, such as 2024-11-01, whether or not there is such a day."""
    return bool(re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text, re.ASCII))


_NEEDS_QUOTES = re.compile(r"[\s\",]|^$")


def _last_break(text: str, breaks: Callable[[str], bool]) -> int:
    """Return the index after the last character outside quotes that separates; 0 if there is none."""
    start, quoted, escaped = 0, False, False
    for position, character in enumerate(text):
        if escaped:
            escaped = False
        elif quoted and character == "\\":
            escaped = True
        elif character == '"':
            quoted = not quoted
        elif not quoted and breaks(character):
            start = position + 1
    return start


def _read_term(expression: str, start: int) -> Term:
    excluded = expression[start] == "-" and not expression[start + 1 : start + 2].isspace()
    excluded = excluded and start + 1 < len(expression)
    field = re.compile(r"(\w+):", re.ASCII).match(expression, start + excluded)
    position = field.end() if field else start + excluded
    values: list[str] = []
    value: list[str] = []
    quoted = was_quoted = False
    while position < len(expression) and (quoted or not expression[position].isspace()):
        character = expression[position]
        if quoted and character == "\\" and expression[position + 1 : position + 2] in ('"', "\\"):
            position += 1
            value.append(expression[position])
        elif character == '"':
            quoted, was_quoted = not quoted, True
        elif character == "," and not quoted:
            values += ["".join(value)] if value or was_quoted else []
            value, was_quoted = [], False
        else:
            value.append(character)
        position += 1
    if quoted:
        raise FilterError(start, position, "A closing double quote is missing.", 'Add a " after the text.')
    if value or was_quoted or not values:
        values.append("".join(value))
    return Term(start, position, field[1].casefold() if field else None, tuple(values), excluded)


def _similar(text: str, names: Sequence[str]) -> str | None:
    # A slow import that only an error needs.
    from difflib import get_close_matches

    return next(iter(get_close_matches(text, names, 1)), None)
