"""The terminal driver: Textual's, except that it survives the loss of the terminal."""

from __future__ import annotations

import asyncio
import contextlib
import os
import select
import signal
import sys
import termios
import threading
from codecs import getincrementaldecoder
from typing import TYPE_CHECKING, Any, TextIO

from textual._xterm_parser import XTermParser
from textual.drivers.linux_driver import LinuxDriver

from tui.platform.terminal_encoding import AsciiDrawing, input_encoding, terminal_encoding
from tui.platform.terminal_input import TerminalInput, escape_delay

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from textual.app import App


_LARGEST_SIZE = 1000
"""Cells. A larger terminal is a mistake, and drawing it would take gigabytes."""
_POLL_SECONDS = 0.1
"""The time after which the reader thread looks whether the application has ended."""


class Driver(LinuxDriver):
    """Textual's driver for Linux, which reports a lost terminal (such as a dropped SSH connection) to the app.

    In Textual's own driver the first failed write kills the writer thread, which the program may then wait for forever,
    and the reader thread prints a traceback. It enters terminal mode once more at each SIGCONT, even if it never left,
    and then takes its own settings of the terminal for those to restore. It believes any size that the terminal or an
    environment variable names. Textual has no public way to change these, so this class replaces the private attribute
    `_file` and the private methods `_run_input_thread`, `_sigtstp_application`, `_sigcont_application`,
    `_get_terminal_size`, `_query_in_band_window_resize` and `_enable_mouse_support`.

    Args:
        app: The application. It must be a `TerminalApp`, which has the methods `terminal_lost` and `fail`.
        debug: Passed to Textual's driver.
        mouse: Passed to Textual's driver.
        size: Passed to Textual's driver.
    """

    def __init__(self, app: App[Any], *, debug: bool = False, mouse: bool = True, size: tuple[int, int] | None = None):
        self._switching = False
        self._deferred: list[Callable[[], None]] = []
        super().__init__(app, debug=debug, mouse=mouse, size=size)
        self._size = size or self._get_terminal_size()
        self._terminal_app: Any = app
        self._event_loop = asyncio.get_running_loop()
        self._file: Any = TerminalOutput(sys.__stderr__ or sys.stderr, self._report_terminal_lost)
        self._hangup_thread: threading.Thread | None = None
        self._in_application_mode = False
        self._own_attributes: list[Any] | None = None

    def start_application_mode(self) -> None:
        """Take over the terminal, unless that was done already, and start watching for a hang-up."""
        if self._in_application_mode:
            return
        with self._switch():
            writer = self._writer_thread
            self._terminal_app.forget_display()
            super().start_application_mode()  # type: ignore[no-untyped-call]  # Textual has no types here
            # Textual doesn't take over the terminal of a process in the background.
            self._in_application_mode = self._writer_thread is not writer
            self._own_attributes = self._terminal_attributes()
        if self._hangup_thread is None and self.input_tty:
            self._hangup_thread = threading.Thread(target=self._wait_for_hangup, name="terminal-watch", daemon=True)
            self._hangup_thread.start()

    def stop_application_mode(self) -> None:
        """Give the terminal back, unless that was done already."""
        if self._in_application_mode:
            with self._switch():
                self._in_application_mode = False
                super().stop_application_mode()

    def _sigtstp_application(self, *_: object) -> None:
        self._run_or_defer(self._suspend)

    def _sigcont_application(self, *_: object) -> None:
        self._run_or_defer(self._continue)

    def _run_or_defer(self, action: Callable[[], None]) -> None:
        """Run what a signal asks for, or, if it came while the mode is switched, run it after that.

        A handler runs between any two steps of the program. Inside of a switch it would take the half-made settings of
        the terminal for those to restore.
        """
        if self._switching:
            self._deferred.append(action)
        else:
            action()

    @contextlib.contextmanager
    def _switch(self) -> Iterator[None]:
        nested, self._switching = self._switching, True
        try:
            yield
        finally:
            self._switching = nested
        while self._deferred and not self._switching:
            self._deferred.pop(0)()

    def _suspend(self) -> None:
        with self._switch():
            if self._auto_restart and self._in_application_mode:
                self.suspend_application_mode()
                self._must_signal_resume = True
            os.kill(os.getpid(), signal.SIGSTOP)

    def _continue(self) -> None:
        if not self._auto_restart or self._terminal_app.is_exiting:
            return
        if not self._in_application_mode:
            self.resume_application_mode()
        elif self._is_in_foreground():
            # Stopped by SIGSTOP, which nobody can handle, or not stopped at all. A shell that had the terminal
            # meanwhile has set it up for itself.
            self._reapply_attributes()
            self._call_in_loop(self._terminal_app.redraw)

    def _get_terminal_size(self) -> tuple[int, int]:
        """Return the size that the kernel has, or the one of the environment if it has none, as on a serial line."""
        try:
            columns, lines = os.get_terminal_size(self.fileno)
        except OSError:
            columns, lines = 0, 0
        if not (columns and lines):
            columns, lines = super()._get_terminal_size()
        return min(columns, _LARGEST_SIZE), min(lines, _LARGEST_SIZE)

    def _enable_mouse_support(self) -> None:
        """Ask for clicks and the wheel. Every movement, which Textual asks for, too, would be sent over a slow line."""
        if self._mouse:
            self.write("\x1b[?1000h\x1b[?1006h")
            self.flush()

    def _query_in_band_window_resize(self) -> None:
        """Don't ask for reports of the size: SIGWINCH tells of changes, and anything could print such a report."""

    def _is_in_foreground(self) -> bool:
        try:
            return os.tcgetpgrp(self.fileno) == os.getpgrp()
        except OSError:
            return False

    def _terminal_attributes(self) -> list[Any] | None:
        try:
            return termios.tcgetattr(self.fileno)
        except termios.error:
            return None

    def _reapply_attributes(self) -> None:
        if self._own_attributes is not None:
            with contextlib.suppress(termios.error):
                termios.tcsetattr(self.fileno, termios.TCSANOW, self._own_attributes)

    def run_input_thread(self) -> None:
        """Read what the terminal sends, and process its keys, until the application ends."""
        terminal_input = TerminalInput(XTermParser(self._debug), escape_delay(), mouse=self._mouse)
        # A byte that isn't in the terminal's character set becomes a replacement character.
        decoder = getincrementaldecoder(input_encoding())("replace")
        while not self.exit_event.is_set():
            remaining = terminal_input.remaining
            timeout = _POLL_SECONDS if remaining is None else min(_POLL_SECONDS, remaining)
            readable, _, _ = select.select([self.fileno], [], [], timeout)
            data = os.read(self.fileno, 4096) if readable else b""
            if readable and not data:
                # The end of a pipe, which stays readable forever.
                self.exit_event.wait(_POLL_SECONDS)
            for message in terminal_input.feed(decoder.decode(data)):
                self.process_message(message)
        terminal_input.close()

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
        encoding = terminal_encoding(file)
        self._drawing = None if encoding is None else AsciiDrawing(encoding)

    def write(self, text: str) -> None:
        """Write a text."""
        try:
            self._file.write(text.translate(self._drawing) if self._drawing is not None else text)
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
