"""Keys that come faster than the focus moves, kept in their order.

Textual hands a key to the widget that has focus when the key arrives. What a password manager or a slow line sends in
one piece - a name, Enter, a password - would all end up in the field of the name, where a password shows.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from textual import events
from textual.widgets import Input

if TYPE_CHECKING:
    from textual.app import App
    from textual.dom import DOMNode

_MOVES = ("tab", "shift+tab", "slash")


class KeyQueue:
    """Hands keys on one by one while a text field has focus, each when the one before has done all it does.

    Args:
        app: The application, whose focus counts.
        hand_on: What the application does with a key.
    """

    def __init__(self, app: App[None], hand_on: Callable[[events.Event], Awaitable[None]]) -> None:
        self._app = app
        self._hand_on = hand_on
        self._waiting: deque[events.Event] = deque()
        self._under_way = False

    async def take(self, event: events.Event) -> bool:
        """Take a key or a paste whose turn may not have come; False for one that need not wait."""
        if not isinstance(event, events.Key | events.Paste) or event.is_forwarded:
            return False
        moves = isinstance(event, events.Key) and event.key in _MOVES
        if not (self._under_way or moves or isinstance(self._app.focused, Input)):
            return False
        self._waiting.append(event)
        if not self._under_way:
            await self._next()
        return True

    async def _next(self) -> None:
        self._under_way = bool(self._waiting)
        if self._under_way:
            target = self._app.focused or self._app.screen
            try:
                await self._hand_on(self._waiting.popleft())
            except BaseException:
                self._under_way = False
                raise
            self._follow([*target.ancestors_with_self] * 2)

    def _follow(self, path: list[DOMNode]) -> None:
        # Queues are in order: what comes out behind the key, and behind the messages it caused, comes after them.
        while path:
            node, *path = path
            if node.call_later(self._follow if path else self._next, *([path] if path else [])):
                return
        self._app.call_later(self._next)
