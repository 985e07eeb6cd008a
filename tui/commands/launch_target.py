"""Choosing the practice to open from the command line, the environment and the configuration file."""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from core.base.errors import ConfigurationError

if TYPE_CHECKING:
    from core.base.runtime import RuntimeContext
    from core.database.address import Address
    from core.offices.catalog import Offices
    from core.offices.config import Configuration
    from core.offices.open_request import OpenRequest
    from core.offices.paths import Locations

PASSWORD_VARIABLE = "APISETUP_PASSWORD"  # noqa: S105 - the name of a variable


@dataclass(frozen=True)
class LaunchTarget:
    """The practice or the list of offices that this run opens."""

    locations: Locations
    offices: Offices | None
    """None if the configuration file lists no offices."""
    request: OpenRequest | None
    """None if the configuration file lists several offices and the command line names none of them."""

    def require_request(self) -> OpenRequest:
        """Return the practice to open, for a command that has no screen to choose one on.

        Raises:
            ConfigurationError: The command line doesn't say which of several offices to open.
        """
        if self.request is None:
            raise ConfigurationError("The configuration file has several offices.", "Name one: --office NAME.")
        return self.request


def find_launch_target(options: argparse.Namespace, environment: Mapping[str, str], cleanup: ExitStack) -> LaunchTarget:
    """Find the practice to open.

    Args:
        options: The parsed command line.
        environment: The environment variables of this process.
        cleanup: Gets a callback that removes temporary files, such as the demo practice, when the run ends.

    Raises:
        ConfigurationError: The options contradict each other, or the configuration file can't be used.
    """
    from core.offices.catalog import Offices
    from core.offices.config import read_configuration

    _check_options(options)
    locations, runtime = find_locations(options, environment), _runtime_context(environment)
    configuration = read_configuration(locations.configuration)
    offices = Offices(locations, runtime, environment, read_only=options.read_only)
    if options.office is not None:
        return LaunchTarget(locations, offices, offices.opening(options.office))
    if options.url is None and not options.demo and configuration.offices:
        only = configuration.offices[0].name if len(configuration.offices) == 1 else None
        return LaunchTarget(locations, offices, offices.opening(only) if only is not None else None)
    request = _open_request(options, environment, locations, runtime, configuration, cleanup)
    return LaunchTarget(locations, offices if configuration.offices else None, request)


def find_locations(options: argparse.Namespace, environment: Mapping[str, str]) -> Locations:
    """Return the paths of the program's own files; `--config` overrides `APISETUP_CONFIG`."""
    from core.offices.paths import locations

    return locations(environment if options.config is None else {**environment, "APISETUP_CONFIG": options.config})


def _check_options(options: argparse.Namespace) -> None:
    """Raise a `ConfigurationError` if two options contradict each other."""
    if options.demo and options.read_only:
        raise ConfigurationError("--demo makes a practice, which --read-only forbids.", "Choose one of them.")
    practices = [
        name
        for name, given in (("--demo", options.demo), ("--url", options.url is not None), ("--office", options.office))
        if given
    ]
    if len(practices) > 1:
        raise ConfigurationError(
            f"{practices[0]} and {practices[1]} name two different practices.", "Choose one of them."
        )
    settings = {"--authority": options.authority, "--tls": options.tls, **_tls_files(options)}
    given = [name for name, value in settings.items() if value is not None]
    if options.office is not None and given:
        raise ConfigurationError(
            f"{given[0]} and --office say two things: how an office is opened stands in the configuration file.",
            "Change it there, or use --url.",
        )


def _open_request(
    options: argparse.Namespace,
    environment: Mapping[str, str],
    locations: Locations,
    runtime: RuntimeContext,
    configuration: Configuration,
    cleanup: ExitStack,
) -> OpenRequest:
    """Return the request to open the practice of --url or --demo, or else the embedded one."""
    from core.base.secret import Secret
    from core.database.address import FileAddress, ServerAddress, parse_address
    from core.model.api_key import AuthorityName
    from core.offices.open_request import OpenRequest

    address: Address = (
        parse_address(options.url) if options.url is not None else FileAddress(locations.embedded_practice)
    )
    if options.demo:
        address = FileAddress(_demo_file(cleanup))
    address = _with_tls(address, options)
    on_server = isinstance(address, ServerAddress)
    if options.authority == "headquarters" and not on_server:
        raise ConfigurationError("An SQLite practice has no headquarters.", "Leave out --authority, or name a server.")
    # Used only for --url: this password must never be sent to the server of an office in the configuration file.
    password = environment.get(PASSWORD_VARIABLE)
    return OpenRequest(
        address=address,
        configuration=configuration,
        runtime=runtime,
        companion_file=locations.companion_of(address) if isinstance(address, ServerAddress) else address.path,
        log=locations.log,
        authority=AuthorityName(options.authority or ("headquarters" if on_server else "local")),
        password=Secret(password) if password is not None else None,
        demo=options.demo,
        read_only=options.read_only,
        lock_after_minutes=configuration.lock_after_minutes,
    )


def _with_tls(address: Address, options: argparse.Namespace) -> Address:
    """Return the address with the TLS settings of the command line."""
    from core.database.address import ServerAddress
    from core.database.tls import Tls

    files = _tls_files(options)
    given = [name for name, file in files.items() if file is not None]
    if not isinstance(address, ServerAddress):
        if given or options.tls is not None:
            raise ConfigurationError("An SQLite practice has no line to protect.", "Leave out what begins with --tls.")
        return address
    if options.tls == "off":
        if given:
            raise ConfigurationError(f"--tls off and {given[0]} say two things.", "Choose one of them.")
        return replace(address, tls=None)
    if options.tls_key is not None and options.tls_cert is None:
        raise ConfigurationError("--tls-key stands without --tls-cert.", "Name the certificate, too.")
    if options.tls is None and not given:
        return address
    paths = [Path(file).expanduser() if file is not None else None for file in files.values()]
    return replace(address, tls=Tls(*paths))


def _tls_files(options: argparse.Namespace) -> dict[str, str | None]:
    return {"--tls-ca": options.tls_ca, "--tls-cert": options.tls_cert, "--tls-key": options.tls_key}


def _runtime_context(environment: Mapping[str, str]) -> RuntimeContext:
    import socket
    from datetime import datetime
    from random import SystemRandom

    from core.base.runtime import RuntimeContext
    from core.model.actor import computer_name

    return RuntimeContext(
        clock=datetime.now,
        random=SystemRandom(),
        computer=computer_name(socket.gethostname(), environment),
        account=_account(),
    )


def _account() -> str:
    """Return the name of the operating-system account, which can't be forged through environment variables."""
    import pwd

    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return f"uid {os.getuid()}"


def _demo_file(cleanup: ExitStack) -> Path:
    """Return a path in a new temporary directory that is removed when the run ends."""
    from tempfile import TemporaryDirectory

    return Path(cleanup.enter_context(TemporaryDirectory(prefix="apisetup-demo-"))) / "demo.sqlite3"
