"""A dialog for choosing the permissions of a key."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from core.opendental.api_permissions import API_PERMISSIONS
from tui.bindings import bindings
from tui.platform.base_screen import BaseModal
from tui.widgets.row_list import RowList
from tui.widgets.rows import UNLIMITED, Column, Row

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.binding import BindingType


class PermissionChoice(BaseModal[tuple[str, ...]]):
    """A list of permissions. Its result is the chosen ones in Open Dental's order, or None after Escape.

    Args:
        chosen: The initially chosen permissions. Unknown names are kept and listed too.
    """

    CSS_PATH = "permissions.tcss"
    KEYS = ("choose-permission", "save-choice", "back")

    def __init__(self, chosen: tuple[str, ...]) -> None:
        super().__init__("Permissions")
        self._chosen = set(chosen)
        self._names = (*API_PERMISSIONS, *(name for name in chosen if name not in API_PERMISSIONS))

    def compose_body(self) -> ComposeResult:
        """Compose the list."""
        yield _ChoiceList(Column("", 3), Column("Permission", 20, max_width=UNLIMITED))

    def on_mount(self) -> None:
        """Fill the list."""
        self._show_rows()

    def action_choose_permission(self) -> None:
        """Toggle the permission under the cursor."""
        row = self.query_one(RowList).row
        if row is not None:
            self._chosen ^= {str(row.identity)}
            self._show_rows()

    def action_save(self) -> None:
        """Close the dialog with the chosen permissions."""
        self.dismiss(tuple(name for name in self._names if name in self._chosen))

    def _show_rows(self) -> None:
        # The permissions of the API itself come first, because they are chosen most often.
        order = sorted(self._names, key=lambda name: not name.startswith("Api"))
        self.query_one(RowList).show(
            Row(("[x]" if name in self._chosen else "[ ]", name), identity=name) for name in order
        )


class _ChoiceList(RowList):
    """A list in which Space and Enter toggle a permission. In other lists Space scrolls by a page."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("choose-permission")
