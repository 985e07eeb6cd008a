"""`apisetup offices`: list, add, remove and import the offices of the configuration file without a screen."""

from __future__ import annotations

import argparse
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
from core.model.authority_name import AuthorityName
from core.offices.config_file import read_configuration
from core.offices.configured_office import ConfiguredOffice
from core.offices.last_opened import LastOpened
from core.offices.office_table import MAX_LOCK_MINUTES
from core.offices.password_source import (
    COMPANION_KEY,
    COMPANION_PASSWORD,
    DATABASE_PASSWORD,
    OPEN_DENTAL_PASSWORD,
    PROMPT,
    PasswordSource,
    Purpose,
    SourceKind,
    parse_password_source,
)
from core.offices.paths import expand_user
from tui.commands.confirmation import confirm, require_answerable
from tui.commands.launch_target import find_paths
from tui.commands.office_selection import select_offices
from tui.commands.report import DONE, WANTING, document
from tui.commands.sign_in import read_database_password
from tui.platform.output import ask, is_terminal, print_result
from tui.widgets.safe_text import sanitize

if TYPE_CHECKING:
    from datetime import datetime

    from core.offices.importer import ImportResult
    from core.offices.open_request import OpenRequest
    from core.offices.paths import Paths
    from core.offices.server_names import ServerName

_logger = logging.getLogger(__name__)


def run(options: argparse.Namespace, environment: Mapping[str, str]) -> int:
    """Run one of the `offices` commands and return the exit status.

    Raises:
        ApiSetupError: The command failed; nothing was written.
    """
    _logger.debug("apisetup offices %s", options.verb)
    paths = find_paths(options, environment)
    if options.verb == "list":
        return _list(options, paths)
    if options.verb == "add":
        return _add(options, paths, environment)
    if options.verb == "remove":
        return _remove(options, paths)
    return _import(options, paths, environment)


# -- list ----------------------------------------------------------------------------


def _list(options: argparse.Namespace, paths: Paths) -> int:
    every = read_configuration(paths.configuration).offices
    offices = [each for each in every if not options.tag or any(map(each.has_tag, options.tag))]
    opened = LastOpened(paths.last_opened).read()
    if options.json:
        print_result(document("offices list", DONE, [_as_json(each, opened.get(each.name)) for each in offices]))
    elif every:
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
        *([f"tags: {', '.join(office.tags)}"] if office.tags else []),
        *([f"password: {_password_label(office)}"] if isinstance(office.address, ServerAddress) else []),
        f"last opened {opened:%Y-%m-%d %H:%M}" if opened else "never opened",
    ]
    return f"{office.name}: {office.address.label} ({', '.join(remarks)})"


def _as_json(office: ConfiguredOffice, opened: datetime | None) -> dict[str, object]:
    address = office.address
    on_server = isinstance(address, ServerAddress)
    return {
        "office": office.name,
        "tags": list(office.tags),
        "host": address.host if isinstance(address, ServerAddress) and not address.socket else None,
        "port": address.port if isinstance(address, ServerAddress) and not address.socket else None,
        "socket": (address.socket or None) if isinstance(address, ServerAddress) else None,
        "database": address.database if isinstance(address, ServerAddress) else None,
        "user": address.user if isinstance(address, ServerAddress) else None,
        "file": None if isinstance(address, ServerAddress) else str(address.path),
        "tls": isinstance(address, ServerAddress) and address.tls is not None,
        "password_from": office.password_from.kind.value if on_server else None,
        "od_user": office.od_user or None,
        "od_password_from": office.od_password_from.kind.value if office.od_user else None,
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
    from core.offices.config_writer import add_offices, validate_offices

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
        password_from=_password_source(options.password_from, DATABASE_PASSWORD, on_server=request.on_server),
        od_user=_open_dental_user(options, on_server=request.on_server),
        od_password_from=_password_source(options.od_password_from, OPEN_DENTAL_PASSWORD, on_server=request.on_server),
        tags=tuple(options.tag),
        authority=AuthorityName(options.authority) if options.authority else None,
        companion=_companion(options),
        companion_password_from=_secret_source(options.companion_password_from, COMPANION_PASSWORD),
        companion_key_from=_secret_source(options.companion_key_from, COMPANION_KEY),
        read_only=options.read_only,
        production=options.production,
        lock_after_minutes=options.lock_after_minutes,
    )
    if office.companion is not None and not request.on_server:
        raise ConfigurationError("An SQLite practice has no companion file.", "Leave out --companion.")
    if options.dry_run:
        validate_offices(paths.configuration, [office])
        print_result(f"would: add to {sanitize(str(paths.configuration))}: {sanitize(_line(office, None), 400)}")
        return DONE
    add_offices(paths.configuration, [office])
    print_result(
        f"Added to {sanitize(str(paths.configuration))}: {sanitize(_line(office, None), 400)}",
        f"The office {office.name} was added to {paths.configuration}.",
    )
    return DONE


def _companion(options: argparse.Namespace) -> CompanionAddress | None:
    if not options.companion:
        return None
    if is_url(options.companion):
        return parse_companion_url(options.companion)
    return FileAddress(expand_user(options.companion))


def _open_dental_user(options: argparse.Namespace, *, on_server: bool) -> str:
    user = (options.od_user or "").strip()
    if user and not on_server:
        raise ConfigurationError("An SQLite practice has no users to sign in as.", "Leave out --od-user.")
    if options.od_password_from is not None and not user:
        raise ConfigurationError("--od-password-from needs --od-user.", "Add --od-user NAME.")
    return user


def _password_source(text: str | None, purpose: Purpose, *, on_server: bool) -> PasswordSource:
    if text is None:
        return PROMPT
    if not on_server:
        option = f"--{purpose.setting.replace('_', '-')}"
        raise ConfigurationError("An SQLite practice has no password.", f"Leave out {option}.")
    return _secret_source(text, purpose) or PROMPT


def _secret_source(text: str | None, purpose: Purpose) -> PasswordSource | None:
    if text is None:
        return None
    source = parse_password_source(text, purpose)
    # Later runs start in other directories, so the configuration file needs an absolute path.
    is_file = source.kind is SourceKind.FILE
    return replace(source, detail=str(absolute_path(expand_user(source.detail)))) if is_file else source


def _remove(options: argparse.Namespace, paths: Paths) -> int:
    from core.offices.config_writer import remove_office

    office = read_configuration(paths.configuration).find_office(options.name, exact=True)
    line = sanitize(_line(office, None), 400)
    if options.dry_run:
        print_result(f"would: remove {line}")
        return DONE
    require_answerable(options)
    if not confirm(options, [line], "Remove this office from the configuration file?"):
        print_result("Nothing was removed.")
        return WANTING
    remove_office(paths.configuration, office.name)
    print_result(
        f"Removed: {sanitize(office.name)}. Its companion file, if any, was kept.",
        f"The office {office.name} was removed from {paths.configuration}.",
    )
    return DONE


# -- import ----------------------------------------------------------------------------


def _import(options: argparse.Namespace, paths: Paths, environment: Mapping[str, str]) -> int:
    from core.offices.config_writer import add_offices, validate_offices

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
    if options.dry_run:
        validate_offices(paths.configuration, found.offices)
        print_result(f"would: add {count} to {sanitize(file)}")
        return DONE
    require_answerable(options)
    if not confirm(options, (), f"Add {count} to {file}?"):
        print_result(unchanged)
        return WANTING
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
        return ask("What is it called from here? HOST or HOST:PORT, or nothing to leave it out:") or None


def _named_practice(options: argparse.Namespace, environment: Mapping[str, str]) -> OpenRequest:
    """Return the practice of --url; nothing is opened or created."""
    # Here, --tag names the tags of the new office.
    options = argparse.Namespace(**{**vars(options), "tag": []})
    with ExitStack() as cleanup:
        return select_offices(options, environment, cleanup).only()


def _office_count(number: int) -> str:
    return "one office" if number == 1 else f"{number} offices"
