"""Running a command that prints a password. Imported only for such a command: the modules it needs start slowly."""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress

MAX_OUTPUT_BYTES = 65_536
"""Only the first line is used. A command that prints more than this may never stop."""


class NoOutput(Exception):
    """A command printed no password that can be used. The error never contains what it printed.

    Args:
        reason: What it did, as the end of a sentence.
        hint: What the admin can do.
    """

    def __init__(self, reason: str, hint: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.hint = hint


def run_command(arguments: Sequence[str], environment: Mapping[str, str], seconds: float) -> bytes:
    """Run a command without a shell, and return its output.

    Args:
        arguments: The program and its arguments.
        environment: Its environment variables.
        seconds: It is killed, with the processes it started, if it runs for longer or prints too much.

    Raises:
        OSError: It can't be started.
        NoOutput: It failed, didn't end in time, or printed too much.
    """
    end = time.monotonic() + seconds
    # In a session of its own, the command has no terminal to prompt on, so it can't write over the screen.
    with subprocess.Popen(  # noqa: S603 - the admin's own command
        arguments,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment,
        start_new_session=True,
    ) as process:
        try:
            output = _read(process, end)
            status = process.wait(max(end - time.monotonic(), 0.001))
        except subprocess.TimeoutExpired:
            _kill(process)
            # Not chained: Python's own error may contain the output.
            raise NoOutput(
                f"did not end within {seconds:g} seconds", "Unlock its source first; it can't prompt here."
            ) from None
        except BaseException:
            _kill(process)
            raise
    if status:
        raise NoOutput(f"failed with exit status {status}", "Run it yourself to see why; it can't prompt here.")
    return output


def _read(process: subprocess.Popen[bytes], end: float) -> bytes:
    assert process.stdout is not None  # noqa: S101 - it is a pipe
    output = bytearray()
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        while len(output) <= MAX_OUTPUT_BYTES:
            if not selector.select(max(end - time.monotonic(), 0)):
                raise subprocess.TimeoutExpired(process.args, 0)
            part = os.read(process.stdout.fileno(), MAX_OUTPUT_BYTES + 1 - len(output))
            if not part:
                return bytes(output)
            output += part
    raise NoOutput(
        f"printed more than {MAX_OUTPUT_BYTES:,} bytes and was stopped", "It must print the password and then exit."
    )


def _kill(process: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.kill()
