"""Running the application as a process: signals, unhandled errors and the exit status."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import signal
import sys
import textwrap
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Any

from tui.platform.crash import crash_message
from tui.platform.shell import TerminalApp, signal_exit_status
from tui.widgets.safe_text import sanitize

if TYPE_CHECKING:
    from collections.abc import Callable

EXIT_CRASHED = 1

WAITING_FOR_CHANGE = "apisetup: a change is still being saved; waiting for it to finish."


def run_app(app: TerminalApp, *, mouse: bool = False) -> int:
    """Run the application in this terminal and return the exit status of the process.

    A change that is being written when the application ends is written to its end first.

    Args:
        app: The application.
        mouse: Ask the terminal for clicks and the wheel.
    """
    _send_tracebacks_to_log(app)
    # Until the application handles it, and after that, the program ends with its own cleanup.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        asyncio.run(_run(app, mouse=mouse))
    except KeyboardInterrupt:
        return signal_exit_status(signal.SIGINT)
    except Exception as error:  # noqa: BLE001 - the last place that can keep the error's text off the terminal
        app.set_crash(error)
    if not app.commits.idle:
        print_stderr(WAITING_FOR_CHANGE)
    app.commits.close()
    if app.crash is not None:
        print_stderr(crash_message(app.crash))
        return EXIT_CRASHED
    return app.return_code or 0


async def _run(app: TerminalApp, *, mouse: bool) -> None:
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(partial(_record_loop_error, app))
    loop.set_default_executor(DaemonThreadExecutor())
    task = asyncio.current_task()
    for number in (signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, app.stop, number)
    # Ctrl+C arrives as a key; a SIGINT from elsewhere gets the same response.
    loop.add_signal_handler(signal.SIGINT, app.show_quit_hint)
    app.force_stop = task.cancel if task is not None else None
    with contextlib.suppress(asyncio.CancelledError):
        await app.run_async(mouse=mouse)
    loop.remove_signal_handler(signal.SIGINT)


def print_stderr(message: str) -> None:
    """Print a message on stderr, wrapped to the terminal's width. Do nothing if the terminal is gone.

    A server may have chosen some of its words, and the screen that would draw them safely is closed.
    """
    with contextlib.suppress(OSError, ValueError):
        width = shutil.get_terminal_size().columns
        print(textwrap.fill(sanitize(message), max(width - 1, 20)), file=sys.stderr, flush=True)


class DaemonThreadExecutor(ThreadPoolExecutor):
    """Executor that runs each call in a new daemon thread, which the end of the process does not wait for.

    With a pool, quitting would block until the last server answered, and calls that never return would use up the
    threads. Changes do not run here, because they must finish: see `Commits`.
    """

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Run a function in a new thread."""
        future: Future[Any] = Future()
        threading.Thread(target=_fulfill, args=(future, partial(fn, *args, **kwargs)), daemon=True).start()
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Return at once and abandon the running threads, whose results nothing needs any more."""


def _fulfill(future: Future[Any], function: Callable[[], Any]) -> None:
    if not future.set_running_or_notify_cancel():
        return
    try:
        result = function()
    except BaseException as error:  # noqa: BLE001 - the caller gets it through the future
        future.set_exception(error)
    else:
        future.set_result(result)


def _send_tracebacks_to_log(app: TerminalApp) -> None:
    """Install hooks that record unhandled errors in the app's log instead of printing them; they may quote secrets."""

    def on_main_thread_error(_kind: type[BaseException], error: BaseException, _traceback: object) -> None:
        app.record_crash(error)
        print_stderr(crash_message(error))

    def on_thread_error(args: threading.ExceptHookArgs) -> None:
        if args.exc_value is not None:
            app.record_crash(args.exc_value)

    def on_unraisable_error(args: Any) -> None:
        if args.exc_value is not None:
            app.record_crash(args.exc_value)

    sys.excepthook = on_main_thread_error
    threading.excepthook = on_thread_error
    sys.unraisablehook = on_unraisable_error


def _record_loop_error(app: TerminalApp, _loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    error = context.get("exception")
    if isinstance(error, BaseException):
        app.record_crash(error)
