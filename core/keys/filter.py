"""The filter of the key list, such as `status:enabled may:ApiPayments developer:"clear pay" changed:>90d -baa:none`.

The grammar is the Audit Trail's (`core.filtering.terms`). Values that name something are prefixes, so `may:pay` finds
keys with ApiPayments or ApiPayPlans. `changed` is the last change that the developer made through the API, as far as
the Audit Trail was read.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from core.filtering.terms import Term, parse_date, split_terms, unknown_field, unknown_value
from core.filtering.terms import completions as complete_terms
from core.model.api_key import ApiKey
from core.model.developer_use import DeveloperUse
from core.opendental.api_permissions import API_PERMISSIONS, describe_permission
from core.opendental.key_status import KeyStatus

Condition = Callable[[ApiKey], bool]
EXAMPLE = 'Try status:enabled may:ApiPayments developer:"clear pay" changed:>90d.'


@dataclass(frozen=True)
class KeyFilter:
    """The conditions that a key must meet to be listed."""

    conditions: tuple[Condition, ...] = ()

    def matches(self, key: ApiKey) -> bool:
        """Return True if a key meets all conditions."""
        return all(condition(key) for condition in self.conditions)


def parse_key_filter(
    expression: str, keys: Iterable[ApiKey], today: date, use: Mapping[str, DeveloperUse] | None = None
) -> KeyFilter:
    """Parse a filter expression.

    Args:
        expression: The text as typed.
        keys: The keys of the list, which may have permissions that this version doesn't know.
        today: The date from which `90d` is counted.
        use: What each developer changed through the API, by name; developers of whom nothing was read are left out.

    Raises:
        FilterError: A term is not valid; of several, the error points at the first one.
    """
    known = _Known(_permissions(keys), today, use or {})
    return KeyFilter(tuple(_condition(term, known) for term in split_terms(expression)))


def completions(expression: str, keys: Iterable[ApiKey]) -> tuple[str, ...]:
    """Return the whole expression once for each possible completion of its last term."""
    listed = tuple(keys)
    values = {
        "status": tuple(_STATUSES),
        "may": _names(_permissions(listed)),
        "developer": tuple(sorted({key.developer for key in listed if key.developer}, key=str.casefold)),
        "changed": ("<7d", ">90d", "never", "today"),
        "baa": ("none", "any", ">365d"),
    }
    return complete_terms(expression, FIELDS, lambda field: values.get(field, ()))


FIELDS = ("status", "may", "developer", "key", "changed", "baa")

_STATUSES: dict[str, Condition] = {
    "enabled": lambda key: key.status.enabled and not key.gone,
    "read-enabled": lambda key: key.status is KeyStatus.ENABLED_READ_ONLY and not key.gone,
    "disabled": lambda key: key.status.disabled and not key.gone,
    "customer": lambda key: key.status is KeyStatus.DISABLED_BY_CUSTOMER,
    "developer": lambda key: key.status is KeyStatus.DISABLED_BY_DEVELOPER,
    "open-dental": lambda key: key.status is KeyStatus.DISABLED_BY_HQ,
    "unknown": lambda key: key.status is KeyStatus.UNKNOWN,
    "gone": lambda key: key.gone,
}
_WORDS_OF_THE_LIST: dict[str, Condition] = {
    "on": lambda key: key.status is KeyStatus.ENABLED and not key.gone,
    "reads": _STATUSES["read-enabled"],
    "off": _STATUSES["customer"],
}
"""The short words that the list shows for statuses. They are valid but not offered, because they repeat others."""
_RISKY = "risky"
_PERIOD_HINT = "Write >90d for longer ago than 90 days, <7d for the last 7 days, or a date: 2024-11-01, >2024-11-01."


@dataclass(frozen=True)
class _Known:
    """The values that the terms are compared with."""

    permissions: Sequence[str]
    today: date
    use: Mapping[str, DeveloperUse]


def _condition(term: Term, known: _Known) -> Condition:
    """Return what a key must be to meet a term."""
    alternatives = [_alternative(term, value, known) for value in term.values]
    if term.excluded:
        return lambda key: not any(meets(key) for meets in alternatives)
    return lambda key: any(meets(key) for meets in alternatives)


def _alternative(term: Term, value: str, known: _Known) -> Condition:
    folded = value.casefold()
    if term.field is None:
        return lambda key: folded in _searchable_text(key)
    if term.field not in FIELDS:
        raise unknown_field(term, FIELDS)
    if term.field == "developer":
        return lambda key: folded in key.developer.casefold()
    if term.field == "key":
        return lambda key: folded in f"{key.masked} {key.audit_label}".casefold()
    if term.field == "status":
        return _status(term, folded)
    if term.field == "may":
        return _permission(term, value, known.permissions)
    if term.field == "changed":
        return _changed(term, folded, known)
    return _agreement(term, folded, known.today)


def _status(term: Term, value: str) -> Condition:
    name = value.replace(" ", "-")
    if name in _WORDS_OF_THE_LIST:
        return _WORDS_OF_THE_LIST[name]
    matching = [meets for each, meets in _STATUSES.items() if name and each.startswith(name)]
    if not matching:
        raise unknown_value(term, value, _STATUSES, "status", f"Statuses are {', '.join(_STATUSES)}.")
    return lambda key: any(meets(key) for meets in matching)


def _permission(term: Term, value: str, permissions: Sequence[str]) -> Condition:
    folded = value.casefold()
    found = {name for name in permissions if folded and name.casefold().removeprefix("api").startswith(folded)}
    found |= {name for name in permissions if folded and name.casefold().startswith(folded)}
    if folded == _RISKY:
        found = {name for name in permissions if describe_permission(name).risk}
    if not found:
        raise unknown_value(term, value, _names(permissions), "permission", EXAMPLE)
    return lambda key: not found.isdisjoint(key.fields.permissions)


def _changed(term: Term, value: str, known: _Known) -> Condition:
    """Return the condition on a developer's last change; it isn't met while that isn't known."""

    def of_use(meets: Callable[[DeveloperUse], bool]) -> Condition:
        return lambda key: key.developer in known.use and meets(known.use[key.developer])

    if value == "never":
        return of_use(lambda use: use.never)
    period = _period(term, value, known.today)
    days = re.fullmatch(r">([0-9]+)d", value, re.ASCII)
    if days is not None:
        return of_use(lambda use: use.is_idle(known.today, int(days[1])))
    return of_use(lambda use: use.last is not None and period(use.last.date()))


def _agreement(term: Term, value: str, today: date) -> Condition:
    if value == "none":
        return lambda key: key.known and key.fields.agreement_since is None
    if value == "any":
        return lambda key: key.fields.agreement_since is not None
    return _dated(_period(term, value, today), lambda key: key.fields.agreement_since)


def _dated(period: Callable[[date], bool], day_of: Callable[[ApiKey], date | None]) -> Condition:
    """Return the condition that a day is within a period; a key without that day doesn't meet it."""

    def meets(key: ApiKey) -> bool:
        day = day_of(key)
        return day is not None and period(day)

    return meets


def _period(term: Term, value: str, today: date) -> Callable[[date], bool]:
    """Return the test for a period: before or after a day, or that day.

    `>90d` is an age, so it is before the day 90 days ago; `>2024-11-01` is after that date.
    """
    sign = next((each for each in ("before-", "after-", "<", ">") if value.startswith(each)), "")
    text = value.removeprefix(sign)
    if not text:
        raise term.error(f"{term.field}: has no date.", _PERIOD_HINT)
    day = parse_date(term, text, today)
    is_age = bool(re.fullmatch(r"[0-9]+d", text, re.ASCII))
    if is_age and sign not in ("<", ">"):
        raise term.error(f"{term.field}:{value} needs < or > before the days.", _PERIOD_HINT)
    if sign == "before-" or (sign == ">" and is_age) or (sign == "<" and not is_age):
        return lambda each: each < day
    if sign:
        return lambda each: each > day
    return lambda each: each == day


def _permissions(keys: Iterable[ApiKey]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*API_PERMISSIONS, *(name for key in keys for name in key.fields.permissions))))


def _names(permissions: Sequence[str]) -> tuple[str, ...]:
    return (_RISKY, *permissions)


def _searchable_text(key: ApiKey) -> str:
    words = "enabled on yes" if key.status is KeyStatus.ENABLED else key.status.label
    return f"{key.developer} {key.masked} {words}{' gone' if key.gone else ''}".casefold()
