"""Searching the manual: a list of places that typing narrows."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from tui.manual.search import Hit, all_places, search
from tui.modals.choice import FilteredChoice
from tui.widgets.rows import UNLIMITED, Column, Row


class ManualSearch(FilteredChoice):
    """Lists the places of the manual that contain all words. Its result is the index of the chosen one in `hits`."""

    CSS_PATH = "manual_search.tcss"
    COLUMNS: ClassVar[tuple[Column, ...]] = (
        Column("Text", 44, min_width=30, max_width=UNLIMITED),
        Column("Page", 24, min_width=16, max_width=32, tone="dim"),
    )
    BEST_FIRST: ClassVar[bool] = True
    PLACEHOLDER: ClassVar[str] = "type words to search for"
    EMPTY: ClassVar[str] = "The manual doesn't contain these words."

    def __init__(self) -> None:
        super().__init__("Search the manual")
        self._places = all_places()
        self.words: tuple[str, ...] = ()
        """The words that were searched for, in lower case."""
        self.hits: list[Hit] = []
        """The places that are listed."""

    def matching_rows(self, text: str) -> Iterable[Row]:
        """Return the places that contain all words of a text; without words, all headings."""
        self.words = tuple(text.casefold().split())
        self.hits = search(self._places, self.words)
        return [
            Row((hit.snippet(self.words), hit.page.title), index, tones={0: "strong"} if hit.is_heading else {})
            for index, hit in enumerate(self.hits)
        ]
