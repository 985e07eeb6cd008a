"""One of many, chosen from a list that typing makes shorter."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.widgets import Input

from tui.bindings import bindings
from tui.platform.base_screen import BaseModal
from tui.widgets.inputs import PlainInput
from tui.widgets.row_list import Column, Row, RowList

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.app import ComposeResult
    from textual.binding import BindingType


class Choice(BaseModal[int]):
    """Lets one choose a line; gives its index, or None.

    Args:
        title: What is chosen.
        lines: What there is to choose from.
    """

    CSS_PATH = "choice.tcss"
    KEYS: ClassVar[tuple[str, ...]] = ("take-choice", "back")
    TYPING_KEYS: ClassVar[tuple[str, ...]] = ("take-choice", "back")
    BINDINGS: ClassVar[list[BindingType]] = bindings("up", "down", "page-up", "page-down")

    def __init__(self, title: str, lines: Sequence[str]) -> None:
        super().__init__(title)
        self._lines = tuple(lines)

    def compose_body(self) -> ComposeResult:
        """Make the field that narrows the list, and the list."""
        yield PlainInput(placeholder="type to narrow the list")
        yield RowList(Column("", 20, flexible=True), empty="Nothing has this in it.")

    def on_mount(self) -> None:
        """Show all lines; the field has the focus, and the arrows move in the list."""
        self._narrow()
        self.query_one(PlainInput).focus()

    @on(Input.Changed)
    def _narrow(self) -> None:
        wanted = self.query_one(PlainInput).value.casefold().strip()
        self.query_one(RowList).show(
            Row((line,), index) for index, line in enumerate(self._lines) if wanted in line.casefold()
        )

    @on(Input.Submitted)
    @on(RowList.Chosen)
    def action_choose(self) -> None:
        """Take the line under the cursor."""
        row = self.query_one(RowList).row
        if row is not None and isinstance(row.identity, int):
            self.dismiss(row.identity)

    def action_cursor_up(self) -> None:
        """Go up by one line, from the field, too."""
        self.query_one(RowList).action_cursor_up()

    def action_cursor_down(self) -> None:
        """Go down by one line, from the field, too."""
        self.query_one(RowList).action_cursor_down()

    def action_page_up(self) -> None:
        """Go up by one page, from the field, too."""
        self.query_one(RowList).action_page_up()

    def action_page_down(self) -> None:
        """Go down by one page, from the field, too."""
        self.query_one(RowList).action_page_down()
