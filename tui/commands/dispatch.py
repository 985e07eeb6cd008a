"""Running the command that the command line names."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from contextlib import ExitStack
from importlib import import_module
from pathlib import Path

from core.base.partial_file import remove_temporary_directories

_MODULES = {"report": "monthly_report"}
"""The modules of commands that aren't named like their command."""


def run_command(options: argparse.Namespace, environment: Mapping[str, str], cleanup: ExitStack) -> int:
    """Run a command and return its exit status.

    Args:
        options: The parsed command line.
        environment: The environment variables.
        cleanup: Removes the temporary files of this run at its end.

    Raises:
        ApiSetupError: The command failed.
        SignalReceived: A signal ended it.
    """
    from tui.commands.launch_target import find_paths

    if options.command == "help":
        from tui.commands import manual

        return manual.run(options, find_paths(options, environment).configuration)
    if options.command == "offices":
        from tui.commands import offices

        start_debug_log(options, find_paths(options, environment).log)
        return offices.run(options, environment)
    if options.command == "audit" and options.verb == "verify" and (options.export or options.proof):
        from tui.commands import offline_check

        start_debug_log(options, find_paths(options, environment).log)
        return offline_check.run(options)
    from tui.commands.office_command import OfficeCommand
    from tui.commands.office_selection import select_offices

    selection = select_offices(options, environment, cleanup)
    start_debug_log(options, selection.paths.log)
    cleanup.callback(remove_temporary_directories)
    name = _MODULES.get(options.command, options.command.replace("-", "_"))
    module = import_module(f"tui.commands.{name}")
    return int(module.run(OfficeCommand(options, selection, environment)))


def start_debug_log(options: argparse.Namespace, log: Path) -> None:
    """Write the log of --debug, if the command line has that option."""
    if options.debug:
        from tui.platform.debug_log import start_log

        start_log(log)
