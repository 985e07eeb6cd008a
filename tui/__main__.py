"""The entry point: runs a command without a screen, or opens the practice in the terminal."""

from __future__ import annotations

import argparse
import gc
import logging
import os
import sys
import warnings
from collections.abc import Sequence
from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING

from core.base.errors import ConfigurationError
from core.base.secret import exclude_from_core_dumps
from tui.commands.outcome import COULD_NOT, run_safely
from tui.commands.parser import parse_arguments
from tui.commands.signals import SignalHandler
from tui.platform.output import flush_output, is_terminal
from tui.platform.terminal_encoding import escape_unencodable_output

if TYPE_CHECKING:
    from tui.app import ApisetupApp


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the program.

    Args:
        arguments: The command line without the program's name; None for that of this process.

    Returns:
        The exit status of the process.
    """
    escape_unencodable_output()
    options = _parse(arguments)
    exclude_from_core_dumps()
    if not sys.warnoptions:
        # Python's warnings are for developers, and would be printed over the screen.
        warnings.simplefilter("ignore")
    # Without --debug nothing is logged. Without a handler Python would write warnings of any library to the terminal.
    logging.getLogger().addHandler(logging.NullHandler())
    return run_safely(partial(_run, options), is_command=options.command is not None)


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    try:
        return parse_arguments(arguments)
    except SystemExit:
        if not flush_output():
            raise SystemExit(COULD_NOT) from None
        raise


def _run(options: argparse.Namespace) -> int:
    with ExitStack() as cleanup:
        return _run_with(options, cleanup)


def _run_with(options: argparse.Namespace, cleanup: ExitStack) -> int:
    if options.command is not None:
        from tui.commands.dispatch import run_command

        return run_command(options, os.environ, cleanup)
    if not (is_terminal(sys.stdin) and is_terminal(sys.stderr)):
        raise ConfigurationError("apisetup needs a terminal.", "Start it without redirecting input or output.")
    return _run_in_terminal(options, cleanup)


def _run_in_terminal(options: argparse.Namespace, cleanup: ExitStack) -> int:
    # The objects that starting creates are not garbage. The app turns collection on after the first picture.
    gc.disable()
    with SignalHandler() as signals:
        from tui.platform.process import print_stderr, run_app

        app, mouse = _create_app(options, cleanup)
        signals.raise_pending()
    # On the screen, Ctrl+C is a key.
    status = run_app(app, mouse=mouse)
    app.sign_out_after_exit()
    if app.startup_error is not None:
        print_stderr(f"apisetup: {app.startup_error}")
    return status


def _create_app(options: argparse.Namespace, cleanup: ExitStack) -> tuple[ApisetupApp, bool]:
    """Return the application, and whether the mouse is turned on."""
    from tui.commands.dispatch import start_debug_log
    from tui.commands.launch_target import find_launch_target

    target = find_launch_target(options, os.environ, cleanup)
    from tui.app import ApisetupApp
    from tui.bindings import use_keymap
    from tui.commands.own_keys import read_keymap
    from tui.themes import find_theme

    start_debug_log(options, target.paths.log)
    if target.offices is not None and not options.demo and target.offices.context.prompts_for_team_password:
        # Before the screen opens: the list of offices reads this companion in the background.
        from tui.commands.sign_in import ask_for_team_password

        ask_for_team_password(target.offices.context)
    use_keymap(read_keymap(target.keys, target.paths.configuration))
    app = ApisetupApp(target.request, target.offices)
    app.theme = find_theme(target.theme)
    return app, target.mouse


if __name__ == "__main__":
    sys.exit(main())
