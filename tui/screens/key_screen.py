"""The base of the screens that show API keys: what can be done to one key, from the list or from its own screen.

The first screen is one of them, so each action imports its flow when it is asked for.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, TypeVar

from core.base.errors import EditConflict
from tui.platform.workers import flow
from tui.screens.practice_screen import PracticeScreen

if TYPE_CHECKING:
    from core.model.api_key import ApiKey

T = TypeVar("T")


class KeyScreen(PracticeScreen[T]):
    """A screen with one API key under the cursor or on screen."""

    @abstractmethod
    def current_key(self) -> ApiKey | None:
        """Return the key that an action is about; None if there is none, after saying so."""

    @abstractmethod
    async def show_key_again(self) -> None:
        """Show the current key as it is now, because it may have changed. Unsaved input is kept."""

    @abstractmethod
    async def after_removal(self) -> None:
        """Show that the current key is gone."""

    def after_reveal(self) -> None:
        """Show that an entry about the current key was written."""

    @flow
    async def action_disable(self) -> None:
        """Disable the current key."""
        await self.disable()

    async def disable(self) -> None:
        """Disable the current key, from within a flow."""
        from tui.flows.status_change import disable_key

        await self._change(disable_key, self.show_key_again)

    @flow
    async def action_enable(self) -> None:
        """Enable the current key."""
        from tui.flows.status_change import enable_key

        await self._change(enable_key, self.show_key_again)

    @flow
    async def action_edit_notes(self) -> None:
        """Edit the notes on the current key."""
        from tui.flows.key_notes import edit_notes

        await self._change(edit_notes, self.show_key_again)

    @flow
    async def action_remove_key(self) -> None:
        """Remove the current key from the local registry."""
        from tui.flows.key_removal import remove_key

        await self._change(remove_key, self.after_removal)

    async def _change(
        self, change: Callable[..., Coroutine[Any, Any, bool]], after: Callable[[], Coroutine[Any, Any, None]]
    ) -> None:
        key = self.current_key()
        if key is None:
            return
        try:
            if await change(self, self.open_session, key):
                await after()
        except EditConflict as error:
            from tui.flows.conflict import conflict_lines

            await self.show_key_again()
            from tui.modals.notice import Notice

            self.show_outcome(Notice("Changed by another program", conflict_lines(error)))

    @flow
    async def action_reveal(self) -> None:
        """Show the current key in full, after logging this."""
        from tui.flows.key_text import reveal_key

        key = self.current_key()
        if key is not None and await reveal_key(self, self.open_session, key):
            self.after_reveal()

    @flow
    async def action_send_to_clipboard(self) -> None:
        """Send the current key to the terminal's clipboard, after a question and after logging this."""
        from tui.flows.key_text import send_key_to_clipboard

        key = self.current_key()
        if key is not None and await send_key_to_clipboard(self, self.open_session, key):
            self.after_reveal()
