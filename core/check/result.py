"""What a check of a practice found out, point by point."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum


class CheckStatus(Enum):
    """How it stands with one point."""

    OK = "ok"
    NOTE = "note"
    """Good to know, and nothing to do."""
    WARNING = "warning"
    """Something does not work, or is not safe, until somebody does something."""
    FAILED = "failed"
    """Nothing further can be checked before this is right."""
    NOT_CHECKED = "not checked"


@dataclass(frozen=True)
class CheckResult:
    """One point."""

    id: str
    """Its name for programs, which stays the same."""
    state: CheckStatus
    sentence: str
    hint: str = ""
    """What to do; empty where there is nothing to do."""


def exit_status(findings: Iterable[CheckResult]) -> int:
    """0 where all is well, 1 where something is missing or not safe, 2 where it could not be checked."""
    states = {finding.state for finding in findings}
    if CheckStatus.FAILED in states:
        return 2
    return 1 if CheckStatus.WARNING in states else 0
