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
_LABEL_WIDTH = max(map(len, _LABELS.values()))


def run(options: argparse.Namespace, request: OpenRequest, environment: Mapping[str, str]) -> int:
    """Check the practice, print the results and return the exit status.

    Raises:
        ConfigurationError: The practice is the demo, which has nothing to check.
    """
    if request.demo:
        raise ConfigurationError("The demo practice can't be checked.", "Choose another practice.")
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
        width = max(len(result.id) for result in results)
        print_result("\n".join(line for result in results for line in _lines(result, width)))
    return status


def _lines(result: CheckResult, width: int) -> list[str]:
    """Return a result as a line of three columns, with its hint below the last one.

    Args:
        result: The result.
        width: The width of the column of ids.
    """
    first = f"{_LABELS[result.status]:<{_LABEL_WIDTH}}  {result.id:<{width}}  {sanitize(result.sentence)}"
    indent = " " * (_LABEL_WIDTH + width + 4)
    return [first, *([f"{indent}{sanitize(result.hint)}"] if result.hint else [])]


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
