"""The results of the checks of a practice."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum


class CheckStatus(Enum):
    """The outcome of one check."""

    OK = "ok"
    NOTE = "note"
    """Worth knowing, and nothing needs to be done."""
    WARNING = "warning"
    """Something doesn't work or isn't safe, and somebody has to act."""
    FAILED = "failed"
    """The checks that follow are impossible until this is fixed."""
    NOT_CHECKED = "not checked"


@dataclass(frozen=True)
class CheckResult:
    """The result of one check."""

    id: str
    """A stable identifier for programs."""
    status: CheckStatus
    sentence: str
    hint: str = ""
    """The remedy; empty if nothing needs to be done."""


CheckResults = Iterator[CheckResult]


def not_checked(check_id: str) -> CheckResult:
    """Return the result of a check that an earlier failure made impossible."""
    return CheckResult(check_id, CheckStatus.NOT_CHECKED, "Not checked because an earlier check failed.")


def exit_status(results: Iterable[CheckResult]) -> int:
    """Return the exit status of the command: 0 if all is well, 1 after a warning, 2 if a check failed."""
    statuses = {result.status for result in results}
    if CheckStatus.FAILED in statuses:
        return 2
    return 1 if CheckStatus.WARNING in statuses else 0
