"""A dialog for choosing one option from a list that typing filters."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.widgets import Input

from tui.bindings import bindings
from tui.platform.base_modal import BaseModal
from tui.widgets.inputs import PlainInput
from tui.widgets.row_list import RowList
from tui.widgets.rows import UNLIMITED, Column, Row

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.app import ComposeResult
    from textual.binding import BindingType


class FilteredChoice(BaseModal[int]):
    """A list that typing filters. Its result is the identity of the chosen row, an index, or None after Escape.

    A subclass returns the rows for what was typed in `matching_rows`.
    """

    CSS_PATH = "choice.tcss"
    KEYS: ClassVar[tuple[str, ...]] = ("take-choice", "back")
    TYPING_KEYS: ClassVar[tuple[str, ...]] = ("take-choice", "back")
    BINDINGS: ClassVar[list[BindingType]] = bindings("up", "down", "page-up", "page-down")
    COLUMNS: ClassVar[tuple[Column, ...]] = (Column("", 20, max_width=UNLIMITED),)
    PLACEHOLDER: ClassVar[str] = "type to narrow the list"
    BEST_FIRST: ClassVar[bool] = False
    """True to select the first row whenever something was typed; otherwise the cursor stays on its row."""
    EMPTY: ClassVar[str] = "No matches."

    def compose_body(self) -> ComposeResult:
        """Compose the filter and the list."""
        yield PlainInput(placeholder=self.PLACEHOLDER)
        yield RowList(*self.COLUMNS, empty=self.EMPTY)

    def on_mount(self) -> None:
        """List all rows. The filter keeps the focus while the arrow keys move the cursor of the list."""
        self._apply_filter()
        self.query_one(PlainInput).focus()

    @abstractmethod
    def matching_rows(self, text: str) -> Iterable[Row]:
        """Return the rows for what was typed. The identity of each is its index."""

    @on(Input.Changed)
    def _apply_filter(self) -> None:
        rows = self.query_one(RowList)
        rows.show(self.matching_rows(self.query_one(PlainInput).value.strip()))
        if self.BEST_FIRST:
            rows.cursor = 0

    @on(Input.Submitted)
    @on(RowList.Chosen)
    def action_choose(self) -> None:
        """Choose the option under the cursor."""
        row = self.query_one(RowList).row
        if row is not None and isinstance(row.identity, int):
            self.dismiss(row.identity)

    def action_cursor_up(self) -> None:
        """Move the cursor of the list up by one row, even while the filter has focus."""
        self.query_one(RowList).action_cursor_up()

    def action_cursor_down(self) -> None:
        """Move the cursor of the list down by one row, even while the filter has focus."""
        self.query_one(RowList).action_cursor_down()

    def action_page_up(self) -> None:
        """Move the cursor of the list up by one page, even while the filter has focus."""
        self.query_one(RowList).action_page_up()

    def action_page_down(self) -> None:
        """Move the cursor of the list down by one page, even while the filter has focus."""
        self.query_one(RowList).action_page_down()


class Choice(FilteredChoice):
    """A filtered list of options. Its result is the index of the chosen option, or None after Escape.

    Args:
        title: The title of the dialog.
        options: The options, one line each.
    """

    def __init__(self, title: str, options: Sequence[str]) -> None:
        super().__init__(title)
        self._options = tuple(options)

    def matching_rows(self, text: str) -> Iterable[Row]:
        """Return the options that contain a text."""
        folded = text.casefold()
        return [Row((option,), index) for index, option in enumerate(self._options) if folded in option.casefold()]
