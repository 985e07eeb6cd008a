"""`apisetup check`: checks a practice without a screen and without writing to it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from core.base.errors import ConfigurationError
from core.check.office import check_office
from core.check.result import CheckResult, CheckStatus, exit_status
from tui.commands.report import OfficeReport
from tui.commands.sign_in import USER_VARIABLE, read_database_password
from tui.widgets.safe_text import sanitize

if TYPE_CHECKING:
    from core.offices.open_request import OpenRequest
    from tui.commands.office_command import OfficeCommand

_LABELS = {
    CheckStatus.OK: "ok",
    CheckStatus.NOTE: "note",
    CheckStatus.WARNING: "WARNING",
    CheckStatus.FAILED: "FAILED",
    CheckStatus.NOT_CHECKED: "-",
}
_LABEL_WIDTH = max(map(len, _LABELS.values()))


def run(command: OfficeCommand) -> int:
    """Check the practices, print the results and return the exit status.

    Raises:
        ConfigurationError: The practice is the demo, which has nothing to check.
    """
    if command.options.demo:
        raise ConfigurationError("The demo practice can't be checked.", "Choose another practice.")
    return command.run_requests(partial(_check, command))


def _check(command: OfficeCommand, request: OpenRequest) -> OfficeReport:
    user = command.options.user or request.office.od_user or command.environment.get(USER_VARIABLE)
    try:
        password = read_database_password(request)
    except ConfigurationError as error:
        results: tuple[CheckResult, ...] = (
            CheckResult("database-password", CheckStatus.FAILED, error.sentence, error.hint),
        )
    else:
        results = check_office(request, password, user)
    width = max(len(result.id) for result in results)
    lines = [line for result in results for line in _lines(result, width)]
    return OfficeReport(exit_status(results), {"findings": [_as_json(each) for each in results]}, lines)


def _lines(result: CheckResult, width: int) -> list[str]:
    """Return a result as a line of three columns, with its hint below the last one.

    Args:
        result: The result.
        width: The width of the column of ids.
    """
    first = f"{_LABELS[result.status]:<{_LABEL_WIDTH}}  {result.id:<{width}}  {sanitize(result.sentence)}"
    indent = " " * (_LABEL_WIDTH + width + 4)
    return [first, *([f"{indent}{sanitize(result.hint)}"] if result.hint else [])]


def _as_json(result: CheckResult) -> dict[str, str | None]:
    return {
        "id": result.id,
        "state": result.status.value,
        "sentence": result.sentence,
        "hint": result.hint or None,
    }
