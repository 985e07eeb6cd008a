"""The end of every command: its exit status, and one message for whatever stopped it, never a traceback."""

from __future__ import annotations

import logging
import signal
from collections.abc import Callable
from contextlib import nullcontext

from core.base.errors import ApiSetupError, ConfigurationError
from tui.commands.signals import SignalHandler, SignalReceived
from tui.platform.output import accept_any_text, flush_output, print_error

COULD_NOT = 2
"""The exit status of a command that could not do its work."""
NOT_STARTED = 1
"""The exit status if the practice could not be opened on the screen."""

_logger = logging.getLogger(__name__)


def run_safely(run: Callable[[], int], *, is_command: bool) -> int:
    """Run the program, report whatever ends it, and return its exit status.

    Args:
        run: Returns the exit status if all went well, or the result that a command documents.
        is_command: True for a command, False for the screen.
    """
    accept_any_text()
    try:
        # The screen has a handler of its own until its application runs, which handles signals itself.
        with SignalHandler() if is_command else nullcontext():
            status = run()
    except ApiSetupError as error:
        report_error(error)
        status = COULD_NOT if is_command or isinstance(error, ConfigurationError) else NOT_STARTED
    except SignalReceived as received:
        print_error(f"ended by signal {received.number}{f'; {received.outcome}' if received.outcome else ''}.")
        status = 128 + received.number
    except KeyboardInterrupt:
        print_error(f"ended by signal {signal.SIGINT.value}.")
        status = 128 + signal.SIGINT
    except Exception as error:
        # Python's own exit status for a crash is 1, which a scheduled job would read as a finding.
        _logger.exception("Unforeseen")
        print_error(
            f"stopped by an internal error ({type(error).__name__}). Start it again with --debug to write a log of it."
        )
        status = COULD_NOT if is_command else NOT_STARTED
    return status if flush_output() else COULD_NOT


def report_error(error: ApiSetupError, office: str = "") -> None:
    """Print an error, and write it with its causes to the log of `--debug`.

    Args:
        error: The error.
        office: The name of the office that it is about, if there are several.
    """
    _logger.warning("%s", error, exc_info=error)
    print_error(f"{office}: {error}" if office else error)
