"""`apisetup check`: checks a practice without a screen and without writing to it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from core.base.errors import ConfigurationError
from core.check.office import check_office
from core.check.result import CheckResult, CheckStatus, exit_status
from tui.commands.outcome import COULD_NOT
from tui.commands.report import OfficeReport
from tui.commands.sign_in import USER_VARIABLE, ask_for_companion_password, read_database_password
from tui.widgets.safe_text import sanitize, wrap

if TYPE_CHECKING:
    from core.base.secret import Secret
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
_AT_ONCE = 8
"""The number of offices that are checked at the same time."""
_IN_SUMMARY = ("practice", "open-dental", "server-version")
"""The results that the line of an office where all is well is made of."""
_WIDTH, _MIN_WIDTH = 80, 40


def run(command: OfficeCommand) -> int:
    """Check the practices, print the results and return the exit status.

    Raises:
        ConfigurationError: The practice is the demo, which has nothing to check.
    """
    if command.options.demo:
        raise ConfigurationError("The demo practice can't be checked.", "Choose another practice.")
    # Before the checks that run at the same time, because only one of them could prompt.
    passwords = {request.office.name: _read_password(request) for request in command.selection.requests}
    return command.run_requests(partial(_check, command, passwords), at_once=_AT_ONCE)


def _read_password(request: OpenRequest) -> Secret | ConfigurationError:
    # Without it, the check of the companion says why it can't be opened.
    with suppress(ConfigurationError):
        ask_for_companion_password(request)
    try:
        return read_database_password(request)
    except ConfigurationError as error:
        return error


def _check(
    command: OfficeCommand, passwords: Mapping[str, Secret | ConfigurationError], request: OpenRequest
) -> OfficeReport:
    user = command.options.user or request.office.od_user or command.environment.get(USER_VARIABLE)
    password = passwords[request.office.name]
    results: tuple[CheckResult, ...]
    if isinstance(password, ConfigurationError):
        results = (CheckResult("database-password", CheckStatus.FAILED, password.sentence, password.hint),)
    else:
        results = check_office(request, password, user)
    status, several = exit_status(results), command.selection.several
    lines = list(_summary(request, results) if several else _all_lines(results))
    findings = {"findings": [_as_json(each) for each in results]}
    return OfficeReport(status, findings, lines, names_office=several)


def _summary(request: OpenRequest, results: Sequence[CheckResult]) -> Iterator[str]:
    """Yield one line for an office where all is well, and only the trouble of the others."""
    trouble = [each for each in results if each.status in (CheckStatus.WARNING, CheckStatus.FAILED)]
    worst = CheckStatus.OK
    if trouble:
        worst = CheckStatus.FAILED if exit_status(results) == COULD_NOT else CheckStatus.WARNING
    named = [each.sentence.rstrip(".") for each in results if each.id in _IN_SUMMARY and each.status is CheckStatus.OK]
    first = f"{_LABELS[worst]:<{_LABEL_WIDTH}}  {request.office.name}"
    yield sanitize(first if trouble or not named else f"{first}: {', '.join(named)}")
    indent, width = " " * (_LABEL_WIDTH + 2), shutil.get_terminal_size((_WIDTH, 24)).columns
    for each in trouble:
        for line in wrap(sanitize(f"{each.sentence} {each.hint}".strip()), max(width - len(indent), _MIN_WIDTH)):
            yield f"{indent}{line}"


def _all_lines(results: Sequence[CheckResult]) -> list[str]:
    width = max(len(result.id) for result in results)
    return [line for result in results for line in _lines(result, width)]


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
