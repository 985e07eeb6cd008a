"""`apisetup offices`: list, add, remove and import the offices of the configuration file without a screen."""

from __future__ import annotations

import argparse
import json
import logging
import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING

from core.base.current_directory import absolute_path
from core.base.errors import ConfigurationError
from core.database.address import FileAddress, ServerAddress
from core.database.companion_address import CompanionAddress, is_url, parse_companion_url
from core.model.api_key import AuthorityName
from core.offices.config import read_configuration
from core.offices.configured_office import MAX_LOCK_MINUTES, ConfiguredOffice
from core.offices.last_opened import LastOpened
from core.offices.password_source import PROMPT, PasswordSource, SourceKind, parse_password_source
from core.offices.paths import expand_user
from tui.commands.launch_target import find_launch_target, find_paths
from tui.commands.office_session import read_database_password
from tui.platform.output import ask, is_terminal, print_result
from tui.widgets.safe_text import sanitize

if TYPE_CHECKING:
    from datetime import datetime

    from core.offices.importer import ImportResult
    from core.offices.open_request import OpenRequest
    from core.offices.paths import Paths
    from core.offices.server_names import ServerName

_logger = logging.getLogger(__name__)

DONE = 0
"""The exit status of a command that succeeded. `main` returns 2 for an error."""


def run(options: argparse.Namespace, environment: Mapping[str, str]) -> int:
    """Run one of the `offices` commands and return the exit status.

    Raises:
        ApiSetupError: The command failed; nothing was written.
    """
    _logger.debug("apisetup offices %s", options.offices_command)
    paths = find_paths(options, environment)
    if options.offices_command == "list":
        return _list(options, paths)
    if options.offices_command == "add":
        return _add(options, paths, environment)
    if options.offices_command == "remove":
        return _remove(options, paths)
    return _import(options, paths, environment)


# -- list ----------------------------------------------------------------------------


def _list(options: argparse.Namespace, paths: Paths) -> int:
    offices = read_configuration(paths.configuration).offices
    opened = LastOpened(paths.last_opened).read()
    if options.json:
        print_result(json.dumps([_as_json(office, opened.get(office.name)) for office in offices], indent=2))
    elif offices:
        print_result("\n".join(sanitize(_line(office, opened.get(office.name)), 400) for office in offices))
    else:
        print_result(
            f"There are no offices in {sanitize(str(paths.configuration))}. Add one with: apisetup offices add"
        )
    return DONE


def _line(office: ConfiguredOffice, opened: datetime | None) -> str:
    remarks = [
        *(["PRODUCTION"] if office.production else []),
        *(["READ-ONLY"] if office.read_only else []),
        *([f"password: {_password_label(office)}"] if isinstance(office.address, ServerAddress) else []),
        f"last opened {opened:%Y-%m-%d %H:%M}" if opened else "never opened",
    ]
    return f"{office.name}: {office.address.label} ({', '.join(remarks)})"


def _as_json(office: ConfiguredOffice, opened: datetime | None) -> dict[str, object]:
    address = office.address
    on_server = isinstance(address, ServerAddress)
    return {
        "name": office.name,
        "host": address.host if isinstance(address, ServerAddress) and not address.socket else None,
        "port": address.port if isinstance(address, ServerAddress) and not address.socket else None,
        "socket": (address.socket or None) if isinstance(address, ServerAddress) else None,
        "database": address.database if isinstance(address, ServerAddress) else None,
        "user": address.user if isinstance(address, ServerAddress) else None,
        "file": None if isinstance(address, ServerAddress) else str(address.path),
        "tls": isinstance(address, ServerAddress) and address.tls is not None,
        "password_from": office.password_from.kind.value if on_server else None,
        "authority": office.authority.value if office.authority else None,
        "read_only": office.read_only,
        "production": office.production,
        "lock_after_minutes": office.lock_after_minutes,
        "last_opened": opened.isoformat() if opened else None,
    }


def _password_label(office: ConfiguredOffice) -> str:
    # A password command's arguments may contain a secret, so only the kind of source is shown.
    return "prompt" if office.password_from == PROMPT else f"from {office.password_from.kind.label}"


# -- add and remove --------------------------------------------------------------------


def _add(options: argparse.Namespace, paths: Paths, environment: Mapping[str, str]) -> int:
    from core.offices.config_writer import add_offices

    if options.url is None:
        raise ConfigurationError(
            "The practice to add is missing.", "Add --url mysql+pymysql://user@host:3306/opendental."
        )
    if options.lock_after_minutes is not None and not 1 <= options.lock_after_minutes <= MAX_LOCK_MINUTES:
        raise ConfigurationError(
            f"--lock-after-minutes must be from 1 to {MAX_LOCK_MINUTES}.", "Leave it out to have no limit."
        )
    # The options of the practice have the same meaning as when it is opened at once.
    request = _named_practice(options, environment)
    office = ConfiguredOffice(
        name=options.name.strip(),
        address=request.office.address,
        password_from=_password_source(options, on_server=request.on_server),
        authority=AuthorityName(options.authority) if options.authority else None,
        companion=_companion(options),
        companion_password_from=_secret_source(options.companion_password_from),
        companion_key_from=_secret_source(options.companion_key_from),
        read_only=options.read_only,
        production=options.production,
        lock_after_minutes=options.lock_after_minutes,
    )
    if office.companion is not None and not request.on_server:
        raise ConfigurationError("An SQLite practice has no companion file.", "Leave out --companion.")
    add_offices(paths.configuration, [office])
    print_result(
        f"Added to {sanitize(str(paths.configuration))}: {sanitize(_line(office, None), 400)}",
        f"The office {office.name} was added to {paths.configuration}.",
    )
    return DONE


def _companion(options: argparse.Namespace) -> CompanionAddress | None:
    if not options.companion:
        return None
    return parse_companion_url(options.companion) if is_url(options.companion) else _file(options.companion)


def _file(path: str) -> FileAddress:
    return FileAddress(expand_user(path))


def _secret_source(text: str | None) -> PasswordSource | None:
    if text is None:
        return None
    source = parse_password_source(text)
    # Later runs start in other directories, so the configuration file needs an absolute path.
    is_file = source.kind is SourceKind.FILE
    return replace(source, detail=str(absolute_path(expand_user(source.detail)))) if is_file else source


def _password_source(options: argparse.Namespace, *, on_server: bool) -> PasswordSource:
    if options.password_from is None:
        return PROMPT
    if not on_server:
        raise ConfigurationError("An SQLite practice has no password.", "Leave out --password-from.")
    return _secret_source(options.password_from) or PROMPT


def _remove(options: argparse.Namespace, paths: Paths) -> int:
    from core.offices.config_writer import remove_office

    office = read_configuration(paths.configuration).find_office(options.name, exact=True)
    unchanged = "Nothing was removed."
    if not _confirm(options, f"Remove {sanitize(_line(office, None), 400)}?", unchanged):
        print_result(unchanged)
        return DONE
    remove_office(paths.configuration, office.name)
    print_result(
        f"Removed: {sanitize(office.name)}. Its companion file, if any, was kept.",
        f"The office {office.name} was removed from {paths.configuration}.",
    )
    return DONE


# -- import ----------------------------------------------------------------------------


def _import(options: argparse.Namespace, paths: Paths, environment: Mapping[str, str]) -> int:
    from core.offices.config_writer import add_offices

    taken = [office.name for office in read_configuration(paths.configuration).offices]
    found = _find_offices(options, environment, taken)
    unchanged = "Nothing was added."
    for remark in found.remarks:
        print_result(sanitize(remark, 400), unchanged)
    if not found.offices:
        print_result("No new offices found.")
        return DONE
    for office in found.offices:
        print_result(sanitize(_line(office, None), 400), unchanged)
    count, file = _office_count(len(found.offices)), str(paths.configuration)
    if not _confirm(options, f"Add {count} to {sanitize(file)}?", unchanged):
        print_result(unchanged)
        return DONE
    add_offices(paths.configuration, found.offices)
    print_result(f"Added: {count}.", f"Added to {file}: {', '.join(office.name for office in found.offices)}.")
    return DONE


def _find_offices(options: argparse.Namespace, environment: Mapping[str, str], taken: Sequence[str]) -> ImportResult:
    from core.offices.importer import import_from_central_manager, import_from_workstation, rename_duplicates

    find_host = _HostQuestions(options)
    if options.central is (options.file is not None):
        raise ConfigurationError(
            "Choose one source to import from.", "Name a FreeDentalConfig.xml, or use --central with --url."
        )
    if options.file is not None:
        file = expand_user(options.file)
        return rename_duplicates(import_from_workstation(file, find_host, options.name), taken)
    if options.url is None or options.name is not None:
        raise ConfigurationError(
            "--central needs --url, and no --name.", "Name the central manager's database with --url."
        )
    request = _named_practice(options, environment)
    if not isinstance(request.office.address, ServerAddress):
        raise ConfigurationError("A central manager's database is on a server.", "Name it with --url.")
    return import_from_central_manager(request.office.address, read_database_password(request), taken, find_host)


class _HostQuestions:
    """Finds out what imported servers are called from here: from --host, or by asking, once for each name.

    Args:
        options: The parsed command line.
    """

    def __init__(self, options: argparse.Namespace) -> None:
        self._options = options
        self._answers: dict[str, str | None] = {}

    def __call__(self, server: ServerName) -> str | None:
        """Return the name of a server from here; None if nothing says it."""
        # In a central manager's list, --host stands for one computer: that of the list. Others have names of their own.
        if self._options.host is not None and (server.is_own_computer or not self._options.central):
            return str(self._options.host)
        if not server.is_relative or self._options.yes or not is_terminal(sys.stdin):
            return None
        key = "" if server.is_own_computer else server.text
        if key not in self._answers:
            self._answers[key] = self._ask(server)
        return self._answers[key]

    def _ask(self, server: ServerName) -> str | None:
        unchanged = "Nothing was added."
        print_result(f"The server is named {sanitize(server.text, 200)}, which {server.meaning}.", unchanged)
        return ask("What is it called from here? HOST or HOST:PORT, or nothing to leave it out:", unchanged) or None


def _named_practice(options: argparse.Namespace, environment: Mapping[str, str]) -> OpenRequest:
    """Return the practice of --url; nothing is opened or created."""
    with ExitStack() as cleanup:
        return find_launch_target(options, environment, cleanup).require_request()


def _office_count(number: int) -> str:
    return "one office" if number == 1 else f"{number} offices"


def _confirm(options: argparse.Namespace, question: str, unchanged: str) -> bool:
    if options.yes:
        return True
    if not is_terminal(sys.stdin):
        raise ConfigurationError(f"{question} No terminal to prompt on.", "Add --yes for a scheduled job.")
    return (ask(f"{question} [y/N]", unchanged) or "").casefold() in ("y", "yes")
