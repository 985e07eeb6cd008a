"""Running a program that has no terminal, so that it can't prompt on the screen or write over it."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Collection, Sequence
from contextlib import suppress


def run_detached(
    arguments: Sequence[str], hidden_variables: Collection[str], seconds: float
) -> subprocess.CompletedProcess[bytes] | None:
    """Run a program in a session of its own, and return its exit status and output.

    A new session has no controlling terminal, so the program can't open /dev/tty either.

    Args:
        arguments: The program and its arguments; no shell interprets them.
        hidden_variables: The environment variables that the program doesn't inherit.
        seconds: The time after which it is killed.

    Returns:
        None if the time was over. `TimeoutExpired` isn't raised, because it contains the output, perhaps a password.

    Raises:
        OSError: The program can't be started.
    """
    with suppress(subprocess.TimeoutExpired):
        return subprocess.run(  # noqa: S603 - the admin's own command, without a shell
            arguments,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={name: value for name, value in os.environ.items() if name not in hidden_variables},
            timeout=seconds,
            start_new_session=True,
            check=False,
        )
    return None
