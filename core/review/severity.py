"""The severity of findings, by which the worst comes first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import Enum

from core.model.review import Finding, ReviewRule


class Severity(Enum):
    """The severity of a finding; the values are the words that lists show and filters take."""

    HIGH = "high"
    """Somebody may use what should be out of use, or data leaves unprotected."""
    MEDIUM = "medium"
    """It isn't known whether the access is right."""
    LOW = "low"
    """Something to tidy up."""


_SEVERITIES: Mapping[ReviewRule, Severity] = {
    ReviewRule.CHANGED_AFTER_DISABLED: Severity.HIGH,
    ReviewRule.PLAIN_HTTP: Severity.HIGH,
    ReviewRule.ORPHANED_SUBSCRIPTION: Severity.HIGH,
    ReviewRule.NOT_AT_HEADQUARTERS: Severity.HIGH,
    ReviewRule.RISKY_PERMISSIONS: Severity.MEDIUM,
    ReviewRule.NO_AGREEMENT: Severity.MEDIUM,
    ReviewRule.OVERDUE: Severity.MEDIUM,
    ReviewRule.UNVERIFIED: Severity.MEDIUM,
    ReviewRule.UNSEALED: Severity.MEDIUM,
    ReviewRule.UNCHANGED: Severity.MEDIUM,
    ReviewRule.NO_OWNER: Severity.LOW,
    ReviewRule.SOME_OFFICES: Severity.LOW,
    ReviewRule.ENDED_SUBSCRIPTION: Severity.LOW,
}
"""The rules, the worst first."""
_PLACES = {rule: place for place, rule in enumerate(_SEVERITIES)}


def severity(rule: ReviewRule) -> Severity:
    """Return the severity of a rule's findings."""
    return _SEVERITIES[rule]


def worst_first(findings: Iterable[Finding]) -> list[Finding]:
    """Return findings by severity, those that a review accepted last. Others keep their order."""
    return sorted(findings, key=lambda each: (not each.is_due, _PLACES[each.rule]))
