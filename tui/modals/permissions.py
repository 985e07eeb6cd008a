"""The permissions of a key, to be chosen from the list."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from core.opendental.api_permissions import API_PERMISSIONS
from tui.bindings import bindings
from tui.platform.base_screen import BaseModal
from tui.widgets.row_list import Column, Row, RowList

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.binding import BindingType


class PermissionChoice(BaseModal[tuple[str, ...]]):
    """Lets one choose permissions; gives them in Open Dental's order, or None when it was left with Escape.

    Args:
        chosen: What is chosen at first; names that are not known here stay in the list.
    """

    CSS_PATH = "permissions.tcss"
    KEYS = ("choose-permission", "save-choice", "back")

    def __init__(self, chosen: tuple[str, ...]) -> None:
        super().__init__("Permissions")
        self._chosen = set(chosen)
        self._names = (*API_PERMISSIONS, *(name for name in chosen if name not in API_PERMISSIONS))

    def compose_body(self) -> ComposeResult:
        """Make the list."""
        yield _ChoiceList(Column("", 3), Column("Permission", 20, flexible=True))

    def on_mount(self) -> None:
        """Show what is chosen now."""
        self._show_rows()

    def action_choose_permission(self) -> None:
        """Choose the permission under the cursor, or choose it no more."""
        row = self.query_one(RowList).row
        if row is not None:
            self._chosen ^= {str(row.identity)}
            self._show_rows()

    def action_save(self) -> None:
        """Take what is chosen."""
        self.dismiss(tuple(name for name in self._names if name in self._chosen))

    def _show_rows(self) -> None:
        # The API's own permissions stand first, since they are wanted most.
        order = sorted(self._names, key=lambda name: not name.startswith("Api"))
        self.query_one(RowList).show(
            Row(("[x]" if name in self._chosen else "[ ]", name), identity=name) for name in order
        )


class _ChoiceList(RowList):
    """A list in which Space and Enter choose, instead of going on by a page."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("choose-permission")
