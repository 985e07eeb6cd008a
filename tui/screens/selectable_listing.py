"""The base of the places that list rows of which several can be selected."""

from __future__ import annotations

from tui.screens.listing import ListingScreen
from tui.widgets.selectable_list import SelectableList


class SelectableListing(ListingScreen):
    """Lists rows in a `SelectableList`. A subclass has keys for the actions `select` and `leave_selection`."""

    @property
    def rows(self) -> SelectableList:
        """The list."""
        return self.query_one(SelectableList)

    def action_leave_selection(self) -> None:
        """Deselect all rows, or else go back."""
        if self.rows.selection.counts:
            self.rows.deselect()
        else:
            self.dismiss(None)

    def action_select(self) -> None:
        """Select the row under the cursor, or deselect it."""
        self.rows.toggle_selected()
