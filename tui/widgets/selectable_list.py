"""A list in which several rows can be selected, to do something with all of them."""

from __future__ import annotations

from collections.abc import Collection, Hashable
from dataclasses import dataclass

from rich.segment import Segment
from rich.style import Style
from textual.message import Message

from tui.widgets.row_list import RowList
from tui.widgets.rows import Row

SELECTED = "✓"
"""The mark of a selected row."""


@dataclass(frozen=True)
class Selection:
    """The selected rows of a list."""

    shown: tuple[Hashable, ...]
    """The identities of those that the list shows, in its order."""
    hidden: int
    """The number of those that a filter hides. Nothing is done with them."""

    @property
    def counts(self) -> str:
        """The numbers of selected rows for the title of a panel; empty if none is selected."""
        if not self.shown and not self.hidden:
            return ""
        hidden = f" ({self.hidden} hidden)" if self.hidden else ""
        return f"{len(self.shown) + self.hidden} selected{hidden}"


class SelectableList(RowList):
    """A list whose rows can be selected. A row stays selected while it is filtered, sorted or read again."""

    class SelectionChanged(Message):
        """Posted when other rows are selected."""

        def __init__(self, row_list: SelectableList) -> None:
            super().__init__()
            self.row_list = row_list

        @property
        def control(self) -> SelectableList:
            """The list, for `@on` with a selector."""
            return self.row_list

    _selected: frozenset[Hashable] = frozenset()

    @property
    def selection(self) -> Selection:
        """The selected rows."""
        shown = tuple(
            row.identity
            for index in range(len(self.rows))
            if self._selected and (row := self.rows.row(index)) is not None and row.identity in self._selected
        )
        return Selection(shown, len(self._selected) - len(shown))

    def toggle_selected(self) -> None:
        """Select the row under the cursor, or deselect it, and go to the next row."""
        row = self.row
        if row is None:
            return
        self._select(self._selected ^ {row.identity})
        self._refresh_row(self.cursor)
        self.cursor += 1

    def select(self, identities: Collection[Hashable]) -> None:
        """Select exactly these rows."""
        self._select(frozenset(identities))
        self.refresh()

    def deselect(self, identities: Collection[Hashable] | None = None) -> None:
        """Deselect rows by their identities; None deselects all."""
        self._select(frozenset() if identities is None else self._selected.difference(identities))
        self.refresh()

    def keep_selected(self, identities: Collection[Hashable]) -> None:
        """Deselect the rows that aren't among these any more, because what they showed is gone."""
        gone = self._selected.difference(identities)
        if gone:
            self.deselect(gone)

    def markers(self, row: Row, *, is_current: bool, highlight: Style) -> list[Segment]:
        """Put the mark of a selected row where the cursor's bar is on the current row, or else next to the bar."""
        bar, mark = super().markers(row, is_current=is_current, highlight=highlight)
        if row.identity not in self._selected:
            return [bar, mark]
        selected = Segment(SELECTED, self.tone_style("accent") + (highlight if is_current else Style()))
        return [bar, selected] if is_current else [selected, mark]

    def _select(self, selected: frozenset[Hashable]) -> None:
        if selected != self._selected:
            self._selected = selected
            self.post_message(self.SelectionChanged(self))
