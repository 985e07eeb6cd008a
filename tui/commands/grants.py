"""`apisetup grants`: prints the script that gives a database user the rights it needs."""

from __future__ import annotations

import argparse
from functools import partial
from typing import TYPE_CHECKING

from core.base.errors import ConfigurationError
from core.check.grant_script import ALL_FEATURES, Feature, GrantTarget, Role, grant_statements
from core.database.address import ServerAddress
from tui.commands.report import DONE, OfficeReport
from tui.widgets.safe_text import sanitize

if TYPE_CHECKING:
    from core.offices.open_request import OpenRequest
    from tui.commands.office_command import OfficeCommand


def run(command: OfficeCommand) -> int:
    """Print the script for each office and return the exit status. Nothing is opened.

    Raises:
        ConfigurationError: A feature doesn't exist, or two roles were named.
    """
    options = command.options
    if options.read_only and options.auditor:
        raise ConfigurationError("--read-only and --auditor can't be combined.", "Choose one of them.")
    role = Role.READ_ONLY if options.read_only else Role.AUDITOR if options.auditor else Role.ADMIN
    return command.run_requests(partial(_script, options, role, _features(options)))


def _script(
    options: argparse.Namespace, role: Role, features: tuple[Feature, ...], request: OpenRequest
) -> OfficeReport:
    target = _target(options, request)
    statements = grant_statements(target, role, features)
    data = {
        "role": role.value,
        "features": [each.value for each in features],
        "database": target.database,
        "user": target.user,
        "statements": list(statements),
    }
    heading = f"-- {request.office.name}: {role.value}" if request.office.name else f"-- {role.value}"
    return OfficeReport(DONE, data, [sanitize(each) for each in (heading, *statements)], names_office=True)


def _target(options: argparse.Namespace, request: OpenRequest) -> GrantTarget:
    address = request.office.address
    if isinstance(address, ServerAddress):
        return GrantTarget(address.database, address.user)
    if request.office.name or options.url is not None or options.demo:
        raise ConfigurationError("An SQLite practice has no database users.", "Choose a practice on a server.")
    # Without any office, the script has the names that the manual uses.
    return GrantTarget()


def _features(options: argparse.Namespace) -> tuple[Feature, ...]:
    if options.features is None:
        return ALL_FEATURES
    by_name = {each.value: each for each in Feature}
    wanted = [name.strip() for name in options.features.split(",") if name.strip()]
    for name in wanted:
        if name not in by_name:
            raise ConfigurationError(f"Unknown feature: {name}.", f"Features: {', '.join(by_name)}.")
    return tuple(by_name[name] for name in dict.fromkeys(wanted))
