"""`apisetup offices`: the offices of the configuration file, without a screen."""

from __future__ import annotations

import argparse
import json
import logging
import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from core.base.errors import ApiSetupError, ConfigurationError
from core.database.address import ServerAddress
from core.model.api_key import AuthorityName
from core.offices.config import read_configuration
from core.offices.configured_office import MAX_LOCK_MINUTES, ConfiguredOffice
from core.offices.last_opened import LastOpened
from core.offices.password_source import PROMPT, PasswordSource, SourceKind, parse_password_source
from tui.commands.launch_target import find_launch_target, find_paths
from tui.commands.office_session import asked_for_password
from tui.widgets.plain import visible

if TYPE_CHECKING:
    from datetime import datetime

    from core.offices.importer import ImportResult
    from core.offices.paths import Paths

_logger = logging.getLogger(__name__)

DONE, NOT_DONE = 0, 2


def run(options: argparse.Namespace, environment: Mapping[str, str]) -> int:
    """Run one of the commands; gives the exit status.

    Raises:
        ApiSetupError: It could not be done; nothing was written.
    """
    _logger.debug("apisetup offices %s", options.offices_command)
    try:
        return _run(options, environment)
    except ApiSetupError as error:
        _logger.debug("%s", error, exc_info=error)
        raise


def _run(options: argparse.Namespace, environment: Mapping[str, str]) -> int:
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
        print(json.dumps([_as_json(office, opened.get(office.name)) for office in offices], indent=2))
    elif not offices:
        print(f"There are no offices in {visible(str(paths.configuration))}; apisetup offices add adds one.")
    for office in () if options.json else offices:
        print(visible(_line(office, opened.get(office.name)), 400))
    return DONE


def _line(office: ConfiguredOffice, opened: datetime | None) -> str:
    words = [
        *(["PRODUCTION"] if office.production else []),
        *(["READ-ONLY"] if office.read_only else []),
        *([f"password: {_source(office)}"] if isinstance(office.address, ServerAddress) else []),
        f"last opened {opened:%Y-%m-%d %H:%M}" if opened else "never opened",
    ]
    return f"{office.name}: {office.address.label} ({', '.join(words)})"


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


def _source(office: ConfiguredOffice) -> str:
    # The words of a command may tell more than its name should.
    return "asked for" if office.password_from == PROMPT else f"from {office.password_from.kind.label}"


# -- add and remove --------------------------------------------------------------------


def _add(options: argparse.Namespace, paths: Paths, environment: Mapping[str, str]) -> int:
    from core.offices.config_writer import add_offices

    if options.url is None:
        raise ConfigurationError("What to add is not named.", "Add --url mysql+pymysql://user@host:3306/opendental.")
    if options.lock_after_minutes is not None and not 1 <= options.lock_after_minutes <= MAX_LOCK_MINUTES:
        raise ConfigurationError(
            f"--lock-after-minutes must be from 1 to {MAX_LOCK_MINUTES}.", "Leave it out to have no limit."
        )
    # The line's options mean here what they mean when the practice is opened at once.
    with ExitStack() as nothing_made:
        opening = find_launch_target(options, environment, nothing_made).require_request()
    office = ConfiguredOffice(
        name=options.name.strip(),
        address=opening.office.address,
        password_from=_password_source(options, on_server=opening.on_server),
        authority=AuthorityName(options.authority) if options.authority else None,
        companion=Path(options.companion).expanduser() if options.companion else None,
        read_only=options.read_only,
        production=options.production,
        lock_after_minutes=options.lock_after_minutes,
    )
    if office.companion is not None and not opening.on_server:
        raise ConfigurationError("An SQLite practice is its own companion.", "Leave out --companion.")
    add_offices(paths.configuration, [office])
    print(f"Added to {visible(str(paths.configuration))}: {visible(_line(office, None), 400)}")
    return DONE


def _password_source(options: argparse.Namespace, *, on_server: bool) -> PasswordSource:
    if options.password_from is None:
        return PROMPT
    if not on_server:
        raise ConfigurationError("An SQLite practice has no password.", "Leave out --password-from.")
    source = parse_password_source(options.password_from)
    if source.kind is SourceKind.FILE:
        # The configuration file names it from another directory than this one.
        return replace(source, detail=str(Path(source.detail).expanduser().absolute()))
    return source


def _remove(options: argparse.Namespace, paths: Paths) -> int:
    from core.offices.config_writer import remove_office

    office = read_configuration(paths.configuration).find_office(options.name, exact=True)
    if not _agreed(options, f"Remove {visible(_line(office, None), 400)}?"):
        print("Nothing was removed.")
        return DONE
    remove_office(paths.configuration, office.name)
    print(f"Removed: {visible(office.name)}. Its companion file, if it has one, stays where it is.")
    return DONE


# -- import ----------------------------------------------------------------------------


def _import(options: argparse.Namespace, paths: Paths, environment: Mapping[str, str]) -> int:
    from core.offices.config_writer import add_offices

    taken = [office.name for office in read_configuration(paths.configuration).offices]
    found = _found(options, environment, taken)
    for remark in found.remarks:
        print(visible(remark, 400))
    if not found.offices:
        print("Nothing to add was found.")
        return DONE
    for office in found.offices:
        print(visible(_line(office, None), 400))
    if not _agreed(options, f"Add {_count(len(found.offices))} to {visible(str(paths.configuration))}?"):
        print("Nothing was added.")
        return DONE
    add_offices(paths.configuration, found.offices)
    print(f"Added: {_count(len(found.offices))}.")
    return DONE


def _found(options: argparse.Namespace, environment: Mapping[str, str], taken: Sequence[str]) -> ImportResult:
    from core.offices.importer import import_from_central_manager, import_from_workstation, rename_duplicates

    if options.central is (options.file is not None):
        raise ConfigurationError(
            "What to import is not named, or named twice.", "Name a FreeDentalConfig.xml, or --central with --url."
        )
    if options.file is not None:
        return rename_duplicates(import_from_workstation(Path(options.file).expanduser(), options.name), taken)
    if options.url is None or options.name is not None:
        raise ConfigurationError("--central needs --url, and no --name.", "Name the central manager's database.")
    with ExitStack() as nothing_made:
        opening = find_launch_target(options, environment, nothing_made).require_request()
    address = opening.office.address
    if not isinstance(address, ServerAddress):
        raise ConfigurationError("A central manager's database is on a server.", "Name it after --url.")
    return import_from_central_manager(address, asked_for_password(opening), taken)


def _count(number: int) -> str:
    return "one office" if number == 1 else f"{number} offices"


def _agreed(options: argparse.Namespace, question: str) -> bool:
    if options.yes:
        return True
    if not sys.stdin.isatty():
        raise ConfigurationError(f"{question} Nobody is there to be asked.", "Add --yes for a scheduled job.")
    try:
        return input(f"{question} [y/N] ").strip().casefold() in ("y", "yes")
    except EOFError:
        return False
