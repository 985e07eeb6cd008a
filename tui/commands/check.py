"""`apisetup check`: checks a practice without a screen and without writing to it."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING

from core.base.errors import ConfigurationError
from core.check.office import check_office
from core.check.result import CheckResult, CheckStatus, exit_status
from tui.commands.office_session import USER_VARIABLE, read_database_password
from tui.platform.output import print_result
from tui.widgets.safe_text import sanitize

if TYPE_CHECKING:
    from core.offices.open_request import OpenRequest

_LABELS = {
    CheckStatus.OK: "ok",
    CheckStatus.NOTE: "note",
    CheckStatus.WARNING: "WARNING",
    CheckStatus.FAILED: "FAILED",
    CheckStatus.NOT_CHECKED: "-",
}


def run(options: argparse.Namespace, request: OpenRequest, environment: Mapping[str, str]) -> int:
    """Check the practice, print the results and return the exit status.

    Raises:
        ConfigurationError: The practice is the demo, which has nothing to check.
    """
    if request.demo:
        raise ConfigurationError("There is nothing to check in the demo practice.", "Name another one.")
    user = options.user or environment.get(USER_VARIABLE)
    try:
        password = read_database_password(request)
    except ConfigurationError as error:
        results: tuple[CheckResult, ...] = (
            CheckResult("database-password", CheckStatus.FAILED, error.sentence, error.hint),
        )
    else:
        results = check_office(request, password, user)
    status = exit_status(results)
    if options.json:
        print_result(json.dumps(_as_json(request, results, status), indent=2))
    else:
        print_result("\n".join(line for result in results for line in _lines(result)))
    return status


def _lines(result: CheckResult) -> list[str]:
    first = f"{_LABELS[result.status]:<8} {result.id:<17} {sanitize(result.sentence)}"
    return [first, *([f"{'':<26} {sanitize(result.hint)}"] if result.hint else [])]


def _as_json(request: OpenRequest, results: tuple[CheckResult, ...], status: int) -> dict[str, object]:
    return {
        "office": request.office.name or None,
        "address": request.office.address.label,
        "status": status,
        "findings": [
            {"id": each.id, "state": each.status.value, "sentence": each.sentence, "hint": each.hint}
            for each in results
        ],
    }
