"""Which practice the command line, the environment and the configuration file name."""

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
    """What there is to open."""

    locations: Locations
    offices: Offices | None
    """None where the configuration file has none."""
    opening: OpenRequest | None
    """None where the configuration file has several offices, and none of them was named."""

    @property
    def only(self) -> OpenRequest:
        """The one practice that was named, for what has no screen to choose one on.

        Raises:
            ConfigurationError: It was not named.
        """
        if self.opening is None:
            raise ConfigurationError("The configuration file has several offices.", "Name one: --office NAME.")
        return self.opening


def find_launch_target(options: argparse.Namespace, environment: Mapping[str, str], cleanup: ExitStack) -> LaunchTarget:
    """Find out what is to be opened.

    Args:
        options: The command line.
        environment: The variables of this process.
        cleanup: Removes at the end what was made only for this run.

    Raises:
        ConfigurationError: What is named contradicts itself, or the configuration file cannot be used.
    """
    from core.offices.catalog import Offices
    from core.offices.config import read_configuration

    _refuse_contradictions(options)
    places, runtime = locations_of(options, environment), _runtime_context(environment)
    configuration = read_configuration(places.configuration)
    offices = Offices(places, runtime, environment, read_only=options.read_only)
    if options.office is not None:
        return LaunchTarget(places, offices, offices.opening(options.office))
    if options.url is None and not options.demo and configuration.offices:
        first = configuration.offices[0].name if len(configuration.offices) == 1 else None
        return LaunchTarget(places, offices, offices.opening(first) if first is not None else None)
    opening = _named_otherwise(options, environment, places, runtime, configuration, cleanup)
    return LaunchTarget(places, offices if configuration.offices else None, opening)


def locations_of(options: argparse.Namespace, environment: Mapping[str, str]) -> Locations:
    """Where our own files are; `--config` goes before `APISETUP_CONFIG`."""
    from core.offices.paths import locations

    return locations(environment if options.config is None else {**environment, "APISETUP_CONFIG": options.config})


def _refuse_contradictions(options: argparse.Namespace) -> None:
    if options.demo and options.read_only:
        raise ConfigurationError("--demo makes a practice, which --read-only forbids.", "Choose one of them.")
    named = [
        name
        for name, given in (("--demo", options.demo), ("--url", options.url is not None), ("--office", options.office))
        if given
    ]
    if len(named) > 1:
        raise ConfigurationError(f"{named[0]} and {named[1]} name two different practices.", "Choose one of them.")
    how = {"--authority": options.authority, "--tls": options.tls, **_tls_files(options)}
    given = [name for name, value in how.items() if value is not None]
    if options.office is not None and given:
        raise ConfigurationError(
            f"{given[0]} and --office say two things: how an office is opened stands in the configuration file.",
            "Change it there, or use --url.",
        )


def _named_otherwise(
    options: argparse.Namespace,
    environment: Mapping[str, str],
    places: Locations,
    runtime: RuntimeContext,
    configuration: Configuration,
    cleanup: ExitStack,
) -> OpenRequest:
    """The practice of --url or --demo, or the embedded one."""
    from core.base.secret import Secret
    from core.database.address import FileAddress, ServerAddress, parse_address
    from core.model.api_key import AuthorityName
    from core.offices.open_request import OpenRequest

    address: Address = parse_address(options.url) if options.url is not None else FileAddress(places.embedded_practice)
    if options.demo:
        address = FileAddress(_temporary_file(cleanup))
    address = _protected(address, options)
    on_server = isinstance(address, ServerAddress)
    if options.authority == "headquarters" and not on_server:
        raise ConfigurationError("An SQLite practice has no headquarters.", "Leave out --authority, or name a server.")
    # Only for the practice that this command line names: another office's server must never be sent this password.
    given = environment.get(PASSWORD_VARIABLE)
    return OpenRequest(
        address=address,
        configuration=configuration,
        runtime=runtime,
        companion_file=places.companion_of(address) if isinstance(address, ServerAddress) else address.path,
        log=places.log,
        authority=AuthorityName(options.authority or ("headquarters" if on_server else "local")),
        password=Secret(given) if given is not None else None,
        demo=options.demo,
        read_only=options.read_only,
        lock_after_minutes=configuration.lock_after_minutes,
    )


def _protected(address: Address, options: argparse.Namespace) -> Address:
    """The address with the protection of its line that the command line asks for."""
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
    """The operating-system account, which the environment cannot change."""
    import pwd

    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return f"uid {os.getuid()}"


def _temporary_file(cleanup: ExitStack) -> Path:
    """A file in a directory that is removed at the end."""
    from tempfile import TemporaryDirectory

    return Path(cleanup.enter_context(TemporaryDirectory(prefix="apisetup-demo-"))) / "demo.sqlite3"
