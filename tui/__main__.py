"""The program: what the command line asks for is opened, and runs in the terminal or without one."""

from __future__ import annotations

import argparse
import gc
import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import ApiSetupError, ConfigurationError
from tui.command_line import parser

if TYPE_CHECKING:
    from core.address import Address
    from core.opening import Opening


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the program; gives the exit status of the process."""
    options = parser().parse_args(arguments)
    try:
        if options.demo and options.read_only:
            raise ConfigurationError("--demo makes a practice, which --read-only forbids.", "Choose one of them.")
        if options.demo and options.url is not None:
            raise ConfigurationError("--demo and --url name two different practices.", "Choose one of them.")
        if options.command == "audit":
            from tui.commands import audit

            with ExitStack() as cleanup:
                opening = _opening(options, os.environ, cleanup)
                _log_if_asked(options, opening)
                return audit.run(options, opening, os.environ)
        if not (sys.stdin.isatty() and sys.stderr.isatty()):
            raise ConfigurationError(
                "apisetup needs a terminal for its keys and its screen.", "Start it without pipes."
            )
        with ExitStack() as cleanup:
            opening = _opening(options, os.environ, cleanup)
            return _run(options, opening)
    except ApiSetupError as error:
        print(f"apisetup: {error}", file=sys.stderr)
        # For a command, 1 would mean that entries were altered.
        return 2 if isinstance(error, ConfigurationError) or options.command else 1


def _opening(options: argparse.Namespace, environment: Mapping[str, str], cleanup: ExitStack) -> Opening:
    """Put together what to open from the command line, the environment and the configuration file."""
    import socket
    from datetime import datetime
    from random import SystemRandom

    from core.actor import computer_name
    from core.address import FileAddress, ServerAddress, parse_address
    from core.api_key import AuthorityName
    from core.config import read_configuration
    from core.locations import locations
    from core.opening import Opening
    from core.secrets import Secret
    from core.surroundings import Surroundings

    places = locations(environment)
    address: Address = parse_address(options.url) if options.url is not None else FileAddress(places.embedded_practice)
    if options.demo:
        address = FileAddress(_thrown_away(cleanup))
    address = _protected(address, options)
    on_server = isinstance(address, ServerAddress)
    if options.authority == "headquarters" and not on_server:
        raise ConfigurationError("An SQLite practice has no headquarters.", "Leave out --authority, or name a server.")
    given = environment.get("APISETUP_PASSWORD")
    return Opening(
        address=address,
        configuration=read_configuration(places.configuration),
        surroundings=Surroundings(
            clock=datetime.now,
            random=SystemRandom(),
            computer=computer_name(socket.gethostname(), environment),
            account=_account(),
        ),
        companion_file=places.companion_of(address) if isinstance(address, ServerAddress) else address.path,
        log=places.log,
        authority=AuthorityName(options.authority or ("headquarters" if on_server else "local")),
        password=Secret(given) if given is not None else None,
        demo=options.demo,
        read_only=options.read_only,
    )


def _protected(address: Address, options: argparse.Namespace) -> Address:
    """The address with the protection of its line that the command line asks for."""
    from core.address import ServerAddress
    from core.tls import Tls

    files = {"--tls-ca": options.tls_ca, "--tls-cert": options.tls_cert, "--tls-key": options.tls_key}
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


def _log_if_asked(options: argparse.Namespace, opening: Opening) -> None:
    if options.debug:
        from tui.debug_log import start_log

        start_log(opening.log)


def _account() -> str:
    """The operating-system account, which the environment cannot change."""
    import pwd

    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return f"uid {os.getuid()}"


def _thrown_away(cleanup: ExitStack) -> Path:
    """A file in a directory that is removed at the end."""
    from tempfile import TemporaryDirectory

    return Path(cleanup.enter_context(TemporaryDirectory(prefix="apisetup-demo-"))) / "demo.sqlite3"


def _run(options: argparse.Namespace, opening: Opening) -> int:
    # What starting makes is not garbage; looking for some is put off until the first picture is painted.
    gc.disable()
    from tui.app import ApisetupApp
    from tui.terminal import run_terminal, tell

    _log_if_asked(options, opening)
    app = ApisetupApp(opening)
    status = run_terminal(app)
    if app.cannot_start is not None:
        tell(f"apisetup: {app.cannot_start}")
    return status


if __name__ == "__main__":
    sys.exit(main())
