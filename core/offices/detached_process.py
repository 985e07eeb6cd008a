"""Running a program that has no terminal, so that it can't prompt on the screen or write over it.

Imported only where a program is run: the modules it needs start slowly.
"""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import time
from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

MAX_OUTPUT_BYTES = 65_536
"""A password is much shorter. A program that prints more than this may never stop."""
_KILL_SECONDS = 1
"""The time to wait for the end of a killed program. One that runs as another account, as with sudo, can't be killed."""


@dataclass(frozen=True)
class EndedProgram:
    """A program that ended in time."""

    status: int
    """Its exit status; negative if a signal ended it."""
    output: bytes = field(repr=False)
    """Its standard output, complete, which may be a password."""

    @property
    def failure(self) -> str:
        """The kind of the failure, as the end of a sentence."""
        return f"was ended by signal {-self.status}" if self.status < 0 else f"failed with exit status {self.status}"


class ProgramStopped(Exception):
    """A program was killed, since it ran for too long or printed too much. The error never contains what it printed.

    Args:
        reason: What it did, as the end of a sentence.
        hint: What the admin can do.
    """

    def __init__(self, reason: str, hint: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.hint = hint


def run_detached(arguments: Sequence[str], hidden_variables: Collection[str], seconds: float) -> EndedProgram:
    """Run a program in a session of its own, without a shell, and return its exit status and output.

    A new session has no controlling terminal, so the program can't open /dev/tty either. Its standard error is dropped.

    Args:
        arguments: The program and its arguments.
        hidden_variables: The environment variables that the program doesn't inherit.
        seconds: It is killed, with the processes it started, if it or one that shares its output runs for longer.

    Raises:
        OSError: The program can't be started.
        ProgramStopped: It didn't end in time, or printed more than `MAX_OUTPUT_BYTES`.
    """
    end = time.monotonic() + seconds
    process = subprocess.Popen(  # noqa: S603 - the admin's own command, without a shell
        arguments,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={name: value for name, value in os.environ.items() if name not in hidden_variables},
        start_new_session=True,
    )
    assert process.stdout is not None  # noqa: S101 - it is a pipe
    with process.stdout:
        try:
            output = _read(process.stdout.fileno(), end)
            return EndedProgram(process.wait(_until(end)), output)
        except (TimeoutError, subprocess.TimeoutExpired):
            _kill(process)
        except BaseException:
            _kill(process)
            raise
    # Raised outside the handler, so that no error is chained that contains the output.
    raise ProgramStopped(f"did not end within {seconds:g} seconds", "Unlock its source first; it can't prompt here.")


def _read(descriptor: int, end: float) -> bytes:
    output = bytearray()
    with selectors.DefaultSelector() as selector:
        selector.register(descriptor, selectors.EVENT_READ)
        while len(output) <= MAX_OUTPUT_BYTES:
            if not selector.select(_until(end)):
                raise TimeoutError
            part = os.read(descriptor, MAX_OUTPUT_BYTES + 1 - len(output))
            if not part:
                return bytes(output)
            output += part
    raise ProgramStopped(
        f"printed more than {MAX_OUTPUT_BYTES:,} bytes and was stopped", "It must print the password and then exit."
    )


def _until(end: float) -> float:
    return max(end - time.monotonic(), 0)


def _kill(process: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    with suppress(subprocess.TimeoutExpired):
        process.wait(_KILL_SECONDS)
