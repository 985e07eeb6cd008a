"""Searching the manual."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tui.manual.blocks import fill
from tui.manual.markdown import Block, Code, Heading, Table, parse, plain_text
from tui.manual.pages import PAGES, Page

_BEFORE = 24
"""The characters of a snippet before the word that was searched for."""


@dataclass(frozen=True)
class Hit:
    """A place in the manual.

    Args:
        page: The page.
        block: The index of its block.
        text: The text of the place: a heading, a paragraph, an item, a line of code or a row of a table.
        is_heading: True for a heading.
    """

    page: Page
    block: int
    text: str
    is_heading: bool = False

    def snippet(self, words: Sequence[str]) -> str:
        """Return the text from shortly before the first of some words, which are in lower case."""
        positions = [position for word in words if (position := self.text.casefold().find(word)) >= 0]
        start = max(0, min(positions, default=0) - _BEFORE)
        # Whole words are easier to read.
        start = self.text.find(" ", start - 1) + 1 if start else 0
        return f"…{self.text[start:].lstrip()}" if start else self.text


def all_places() -> tuple[Hit, ...]:
    """Return every place of the manual, in the order of its pages."""
    return tuple(hit for page in PAGES for hit in _places(page))


def search(places: Sequence[Hit], words: Sequence[str]) -> list[Hit]:
    """Return the places that contain all words, headings first; without words, all headings.

    Args:
        places: The places to search.
        words: The words, in lower case.
    """
    if not words:
        return [hit for hit in places if hit.is_heading]
    found = [hit for hit in places if all(word in f"{hit.text} {hit.page.title}".casefold() for word in words)]
    found = [hit for hit in found if any(word in hit.text.casefold() for word in words)]
    return sorted(found, key=lambda hit: not hit.is_heading)


def _places(page: Page) -> Iterator[Hit]:
    for index, block in enumerate(parse(fill(page.text))):
        for text in _texts(block):
            yield Hit(page, index, text, isinstance(block, Heading))


def _texts(block: Block) -> Iterator[str]:
    if isinstance(block, Code):
        yield from filter(None, block.lines)
    elif isinstance(block, Table):
        yield from ("  ".join(map(plain_text, row)) for row in block.rows)
    else:
        yield plain_text(block.spans)
