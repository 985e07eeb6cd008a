"""The permissions of a key, to be chosen from the list."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.content import Content
from textual.widgets import SelectionList
from textual.widgets.selection_list import Selection

from core.opendental.api_keys import API_PERMISSIONS
from tui.screens.base import HouseModal
from tui.widgets.plain import visible

if TYPE_CHECKING:
    from textual.app import ComposeResult


class PermissionChoice(HouseModal[tuple[str, ...]]):
    """Lets one choose permissions; gives them in Open Dental's order, or None when it was left with Escape.

    Args:
        chosen: What is chosen at first; names that are not known here stay in the list.
    """

    CSS_PATH = "permissions.tcss"
    KEYS = ("save-choice", "back")

    def __init__(self, chosen: tuple[str, ...]) -> None:
        super().__init__("Permissions: Space chooses, ^s takes them")
        self._chosen = chosen
        self._names = (*API_PERMISSIONS, *(name for name in chosen if name not in API_PERMISSIONS))

    def compose_body(self) -> ComposeResult:
        """Make the list; the API's own permissions stand first, since they are wanted most."""
        order = sorted(self._names, key=lambda name: not name.startswith("Api"))
        yield SelectionList[str](
            *(Selection(Content(visible(name)), name, name in self._chosen) for name in order), compact=True
        )

    def action_save(self) -> None:
        """Take what is chosen."""
        selected = set(self.query_one(SelectionList).selected)
        self.dismiss(tuple(name for name in self._names if name in selected))
