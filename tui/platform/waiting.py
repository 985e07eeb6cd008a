"""The waits of a screen, and when each began.

A wait that lasts longer than half a second is displayed in the status line, and Esc leaves it: the service call goes on
in its thread, but nothing waits for its result. A change is never left. Nothing is sent while nothing is waited for.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

from core.base.errors import ApiSetupError

if TYPE_CHECKING:
    from tui.widgets.status_line import Kind, StatusLine

SHOW_AFTER = 0.5
"""Seconds after which a wait is displayed."""
_UPDATE_SECONDS = 1.0

READING = "Reading"
SAVING = "Saving"
_WHAT = {
    "read": "Opening the practice",
    "connect": "Connecting",
    "password": "Reading the database password",
    "offices": "Reading the configuration file",
    "first settings": "Reading the settings",
    "settings": "Reading the settings",
    "keys": "Reading the keys",
    "key": "Reading the key",
    "copy": "Reading the keys",
    "history": "Reading the key's history",
    "users": "Reading the users",
    "search": "Reading the Audit Trail",
    "page": "Reading the Audit Trail",
    "days": "Counting the entries of each day",
    "entry": "Reading the entry",
    "plan": "Reading what can be undone",
    "verify": "Verifying",
    "export": "Preparing the export",
    "check": "Checking the key",
    "fields": "Checking the fields",
    "adopt": "Reading the key",
    "grants": "Reading who can grant the permission",
    "headquarters": "Asking headquarters",
}


class WaitLeft(ApiSetupError):
    """The admin stopped waiting for a service call. Its result is dropped."""

    def __init__(self, what: str) -> None:
        super().__init__(f"Stopped waiting: {what[:1].lower()}{what[1:]}.", "Try it again.")


class WaitKind(Enum):
    """The kind of a wait."""

    CHANGE = "change"
    """Something is written. It can't be left."""
    READ = "read"
    BACKGROUND = "background"
    """The screen works without the result, so other messages stay and Esc does what it always does."""


@dataclass(eq=False)
class Wait:
    """One wait."""

    what: str
    """The activity that is waited for, such as `Reading the keys`."""
    kind: WaitKind
    started: float
    """The time of the event loop in seconds."""
    leave: Callable[[], object]
    """Makes the wait end at once."""
    left: bool = field(default=False, init=False)
    refused: bool = field(default=False, init=False)
    """True if the admin tried to leave a change."""

    def text(self, now: float) -> str:
        """Return what is waited for, since when, and what Esc does."""
        since = f"{self.what}… {now - self.started:.0f} s"
        if self.refused:
            return f"{since}. This can't be stopped; its result will be shown here."
        return f"{since}. Esc stops waiting." if self.kind is WaitKind.READ else since


def describe_group(group: str) -> str:
    """Return what a call of this group waits for."""
    return _WHAT.get(group, READING)


class Waits:
    """The waits of one screen, displayed in its status line.

    Args:
        status: The status line.
    """

    def __init__(self, status: StatusLine) -> None:
        self._status = status
        self._waits: list[Wait] = []
        self._timer: asyncio.TimerHandle | None = None
        self._shown = ""
        self._replaced: tuple[str, Kind] = ("", "note")

    @contextmanager
    def waiting(self, what: str, kind: WaitKind, leave: Callable[[], object]) -> Iterator[Wait]:
        """Display what is waited for while the block runs, if that takes long.

        Args:
            what: What is waited for, such as `Reading the keys`.
            kind: The kind of the wait.
            leave: Makes the block end at once.
        """
        wait = Wait(what.removesuffix("…"), kind, asyncio.get_running_loop().time(), leave)
        self._waits.append(wait)
        if self._timer is None:
            self._schedule(SHOW_AFTER)
        try:
            yield wait
        finally:
            self._waits.remove(wait)
            self._restore()
            self._update()

    @property
    def displayed(self) -> Wait | None:
        """The wait that is displayed and that Esc is about; None if there is none."""
        wait = self._due()
        return wait if wait is not None and self._shown and wait.kind is not WaitKind.BACKGROUND else None

    def leave(self) -> None:
        """Leave the displayed wait, or say that it can't be left."""
        wait = self.displayed
        if wait is None:
            return
        if wait.kind is WaitKind.CHANGE:
            wait.refused = True
            self._update()
            return
        wait.left = True
        wait.leave()

    def _due(self) -> Wait | None:
        """Return the wait to display: a change before a reading, and the oldest of several."""
        now = asyncio.get_running_loop().time()
        due = [wait for wait in self._waits if now - wait.started >= SHOW_AFTER]
        order = list(WaitKind)
        return min(due, key=lambda wait: (order.index(wait.kind), wait.started), default=None)

    def _update(self) -> None:
        """Display the wait that is due, and schedule the next update."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if not self._waits:
            return
        now = asyncio.get_running_loop().time()
        wait = self._due()
        if wait is None:
            self._schedule(min(each.started for each in self._waits) + SHOW_AFTER - now)
            return
        self._show(wait, wait.text(now))
        elapsed = now - wait.started
        # The text rounds, so it changes in the middle between two seconds.
        self._schedule(_UPDATE_SECONDS - (elapsed + _UPDATE_SECONDS / 2) % _UPDATE_SECONDS)

    def _schedule(self, seconds: float) -> None:
        self._timer = asyncio.get_running_loop().call_later(max(seconds, 0.01), self._update)

    def _show(self, wait: Wait, text: str) -> None:
        current = self._status.text
        is_own = bool(self._shown) and current == self._shown
        if not is_own and current and wait.kind is WaitKind.BACKGROUND and not current.startswith(wait.what):
            self._shown = ""
            return
        if not is_own:
            self._replaced = (current, self._status.kind)
        self._shown = text
        self._status.show(text)

    def _restore(self) -> None:
        """Display the message again that was replaced, unless there is a newer one."""
        if self._shown and self._status.text == self._shown:
            self._status.show(*self._replaced)
        self._shown = ""
