"""What the process does about its terminal: signals, a vanished terminal, crashes, and the exit status."""

from __future__ import annotations

import asyncio
import contextlib
import os
import select
import shutil
import signal
import sys
import textwrap
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Any, TextIO

from textual.drivers.linux_driver import LinuxDriver

from core.base.errors import ApiSetupError

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.app import App

    from tui.platform.shell import TerminalApp

CRASHED = 1
SIGNALLED = 128
"""Added to the number of the signal that ended the program, as shells do."""

SHUTDOWN_TIMEOUT = 5.0
"""Seconds that a signalled program gets to close its screens before it is stopped where it stands."""

SAVING = "apisetup: a change is still being made; waiting for it to end."


def run_terminal(app: TerminalApp) -> int:
    """Run the application in this terminal and give the exit status of the process."""
    _keep_tracebacks_in(app)
    try:
        asyncio.run(_run(app))
    except KeyboardInterrupt:
        return SIGNALLED + signal.SIGINT
    except Exception as error:  # noqa: BLE001 - the last place that can keep its text off the terminal
        app.note_crash(error)
    if not app.commits.at_rest:
        print_stderr(SAVING)
    app.commits.close()
    if app.crash is not None:
        print_stderr(crash_sentence(app.crash))
        return CRASHED
    return app.return_code or 0


async def _run(app: TerminalApp) -> None:
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(partial(_note_lost_error, app))
    loop.set_default_executor(DaemonThreadExecutor())
    task = asyncio.current_task()
    for number in (signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, app.stop, number)
    # Ctrl+C is a key here; an interrupt that comes from elsewhere is answered in the same way.
    loop.add_signal_handler(signal.SIGINT, app.tell_how_to_quit)
    app.when_stuck = task.cancel if task is not None else None
    with contextlib.suppress(asyncio.CancelledError):
        await app.run_async(mouse=False)
    loop.remove_signal_handler(signal.SIGINT)


def print_stderr(sentence: str) -> None:
    """Say something on the terminal's ordinary screen, if there still is a terminal."""
    with contextlib.suppress(OSError, ValueError):
        width = shutil.get_terminal_size().columns
        print(textwrap.fill(sentence, max(width - 1, 20)), file=sys.stderr, flush=True)


def crash_sentence(error: BaseException) -> str:
    """Say that the program crashed without saying anything that a secret could be in.

    Only our own errors are quoted, whose sentences are made to be read; of others only the name of the class is.
    """
    if isinstance(error, ApiSetupError):
        return f"apisetup: {error}"
    name = type(error).__name__
    return f"apisetup: stopped by an internal error ({name}). Start it again with --debug to write a log of it."


class Driver(LinuxDriver):
    """Textual's driver, quiet about a terminal that vanishes, as when an SSH connection drops.

    Textual's writer thread dies of the first write that fails, after which the program may wait for it for ever, and
    its reader thread prints a traceback.
    """

    def __init__(self, app: App[Any], *, debug: bool = False, mouse: bool = True, size: tuple[int, int] | None = None):
        super().__init__(app, debug=debug, mouse=mouse, size=size)
        self._file: Any = Output(sys.__stderr__ or sys.stderr, self._terminal_lost)

        self._watch: threading.Thread | None = None

    def start_application_mode(self) -> None:
        """Take the terminal over, and watch that it stays."""
        super().start_application_mode()  # type: ignore[no-untyped-call]  # Textual says no types here
        if self._watch is None and self.input_tty:
            self._watch = threading.Thread(target=self._watch_terminal, name="terminal-watch", daemon=True)
            self._watch.start()

    def _watch_terminal(self) -> None:
        # A terminal that hung up reads as empty for ever, which Textual takes for nothing typed yet. Asked for no
        # event, poll() sleeps until the hang-up.
        poll = select.poll()
        poll.register(self.fileno, 0)
        if any(event & (select.POLLHUP | select.POLLERR) for _file, event in poll.poll()):
            self._terminal_lost()

    def _terminal_lost(self) -> None:
        self._notify_app("terminal_lost")

    def _run_input_thread(self) -> None:
        try:
            self.run_input_thread()
        except OSError:
            self._terminal_lost()
        except Exception as error:  # noqa: BLE001 - this thread has nobody else to raise it to
            self._notify_app("_handle_exception", error)

    def _notify_app(self, method: str, *args: object) -> None:
        with contextlib.suppress(RuntimeError):  # the loop has ended, and nobody needs to know any more
            self._loop.call_soon_threadsafe(getattr(self._app, method), *args)


class Output:
    """The terminal as a file to write to; when it vanishes, the null device takes its place."""

    def __init__(self, file: TextIO, lost: Callable[[], None]) -> None:
        self._file = file
        self._lost = lost

    def write(self, text: str) -> None:
        """Write a text."""
        try:
            self._file.write(text)
        except OSError:
            self._replace()

    def flush(self) -> None:
        """Send what was written."""
        try:
            self._file.flush()
        except OSError:
            self._replace()

    def fileno(self) -> int:
        """Get the number of the file."""
        return self._file.fileno()

    def _replace(self) -> None:
        # What Python still has buffered for the terminal must go somewhere, or it spoils the exit status at the end.
        null = os.open(os.devnull, os.O_RDWR)
        os.dup2(null, self._file.fileno())
        os.close(null)
        self._lost()


class DaemonThreadExecutor(ThreadPoolExecutor):
    """Runs each question in a thread of its own that the end of the process does not wait for.

    A pool would make a program that was quit hang until the last server answered, and questions without an answer would
    use up its threads. Changes do not run here.
    """

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Run a function in a new thread."""
        future: Future[Any] = Future()
        threading.Thread(target=_work, args=(future, partial(fn, *args, **kwargs)), daemon=True).start()
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Do nothing: nobody waits for a question that nobody asks any more."""


def _work(future: Future[Any], function: Callable[[], Any]) -> None:
    if not future.set_running_or_notify_cancel():
        return
    try:
        result = function()
    except BaseException as error:  # noqa: BLE001 - handed to the one who waits
        future.set_exception(error)
    else:
        future.set_result(result)


def _keep_tracebacks_in(app: TerminalApp) -> None:
    """Have errors that nobody handles go to the app's log instead of the terminal; they may quote secrets."""

    def of_program(_kind: type[BaseException], error: BaseException, _traceback: object) -> None:
        app.record_crash(error)
        print_stderr(crash_sentence(error))

    def of_thread(args: threading.ExceptHookArgs) -> None:
        if args.exc_value is not None:
            app.record_crash(args.exc_value)

    def of_nobody(args: Any) -> None:
        if args.exc_value is not None:
            app.record_crash(args.exc_value)

    sys.excepthook = of_program
    threading.excepthook = of_thread
    sys.unraisablehook = of_nobody


def _note_lost_error(app: TerminalApp, _loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    error = context.get("exception")
    if isinstance(error, BaseException):
        app.record_crash(error)
