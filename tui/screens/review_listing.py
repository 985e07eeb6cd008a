"""The base of the screens of the place Review: what can be done to the key under the cursor."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, ClassVar

from textual import on

from core.model.diagnosis import Remedy
from tui.bindings import key as key_named
from tui.key_names import display
from tui.platform.workers import flow
from tui.screens.listing import ListingScreen
from tui.screens.practice_screen import CHANGES
from tui.widgets.row_list import RowList

if TYPE_CHECKING:
    from core.model.api_key import ApiKey
    from tui.key_definition import Key


_NEEDS_KEY = frozenset({"disable", "edit_notes", "why"})
"""The actions about an API key, which a row about the practice has not."""


class ReviewListing(ListingScreen):
    """A list with a key under the cursor. A session that can't change anything isn't offered what does."""

    NO_KEY: ClassVar[str]
    """The answer to a key that needs an API key, where the row under the cursor has none."""

    @property
    @abstractmethod
    def key_under_cursor(self) -> ApiKey | None:
        """The key that the row under the cursor is about; None if it isn't about one, or the key is gone."""

    def _is_withheld(self, action: str) -> bool:
        return action in CHANGES and self.session is not None and not self.session.may_change

    def is_useful(self, key: Key) -> bool:
        """Leave out of the key bar what the row under the cursor doesn't allow."""
        if key.action not in _NEEDS_KEY:
            return super().is_useful(key)
        api_key = self.key_under_cursor
        return api_key is not None and self.is_allowed(key, api_key) and super().is_useful(key)

    def show_details(self) -> None:
        """Show the details of the row under the cursor, and the keys that it allows."""
        super().show_details()
        if self.is_attached:
            self.show_keys()

    def needed_key(self) -> ApiKey | None:
        """Return the key under the cursor; None if there is none, after saying so."""
        key = self.key_under_cursor
        if key is None:
            self.show_status(self.NO_KEY)
        return key

    @on(RowList.Chosen)
    def _open_chosen(self, event: RowList.Chosen) -> None:
        event.stop()
        self.action_edit_key()

    def action_edit_key(self) -> None:
        """Open the screen of the key under the cursor."""
        from tui.screens.edit_key import EditKeyScreen

        key = self.key_under_cursor
        if key is None:
            self.open_other_row()
        else:
            self.open_screen(EditKeyScreen(self.open_session, key), lambda _result: self.reload())

    @abstractmethod
    def open_other_row(self) -> None:
        """Show all about the row under the cursor, which isn't about a key."""

    @flow
    async def action_edit_notes(self) -> None:
        """Edit the notes on the key under the cursor."""
        from tui.flows.key_notes import edit_notes

        key = self.needed_key()
        if key is not None and await self.attempt(edit_notes(self, self.open_session, key)):
            self.reload()

    def action_why(self) -> None:
        """Say why calls with the key under the cursor fail."""
        from tui.screens.why import WhyScreen

        key = self.needed_key()
        if key is not None:
            self.open_screen(WhyScreen(self.open_session, key), self._act_on_cause)

    def _act_on_cause(self, remedy: Remedy | None) -> None:
        if remedy is Remedy.RELOAD:
            self.action_reload()
        elif remedy is Remedy.ENABLE_KEY:
            self.show_status(f"Press {display(key_named('edit-key'))} to open the key, and enable it there.")
        elif remedy is not None:
            self.show_status(f"Go back to API Setup to {remedy.value}.")
