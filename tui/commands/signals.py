"""Signals that end a command, as exceptions."""

from __future__ import annotations

import signal
import sys
from contextlib import ExitStack
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from sys import UnraisableHookArgs
    from types import FrameType


ENDING_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""The signals that end a command."""
_RAISE_AGAIN_SECONDS = 0.05
_WAKE_SECONDS = 0.5


class SignalReceived(BaseException):
    """Raised by a signal handler to end the command.

    Attributes:
        outcome: What became of the work, as the end of a sentence; empty if there is nothing to say.
    """

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number
        self.outcome = ""


class SignalHandler:
    """Make signals raise `SignalReceived` in the block, so that an unfinished export is cleaned up as after an error.

    Python discards an exception that is raised while a destructor runs, so the signal is remembered as well, and raised
    again a little later.

    A signal that arrives just before a blocking call begins doesn't interrupt it. An alarm does so twice a second:
    Python then handles what has arrived, and otherwise goes on with the call.
    """

    def __init__(self) -> None:
        self._received: SignalReceived | None = None
        self._is_discarded = False
        self._restore = ExitStack()

    def __enter__(self) -> Self:
        for number in ENDING_SIGNALS:
            self._restore.callback(signal.signal, number, signal.signal(number, self._handle))
        self._restore.callback(signal.signal, signal.SIGALRM, signal.signal(signal.SIGALRM, self._wake))
        timer = signal.setitimer(signal.ITIMER_REAL, _WAKE_SECONDS, _WAKE_SECONDS)
        self._restore.callback(signal.setitimer, signal.ITIMER_REAL, *timer)
        self._restore.callback(setattr, sys, "unraisablehook", sys.unraisablehook)
        sys.unraisablehook = self._on_unraisable
        return self

    def __exit__(self, *_error: object) -> None:
        self._restore.close()

    def raise_pending(self) -> None:
        """Raise the signal that arrived while no exception could leave the running code.

        Raises:
            SignalReceived: A signal arrived.
        """
        if self._received is not None:
            raise self._received

    def _handle(self, number: int, _frame: FrameType | None) -> None:
        self._received = SignalReceived(number)
        raise self._received

    def _wake(self, _number: int, _frame: FrameType | None) -> None:
        # Only what Python discarded is raised again: otherwise, the work may be cleaning up after the first time.
        if self._is_discarded:
            self._is_discarded = False
            self.raise_pending()

    def _on_unraisable(self, unraisable: UnraisableHookArgs) -> None:
        if isinstance(unraisable.exc_value, SignalReceived):
            self._is_discarded = True
            signal.setitimer(signal.ITIMER_REAL, _RAISE_AGAIN_SECONDS, _WAKE_SECONDS)
        else:
            sys.__unraisablehook__(unraisable)
