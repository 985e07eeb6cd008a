"""The terminal driver: Textual's, except that it survives the loss of the terminal."""

from __future__ import annotations

import asyncio
import contextlib
import os
import select
import sys
import threading
from typing import TYPE_CHECKING, Any, TextIO

from textual.drivers.linux_driver import LinuxDriver

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.app import App


class Driver(LinuxDriver):
    """Textual's driver for Linux, which reports a lost terminal (such as a dropped SSH connection) to the app.

    In Textual's own driver the first failed write kills the writer thread, which the program may then wait for forever,
    and the reader thread prints a traceback. Textual has no public way to change either, so this class replaces the
    private attribute `_file` and the private method `_run_input_thread`.

    Args:
        app: The application. It must be a `TerminalApp`, which has the methods `terminal_lost` and `fail`.
        debug: Passed to Textual's driver.
        mouse: Passed to Textual's driver.
        size: Passed to Textual's driver.
    """

    def __init__(self, app: App[Any], *, debug: bool = False, mouse: bool = True, size: tuple[int, int] | None = None):
        super().__init__(app, debug=debug, mouse=mouse, size=size)
        self._terminal_app: Any = app
        self._event_loop = asyncio.get_running_loop()
        self._file: Any = TerminalOutput(sys.__stderr__ or sys.stderr, self._report_terminal_lost)
        self._hangup_thread: threading.Thread | None = None

    def start_application_mode(self) -> None:
        """Take over the terminal and start watching for a hang-up."""
        super().start_application_mode()  # type: ignore[no-untyped-call]  # Textual has no types here
        if self._hangup_thread is None and self.input_tty:
            self._hangup_thread = threading.Thread(target=self._wait_for_hangup, name="terminal-watch", daemon=True)
            self._hangup_thread.start()

    def _wait_for_hangup(self) -> None:
        # Reading from a terminal that hung up returns nothing forever, which Textual takes for no input. With no event
        # requested, poll() sleeps until the hang-up.
        poll = select.poll()
        poll.register(self.fileno, 0)
        if any(event & (select.POLLHUP | select.POLLERR) for _descriptor, event in poll.poll()):
            self._report_terminal_lost()

    def _report_terminal_lost(self) -> None:
        self._call_in_loop(self._terminal_app.terminal_lost)

    def _run_input_thread(self) -> None:
        try:
            self.run_input_thread()
        except OSError:
            self._report_terminal_lost()
        except Exception as error:  # noqa: BLE001 - nothing else handles the errors of this thread
            self._call_in_loop(self._terminal_app.fail, error)

    def _call_in_loop(self, callback: Callable[..., None], *args: object) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed, so the app has ended already
            self._event_loop.call_soon_threadsafe(callback, *args)


class TerminalOutput:
    """A writable file for the terminal. After the first failed write it writes to the null device.

    Args:
        file: The terminal's file.
        on_lost: Called, in the writing thread, after a write failed.
    """

    def __init__(self, file: TextIO, on_lost: Callable[[], None]) -> None:
        self._file = file
        self._on_lost = on_lost

    def write(self, text: str) -> None:
        """Write a text."""
        try:
            self._file.write(text)
        except OSError:
            self._redirect_to_null()

    def flush(self) -> None:
        """Flush the written text."""
        try:
            self._file.flush()
        except OSError:
            self._redirect_to_null()

    def fileno(self) -> int:
        """Return the file descriptor."""
        return self._file.fileno()

    def _redirect_to_null(self) -> None:
        # Text that Python still buffers for the terminal must go somewhere, or flushing it at exit fails and changes
        # the exit status.
        null = os.open(os.devnull, os.O_RDWR)
        os.dup2(null, self._file.fileno())
        os.close(null)
        self._on_lost()
