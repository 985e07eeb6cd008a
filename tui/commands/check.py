"""`apisetup check`: whether everything works in a practice, without a screen and without writing anything."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING

from core.base.errors import ConfigurationError
from core.check.office import check_office
from core.check.result import CheckResult, CheckStatus, exit_status
from tui.commands.office_session import USER_VARIABLE, asked_for_password
from tui.widgets.plain import visible

if TYPE_CHECKING:
    from core.offices.open_request import OpenRequest

_MARKS = {
    CheckStatus.OK: "ok",
    CheckStatus.NOTE: "note",
    CheckStatus.WARNING: "WARNING",
    CheckStatus.FAILED: "FAILED",
    CheckStatus.NOT_CHECKED: "-",
}


def run(options: argparse.Namespace, opening: OpenRequest, environment: Mapping[str, str]) -> int:
    """Check the practice and tell what was found; gives the exit status."""
    if opening.demo:
        raise ConfigurationError("There is nothing to check in the demo practice.", "Name another one.")
    user = options.user or environment.get(USER_VARIABLE)
    try:
        password = asked_for_password(opening)
    except ConfigurationError as error:
        findings: tuple[CheckResult, ...] = (
            CheckResult("database-password", CheckStatus.FAILED, error.sentence, error.hint),
        )
    else:
        findings = check_office(opening, password, user)
    status = exit_status(findings)
    if options.json:
        print(json.dumps(_as_json(opening, findings, status), indent=2), flush=True)
    else:
        print("\n".join(line for finding in findings for line in _lines(finding)), flush=True)
    return status


def _lines(finding: CheckResult) -> list[str]:
    first = f"{_MARKS[finding.status]:<8} {finding.id:<17} {visible(finding.sentence, 1000)}"
    return [first, *([f"{'':<26} {visible(finding.hint, 1000)}"] if finding.hint else [])]


def _as_json(opening: OpenRequest, findings: tuple[CheckResult, ...], status: int) -> dict[str, object]:
    return {
        "office": opening.office.name or None,
        "address": opening.office.address.label,
        "status": status,
        "findings": [
            {"id": each.id, "state": each.status.value, "sentence": each.sentence, "hint": each.hint}
            for each in findings
        ],
    }
