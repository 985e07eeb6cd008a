"""Questions before a command changes something."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable

from core.base.errors import ConfigurationError
from tui.platform.output import ask, is_terminal, print_note


def require_answerable(options: argparse.Namespace) -> None:
    """Check that a command that changes something was confirmed with --yes, or can ask.

    Raises:
        ConfigurationError: There is no terminal to prompt on.
    """
    if not (options.yes or options.dry_run or is_terminal(sys.stdin)):
        raise ConfigurationError(
            "This command changes something, and there is no terminal to prompt on.", "Add --yes for a scheduled job."
        )


def confirm(options: argparse.Namespace, lines: Iterable[str], question: str) -> bool:
    """Say what will happen, and ask whether to go on, unless the command line has --yes.

    Args:
        options: The parsed command line.
        lines: What will happen.
        question: The question.
    """
    if options.yes:
        return True
    for line in lines:
        print_note(line)
    return (ask(f"{question} [y/N]") or "").casefold() in ("y", "yes")


def confirm_with(options: argparse.Namespace, lines: Iterable[str], expected: str, what: str) -> bool:
    """Say what will happen, and have a text typed before something that is hard to take back, unless there is --yes.

    Args:
        options: The parsed command line.
        lines: What will happen.
        expected: The text to type.
        what: The text as the question names it.
    """
    if options.yes:
        return True
    for line in lines:
        print_note(line)
    answer = ask(f"Type {what} to confirm:") or ""
    return answer == expected or f"#{answer.removeprefix('#').lower()}" == expected
