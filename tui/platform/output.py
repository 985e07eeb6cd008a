"""Text on standard output and standard error, safe for the terminal that may be there."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from typing import TextIO

from core.base.errors import ApiSetupError

_office: ContextVar[str] = ContextVar("_office", default="")
"""The office that this thread works in, if a command works in several."""


class OutputFailed(ApiSetupError):
    """A result can't be written to standard output: its disk is full, its reader has gone, or it is closed.

    Args:
        reason: Why, as the end of a sentence.
        outcome: What the command did or didn't do nevertheless, in a sentence.
    """

    def __init__(self, reason: str, outcome: str = "") -> None:
        super().__init__(f"The result could not be written: {reason}.", outcome)


def is_terminal(stream: TextIO | None) -> bool:
    """Return True if a standard stream is a terminal; False if it is something else, or was closed at the start."""
    return stream is not None and stream.isatty()


@contextmanager
def about_office(name: str) -> Iterator[None]:
    """Begin the messages of the block with the name of an office; an empty name leaves them as they are."""
    before = _office.set(name)
    try:
        yield
    finally:
        _office.reset(before)


def accept_any_text() -> None:
    """Have characters that standard output can't encode written as escapes, instead of raising an error."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")


def print_result(text: str, outcome: str = "") -> None:
    """Write a result to standard output at once. Its parts from elsewhere must be sanitized already.

    Args:
        text: The result.
        outcome: What the command did or didn't do, in a sentence, for the error if the result can't be written.

    Raises:
        OutputFailed: It can't be written.
    """
    if sys.stdout is None:
        raise OutputFailed("standard output is closed", outcome)
    try:
        print(text, flush=True)
    except OSError as error:
        _discard(sys.stdout)
        raise OutputFailed(error.strerror or type(error).__name__, outcome) from error


def ask(question: str) -> str | None:
    """Print a question on standard error, and return the line that was typed, without blanks around it.

    Standard output is left to the result, which a program may read.

    Args:
        question: The question.

    Returns:
        The answer; None at the end of the input.
    """
    print_note(question, end=" ")
    try:
        return input().strip()
    except (EOFError, OSError, UnicodeDecodeError):
        return None


def print_note(text: str, *, end: str = "\n") -> None:
    """Write a line for an admin to standard error, with visible control characters.

    Nothing happens if standard error can't be written.
    """
    from tui.widgets.safe_text import sanitize

    try:
        print(sanitize(text), end=end, file=sys.stderr, flush=True)
    except (OSError, ValueError):
        _discard(sys.stderr)


def flush_output() -> bool:
    """Write what is still buffered for standard output; return False, after an error message, if that is impossible."""
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except OSError as error:
        _discard(sys.stdout)
        print_error(OutputFailed(error.strerror or type(error).__name__))
        return False
    return True


def print_error(error: object) -> None:
    """Write an error or another message to standard error, in one line with visible control characters.

    Nothing happens if standard error can't be written: there is no other place to say so.
    """
    office = _office.get()
    text = f"{office}: {error}" if office else str(error)
    if not (text.isascii() and text.isprintable()):
        # Only if needed: the import fails if a signal interrupted that of the same modules.
        from tui.widgets.safe_text import sanitize

        text = sanitize(text)
    try:
        print(f"apisetup: {text}", file=sys.stderr, flush=True)
    except (OSError, ValueError):
        _discard(sys.stderr)


def _discard(stream: TextIO) -> None:
    """Drop what can't be written to a stream. Python would try it once more at exit, and exit with status 120."""
    with suppress(OSError, ValueError):
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, stream.fileno())
        os.close(null)
