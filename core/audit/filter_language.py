"""The filter expressions of the Audit Trail, such as `user:admin since:2024-11-01 text:"API key" -permission:setup`.

The grammar is that of `core.filtering.terms`, and the key list has it, too. Terms without a field are searched for in
the log text, except for a date, which names a day. Names of users, permissions and log sources may be the beginning of
one, and then stand for all that begin so.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import fields
from datetime import date
from typing import Any

from core.audit.filter import Alternatives, AuditFilter, Users
from core.filtering.terms import Term, is_date, parse_date, quote, split_terms, unknown_field, unknown_value
from core.filtering.terms import completions as complete_terms
from core.opendental.log_sources import LOG_SOURCES
from core.opendental.numbered_names import NumberedNames
from core.opendental.permission_types import PERMISSIONS


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
    more: list[Alternatives] = []
    terms: dict[str, Term] = {}
    for term in split_terms(expression):
        if term.field is None and term.values == ("",):
            continue
        parsed = _parse_term(term, users, today)
        if isinstance(parsed, Alternatives):
            _add(parsed, term, values, more)
            continue
        for name, value in parsed.items():
            if name in values:
                raise term.error(f"{_name_of(name)}: appears twice.", "Remove one of them.")
            values[name], terms[name] = value, term
    audit_filter = AuditFilter(**values, more=tuple(more))
    if audit_filter.since and audit_filter.until and audit_filter.since > audit_filter.until:
        raise terms["since"].error(f"The range ends on {audit_filter.until}, before it starts.", "Swap the two dates.")
    return audit_filter


def parse_day(text: str, today: date) -> date:
    """Parse a single day, written as in a filter expression.

    Raises:
        FilterError: The text is not a valid day.
    """
    return parse_date(Term(0, len(text), None, (text,)), text.strip(), today)


def format_filter(audit_filter: AuditFilter, users: Users) -> str:
    """Return the filter expression for a filter, the inverse of `parse_filter`."""
    terms = []
    for attribute in fields(audit_filter):
        value = getattr(audit_filter, attribute.name)
        if attribute.name == "more" or value is None or value is False or value == "":
            continue
        terms.append(f"{_name_of(attribute.name)}:{quote(_format_value(attribute.name, value, users))}")
    for each in audit_filter.more:
        alternatives = ",".join(quote(_format_value(each.field, value, users)) for value in each.values)
        terms.append(f"{'-' if each.excluded else ''}{each.field}:{alternatives}")
    return " ".join(terms)


def completions(expression: str, users: Users) -> tuple[str, ...]:
    """Return the whole expression once for each possible completion of its last term."""
    return complete_terms(expression, _FIELDS, lambda field: _known_values(field, users))


_FIELDS = ("since", "until", "permission", "user", "source", "computer", "text", "only")
_NUMBERED = {"permission": (PERMISSIONS, "permission"), "source": (LOG_SOURCES, "log source")}
_EXAMPLES = {"permission": "Try permission:setup.", "log source": "Try source:api.", "user": "Try user:admin."}
# The values of `only`, and the attribute of `AuditFilter` that each one sets.
_ONLY = {"ours": "ours", "unmatched": "suspect"}


def _parse_term(term: Term, users: Users, today: date) -> dict[str, Any] | Alternatives:
    """Return the attributes of `AuditFilter` that a term sets, or the values of which an entry must have one."""
    field = term.field or "text"
    if field in ("since", "until", "only") and term.excluded:
        raise term.error(f"{field}: can't be excluded.", "Remove the - before it.")
    if term.field is None and not term.excluded and is_date(term.value):
        day = parse_date(term, term.value, today)
        return {"since": day, "until": day}
    if field in ("since", "until"):
        return {field: parse_date(term, term.value, today)}
    if field == "only":
        return {_only(term, value): True for value in term.values}
    if field in _NUMBERED:
        names, kind = _NUMBERED[field]
        return _numbers(term, field, lambda value: _named(term, value, names, kind))
    if field == "user":
        return _numbers(term, field, lambda value: _user_numbers(term, value, users))
    if field in ("computer", "text"):
        if not all(term.values):
            raise term.error(f"{term.field}: has no value.", "Remove it, or add a value.")
        return Alternatives(field, tuple(dict.fromkeys(term.values)), term.excluded)
    raise unknown_field(term, _FIELDS)


def _add(parsed: Alternatives, term: Term, values: dict[str, Any], more: list[Alternatives]) -> None:
    """Add a condition: as an attribute of its own if it is the first with one value, else among the others."""
    taken = parsed.field in values or any(each.field == parsed.field and not each.excluded for each in more)
    if taken and not parsed.excluded and parsed.field not in ("computer", "text"):
        hint = f"For one or the other, write {parsed.field}:a,b."
        raise term.error(f"{parsed.field}: appears twice.", hint)
    if len(parsed.values) == 1 and not parsed.excluded and not taken:
        values[parsed.field] = parsed.values[0]
    else:
        more.append(parsed)


def _only(term: Term, value: str) -> str:
    if value.casefold() not in _ONLY:
        raise term.error(f"only:{value} isn't a valid filter.", f"Use {' or '.join(_ONLY)}.")
    return _ONLY[value.casefold()]


def _numbers(term: Term, field: str, numbers_of: Callable[[str], Sequence[int]]) -> Alternatives:
    numbers = dict.fromkeys(number for value in term.values for number in numbers_of(value))
    return Alternatives(field, tuple(numbers), term.excluded)


def _named(term: Term, value: str, names: NumberedNames, kind: str) -> Sequence[int]:
    """Return the number of a name, or those of all names that begin so."""
    number = names.number(value)
    if number is not None:
        return (number,)
    folded = value.casefold()
    matching = [each for each, name in enumerate(names.names) if folded and name.casefold().startswith(folded)]
    if not matching:
        raise unknown_value(term, value, names.names, kind, _EXAMPLES[kind])
    return matching


def _user_numbers(term: Term, value: str, users: Users) -> Sequence[int]:
    """Return the number of a user, or those of all users whose names begin so."""
    number = users.number(value)
    if number is not None:
        return (number,)
    sharing = users.values_sharing_name(value)
    if sharing:
        raise term.error(f"Several users are named {value}.", f"Use one of the numbers {', '.join(sharing)}.")
    matching = users.numbers_starting(value)
    if not matching:
        raise unknown_value(term, value, users.filter_values, "user", _EXAMPLES["user"])
    return matching


def _name_of(attribute: str) -> str:
    """Return the field that sets an attribute of `AuditFilter`."""
    return "only" if attribute in _ONLY.values() else attribute


def _format_value(attribute: str, value: Any, users: Users) -> str:
    """Return the unquoted value for an attribute of `AuditFilter`."""
    if value is True:
        return next(word for word, name in _ONLY.items() if name == attribute)
    if attribute == "user":
        return users.filter_value(value)
    if attribute in _NUMBERED:
        return _NUMBERED[attribute][0].name(value)
    return str(value)


def _known_values(field: str, users: Users) -> tuple[str, ...]:
    return {
        "user": users.filter_values,
        "permission": PERMISSIONS.names,
        "source": LOG_SOURCES.names,
        "only": tuple(_ONLY),
        "since": ("today", "yesterday", "10d"),
        "until": ("today", "yesterday"),
    }.get(field, ())
