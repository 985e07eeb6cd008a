"""A queue for keys that arrive faster than the program handles them.

Textual sends a key to the widget that has focus when the key arrives. If a password manager or a slow connection
delivers a user name, Enter and a password at once, all of them would go to the name field, which displays the password.
A key that arrives while a dialog closes would go to that dialog, and be lost.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from textual import events

if TYPE_CHECKING:
    from textual.app import App
    from textual.dom import DOMNode
    from textual.screen import Screen


REPEAT_SECONDS = 0.3
"""The time in which a key that opened or closed a screen does nothing on the screen that follows, in seconds."""

BACK = "escape"
"""The key that closes one screen with each press, however quick."""


class KeyQueue:
    """Dispatches keys one at a time.

    A key is dispatched after everything that the key before it caused has been handled.

    Args:
        app: The application, whose focused widget gets the keys.
        dispatch: Makes the application handle a key.
    """

    def __init__(self, app: App[None], dispatch: Callable[[events.Event], Awaitable[None]]) -> None:
        self._app = app
        self._dispatch = dispatch
        self._queue: deque[events.Event] = deque()
        self._dispatching = False
        self._last: tuple[events.Key, Screen[object]] | None = None

    async def enqueue(self, event: events.Event) -> bool:
        """Queue an event if it is a key or a paste, which may have to wait.

        Returns:
            True if the event was queued; False if the application should handle it at once.
        """
        if not isinstance(event, events.Key | events.Paste) or event.is_forwarded:
            return False
        self._queue.append(event)
        if not self._dispatching:
            await self._dispatch_next()
        return True

    async def _dispatch_next(self) -> None:
        self._dispatching = bool(self._queue)
        if self._dispatching:
            target, event = self._app.focused or self._app.screen, self._queue.popleft()
            if self._repeats_change_of_screen(event):
                self._app.call_later(self._dispatch_next)
                return
            self._last = (event, self._app.screen) if isinstance(event, events.Key) else None
            try:
                await self._dispatch(event)
            except BaseException:
                self._dispatching = False
                raise
            self._continue_after([*target.ancestors_with_self] * 2)

    def _repeats_change_of_screen(self, event: events.Event) -> bool:
        """Return True if a key is the one that has just opened or closed a screen, pressed twice.

        The field of a dialog would get it as text, and a question as its answer. An Enter that closed a question would
        open the key below it.
        """
        if self._last is None or not isinstance(event, events.Key):
            return False
        earlier, screen = self._last
        is_repeated = event.key == earlier.key and event.time - earlier.time < REPEAT_SECONDS
        has_closed = screen not in self._app.screen_stack
        return is_repeated and self._app.screen is not screen and not (has_closed and event.key == BACK)

    def _continue_after(self, path: list[DOMNode]) -> None:
        """Dispatch the next key after each node of the path has handled the messages in its queue.

        A message queue is in order, so a callback that is queued behind the key, and later behind the messages that the
        key caused, runs after them.
        """
        while path:
            node, *path = path
            if node.call_later(self._continue_after if path else self._dispatch_next, *([path] if path else [])):
                return
        self._app.call_later(self._dispatch_next)
