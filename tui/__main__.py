"""The program: what the command line asks for is opened, and runs in the terminal or without one."""

from __future__ import annotations

import argparse
import gc
import logging
import os
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from core.base.errors import ApiSetupError, ConfigurationError
from core.base.secret import exclude_from_core_dumps
from tui.commands.parser import parser

if TYPE_CHECKING:
    from tui.commands.launch_target import LaunchTarget


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the program; gives the exit status of the process."""
    options = parser().parse_args(arguments)
    exclude_from_core_dumps()
    for name in ("core", "tui"):
        # Without --debug nothing is logged; Python would write it to the terminal.
        logging.getLogger(name).addHandler(logging.NullHandler())
    try:
        with ExitStack() as cleanup:
            return _run(options, cleanup)
    except ApiSetupError as error:
        print(f"apisetup: {error}", file=sys.stderr)
        # For a command, 1 would mean that entries were altered.
        return 2 if isinstance(error, ConfigurationError) or options.command else 1


def _run(options: argparse.Namespace, cleanup: ExitStack) -> int:
    from tui.commands.launch_target import find_launch_target, find_paths

    if options.command == "offices":
        from tui.commands import offices

        _log_if_asked(options, find_paths(options, os.environ).log)
        return offices.run(options, os.environ)
    if options.command in ("audit", "check"):
        from tui.commands import audit, check

        chosen = find_launch_target(options, os.environ, cleanup)
        _log_if_asked(options, chosen.paths.log)
        run = audit.run if options.command == "audit" else check.run
        return run(options, chosen.require_request(), os.environ)
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise ConfigurationError("apisetup needs a terminal for its keys and its screen.", "Start it without pipes.")
    return _run_in_terminal(options, find_launch_target(options, os.environ, cleanup))


def _run_in_terminal(options: argparse.Namespace, chosen: LaunchTarget) -> int:
    # What starting makes is not garbage; looking for some is put off until the first picture is painted.
    gc.disable()
    from tui.app import ApisetupApp
    from tui.platform.terminal import print_stderr, run_terminal

    _log_if_asked(options, chosen.paths.log)
    app = ApisetupApp(chosen.request, chosen.offices)
    status = run_terminal(app)
    app.sign_out_after_the_end()
    if app.cannot_start is not None:
        print_stderr(f"apisetup: {app.cannot_start}")
    return status


def _log_if_asked(options: argparse.Namespace, log: Path) -> None:
    if options.debug:
        from tui.platform.debug_log import start_log

        start_log(log)


if __name__ == "__main__":
    sys.exit(main())
