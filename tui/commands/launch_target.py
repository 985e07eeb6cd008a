"""The practice to open, as the command line, the environment and the configuration file name it."""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from core.base.errors import ConfigurationError

if TYPE_CHECKING:
    from core.base.runtime import RuntimeContext
    from core.database.address import Address
    from core.model.review import OtherOffices
    from core.offices.catalog import OfficeCatalog
    from core.offices.configuration import Configuration
    from core.offices.open_request import LaunchContext, OpenRequest
    from core.offices.paths import Paths


@dataclass(frozen=True)
class LaunchTarget:
    """The practice to open, or the offices to choose it from."""

    paths: Paths
    offices: OfficeCatalog | None
    """None if the configuration file has no offices."""
    request: OpenRequest | None
    """None if the configuration file has several offices, and none of them was named."""
    theme: str | None = None
    """The theme that the command line or the configuration file names."""
    mouse: bool = False
    """True if the configuration file turns the mouse on."""
    keys: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """The user's own keys, as the configuration file has them."""


def find_launch_target(options: argparse.Namespace, environment: Mapping[str, str], cleanup: ExitStack) -> LaunchTarget:
    """Find the practice to open. This is the one place where a start reads the configuration file.

    Args:
        options: The parsed command line.
        environment: The environment variables.
        cleanup: Removes the temporary files of this run at its end.

    Raises:
        ConfigurationError: Options contradict each other, or the configuration file can't be used.
    """
    from core.offices.catalog import OfficeCatalog

    refuse_contradictions(options)
    configuration, context = read_launch_context(options, environment)
    catalog = OfficeCatalog(configuration, context)
    target = LaunchTarget(
        context.paths,
        catalog if configuration.offices else None,
        None,
        options.theme or configuration.theme,
        configuration.mouse,
        configuration.keys,
    )
    if options.office:
        return replace(target, offices=catalog, request=catalog.open_request(options.office[0]))
    if options.url is None and not options.demo and configuration.offices:
        only = configuration.offices[0].name if len(configuration.offices) == 1 else None
        return replace(target, request=catalog.open_request(only) if only is not None else None)
    if options.demo and options.command is None:
        return _demo_target(target, configuration, context, cleanup)
    return replace(target, request=_unconfigured_request(options, configuration, context, cleanup))


def _demo_target(
    target: LaunchTarget, configuration: Configuration, context: LaunchContext, cleanup: ExitStack
) -> LaunchTarget:
    """Return the demo with its offices, which are made in a temporary directory when they are opened."""
    from core.base.partial_file import temporary_directory
    from core.offices.demo_offices import DEMO_OFFICES, make_demo_catalog

    directory = cleanup.enter_context(temporary_directory())
    try:
        catalog = make_demo_catalog(directory, configuration, context)
    except OSError as error:
        raise ConfigurationError(
            f"The demo can't be created: {error.strerror}.", "Check the disk's free space."
        ) from error
    return replace(target, offices=catalog, request=catalog.open_request(DEMO_OFFICES[0][0]))


def read_launch_context(
    options: argparse.Namespace, environment: Mapping[str, str]
) -> tuple[Configuration, LaunchContext]:
    """Read the configuration file, and return it with the circumstances of this run.

    Raises:
        ConfigurationError: The file can't be used.
    """
    from core.offices.config_file import read_configuration
    from core.offices.open_request import LaunchContext

    paths = find_paths(options, environment)
    configuration = read_configuration(paths.configuration)
    # A run that only says what it would do opens a practice in the way that refuses every write.
    dry_run = getattr(options, "dry_run", False) and not options.demo
    context = LaunchContext(
        _runtime_context(environment),
        paths,
        environment,
        options.read_only or dry_run,
        prices=configuration.prices,
        review=configuration.review,
        team_companion=configuration.team_companion,
        other_offices=_read_other_offices,
    )
    return configuration, context


def _read_other_offices(request: OpenRequest) -> OtherOffices | None:
    # Imported here, because only a review needs them.
    from core.fleet.other_offices import read_other_offices

    return read_other_offices(request)


def find_paths(options: argparse.Namespace, environment: Mapping[str, str]) -> Paths:
    """Return the paths of the program's own files. `--config` takes precedence over `APISETUP_CONFIG`."""
    from core.offices import paths

    override = {} if options.config is None else {"APISETUP_CONFIG": options.config}
    return paths.find_paths({**environment, **override})


def refuse_contradictions(options: argparse.Namespace) -> None:
    """Check that the options that choose practices agree with each other.

    Raises:
        ConfigurationError: They don't.
    """
    if options.demo and options.read_only:
        raise ConfigurationError(
            "--demo creates a practice, so it can't be combined with --read-only.", "Choose one of them."
        )
    chosen = (
        ("--demo", options.demo),
        ("--url", options.url is not None),
        ("--office", options.office),
        ("--tag", options.tag),
        ("--all-offices", options.all_offices),
    )
    named = [name for name, given in chosen if given]
    if len(named) > 1 and named != ["--office", "--tag"]:
        raise ConfigurationError(f"{named[0]} and {named[1]} name different practices.", "Choose one of them.")
    if options.command is None and (options.tag or options.all_offices or len(options.office) > 1):
        raise ConfigurationError(
            "The screen opens one office.", "Choose it with --office NAME. Commands work on several offices."
        )
    settings = {
        "--authority": options.authority,
        "--tls": options.tls,
        **_tls_files(options),
        "--server-public-key": options.server_public_key,
    }
    given = [name for name, value in settings.items() if value is not None]
    configured = [name for name in named if name not in ("--demo", "--url")]
    if configured and given:
        raise ConfigurationError(
            f"{given[0]} can't be combined with {configured[0]}. The configuration file has the office's settings.",
            "Change it there, or use --url.",
        )


def _unconfigured_request(
    options: argparse.Namespace, configuration: Configuration, context: LaunchContext, cleanup: ExitStack
) -> OpenRequest:
    """Return the request for a practice that is no configured office: `--url`, `--demo`, or the embedded one."""
    from core.base.secret import DATABASE_PASSWORD_VARIABLE, Secret
    from core.database.address import FileAddress, ServerAddress, parse_address
    from core.model.authority_name import AuthorityName
    from core.offices.configured_office import ConfiguredOffice
    from core.offices.open_request import OpenRequest

    embedded = FileAddress(context.paths.embedded_practice)
    address: Address = parse_address(options.url) if options.url is not None else embedded
    if options.demo:
        address = FileAddress(_temporary_file(cleanup))
    address = _apply_server_key(_apply_tls_options(address, options), options)
    if options.authority == "headquarters" and not isinstance(address, ServerAddress):
        raise ConfigurationError("An SQLite practice has no headquarters.", "Leave out --authority, or name a server.")
    authority = AuthorityName(options.authority) if options.authority else None
    office = configuration.apply_defaults(ConfiguredOffice(name="", address=address, authority=authority))
    # The variable is only for the practice that this command line names, never for a configured office: a password must
    # not be sent to another office's server.
    password = context.environment.get(DATABASE_PASSWORD_VARIABLE)
    return OpenRequest(office, context, password=Secret(password) if password is not None else None, demo=options.demo)


def _apply_tls_options(address: Address, options: argparse.Namespace) -> Address:
    """Return the address with the TLS settings of the command line."""
    from core.database.address import ServerAddress

    files = _tls_files(options)
    given = [name for name, file in files.items() if file is not None]
    if not isinstance(address, ServerAddress):
        if given or options.tls is not None:
            raise ConfigurationError("An SQLite practice has no network connection.", "Leave out the --tls options.")
        return address
    if options.tls == "off":
        if given:
            raise ConfigurationError(f"--tls off and {given[0]} can't be combined.", "Choose one of them.")
        return replace(address, tls=None, tls_off=True)
    if options.tls_key is not None and options.tls_cert is None:
        raise ConfigurationError("--tls-key needs --tls-cert.", "Add --tls-cert FILE.")
    if options.tls is None and not given:
        return address
    from core.database.tls import Tls
    from core.offices.paths import expand_user

    paths = [expand_user(file) if file is not None else None for file in files.values()]
    return replace(address, tls=Tls(*paths))


def _apply_server_key(address: Address, options: argparse.Namespace) -> Address:
    """Return the address with the server's public key that the command line names."""
    from core.database.address import ServerAddress
    from core.offices.paths import expand_user

    if options.server_public_key is None:
        return address
    if not isinstance(address, ServerAddress):
        raise ConfigurationError("An SQLite practice has no server.", "Leave out --server-public-key.")
    if address.is_verified:
        raise ConfigurationError(
            "--server-public-key isn't used with a verified server.",
            "Leave it out, or add --tls off if the server has no TLS.",
        )
    return replace(address, server_public_key=expand_user(options.server_public_key))


def _tls_files(options: argparse.Namespace) -> dict[str, str | None]:
    return {"--tls-ca": options.tls_ca, "--tls-cert": options.tls_cert, "--tls-key": options.tls_key}


def _runtime_context(environment: Mapping[str, str]) -> RuntimeContext:
    import socket
    from datetime import datetime
    from random import SystemRandom

    from core.base.computer_name import computer_name
    from core.base.runtime import RuntimeContext

    return RuntimeContext(
        clock=datetime.now,
        random=SystemRandom(),
        computer=computer_name(socket.gethostname(), environment),
        account=_account(),
    )


def _account() -> str:
    """Return the name of the operating-system account. It doesn't depend on the environment."""
    import pwd

    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return f"uid {os.getuid()}"


def _temporary_file(cleanup: ExitStack) -> Path:
    """Return the path of a new file in a temporary directory, which is removed at the end of the run."""
    from core.base.partial_file import temporary_directory

    return cleanup.enter_context(temporary_directory()) / "demo.sqlite3"
