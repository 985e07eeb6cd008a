"""The progress line of a command that takes long."""

from __future__ import annotations

import sys
import time

from tui.platform.output import is_terminal


class Progress:
    """A progress line on standard error that overwrites itself; shows nothing if that is not a terminal.

    Args:
        hidden: True to show nothing, for one of several offices that are read at the same time.
    """

    def __init__(self, *, hidden: bool = False) -> None:
        self._start = time.monotonic()
        self._width = 0
        self._hidden = hidden

    @property
    def seconds(self) -> float:
        """The time since the command began its work."""
        return time.monotonic() - self._start

    def show(self, text: str) -> None:
        """Replace the progress line."""
        if not self._hidden and is_terminal(sys.stderr):
            print(f"\r{text.ljust(self._width)}", end="", file=sys.stderr, flush=True)
            self._width = len(text)

    def clear(self) -> None:
        """Erase the progress line, so that the result starts on an empty one."""
        if self._width:
            print(f"\r{' ' * self._width}\r", end="", file=sys.stderr, flush=True)
            self._width = 0
