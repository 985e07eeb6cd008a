"""The filter of what needs a decision, such as `severity:high developer:"clear pay" rule:no-baa,no-owner -is:accepted`.

The grammar is the Audit Trail's (`core.filtering.terms`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from core.filtering.terms import Term, split_terms, unknown_field, unknown_value
from core.filtering.terms import completions as complete_terms
from core.model.api_key import ApiKey
from core.model.review import Finding, ReviewRule
from core.review.severity import Severity, severity

Condition = Callable[[Finding], bool]
FIELDS = ("severity", "rule", "developer", "key", "is")
EXAMPLE = "Try severity:high rule:no-owner -is:accepted."
_STATES: Mapping[str, Condition] = {
    "due": lambda finding: finding.is_due,
    "accepted": lambda finding: not finding.is_due,
}


@dataclass(frozen=True)
class FindingFilter:
    """The conditions that a finding must meet to be listed."""

    conditions: tuple[Condition, ...] = ()

    def matches(self, finding: Finding) -> bool:
        """Return True if a finding meets all conditions."""
        return all(condition(finding) for condition in self.conditions)


def parse_finding_filter(expression: str, keys: Mapping[str, ApiKey]) -> FindingFilter:
    """Parse a filter expression.

    Args:
        expression: The text as typed.
        keys: The keys of the practice by their fingerprints.

    Raises:
        FilterError: A term is not valid; of several, the error points at the first one.
    """
    return FindingFilter(tuple(_condition(term, keys) for term in split_terms(expression)))


def completions(expression: str, keys: Iterable[ApiKey]) -> tuple[str, ...]:
    """Return the whole expression once for each possible completion of its last term."""
    values = {
        "severity": tuple(each.value for each in Severity),
        "rule": tuple(each.value for each in ReviewRule),
        "developer": tuple(sorted({key.developer for key in keys if key.developer}, key=str.casefold)),
        "is": tuple(_STATES),
    }
    return complete_terms(expression, FIELDS, lambda field: values.get(field, ()))


def _condition(term: Term, keys: Mapping[str, ApiKey]) -> Condition:
    alternatives = [_alternative(term, value, keys) for value in term.values]
    return lambda finding: any(meets(finding) for meets in alternatives) is not term.excluded


def _alternative(term: Term, value: str, keys: Mapping[str, ApiKey]) -> Condition:
    folded = value.casefold()
    if term.field is None:
        return lambda finding: folded in _text(finding).casefold()
    if term.field == "developer":
        return lambda finding: folded in _developer(finding, keys).casefold()
    if term.field == "key":
        return lambda finding: bool(finding.key) and folded in finding.key.casefold()
    if term.field == "severity":
        names = _named(term, value, [each.value for each in Severity], "severity")
        return lambda finding: severity(finding.rule).value in names
    if term.field == "rule":
        names = _named(term, value, [each.value for each in ReviewRule], "rule")
        return lambda finding: finding.rule.value in names
    if term.field == "is":
        states = [_STATES[name] for name in _named(term, value, list(_STATES), "state")]
        return lambda finding: any(meets(finding) for meets in states)
    raise unknown_field(term, FIELDS)


def _named(term: Term, value: str, names: list[str], kind: str) -> set[str]:
    """Return the names that begin with a value."""
    found = {name for name in names if value and name.startswith(value.casefold())}
    if not found:
        raise unknown_value(term, value, names, kind, EXAMPLE)
    return found


def _text(finding: Finding) -> str:
    return f"{finding.key} {finding.rule.value} {finding.rule.title} {finding.reason} {finding.advice}"


def _developer(finding: Finding, keys: Mapping[str, ApiKey]) -> str:
    key = keys.get(finding.fingerprint)
    return key.developer if key is not None else ""
