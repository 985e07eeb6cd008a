"""Unhandled errors: kept off the terminal, because their text may quote a password."""

from __future__ import annotations

from typing import Any

from textual.app import App
from textual.worker import WorkerFailed

from core.base.errors import ApiSetupError


def crash_message(error: BaseException) -> str:
    """Describe a crash without quoting anything that may contain a secret.

    Only `ApiSetupError` is quoted, because its sentences are written for users. Other errors are named by their class.
    """
    if isinstance(error, ApiSetupError):
        return f"apisetup: {error}"
    name = type(error).__name__
    return f"apisetup: stopped by an internal error ({name}). Start it again with --debug to write a log of it."


class CrashSafeApp(App[None]):
    """An application that ends on an unhandled error without printing it.

    Textual prints a traceback with the values of all local variables and has no public hook for changing that. This
    class is the only place that overrides and calls the private methods involved.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.crash: BaseException | None = None
        """The first error that ended the program."""

    def set_crash(self, error: BaseException) -> None:
        """Record an error that ends the program. The first one is kept in `crash`."""
        if self.crash is None:
            self.crash = error
        self.record_crash(error)

    def record_crash(self, error: BaseException) -> None:
        """Write an unhandled error to the log. This implementation has no log."""

    def fail(self, error: Exception) -> None:
        """End the program because of an error outside of Textual's message handlers, such as in a thread."""
        self._handle_exception(error)

    def panic(self, *renderables: Any) -> None:
        """End the program without printing the renderables, which may contain secret values."""
        del renderables
        if self.crash is None:
            self.set_crash(RuntimeError("panic"))
        self._close_messages_no_wait()

    def is_harmless(self, error: BaseException) -> bool:
        """Return True for an error that is only logged. This implementation ends the program on every error."""
        del error
        return False

    def _handle_exception(self, error: Exception) -> None:
        cause = error.error if isinstance(error, WorkerFailed) else error
        if self.is_harmless(cause):
            self.record_crash(cause)
            return
        self.set_crash(cause)
        super()._handle_exception(cause if isinstance(cause, Exception) else error)

    def _fatal_error(self) -> None:
        self._close_messages_no_wait()
