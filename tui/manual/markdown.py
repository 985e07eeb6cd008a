"""Reads the Markdown of the manual into blocks of plain text. Imported only when a page is shown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from markdown_it import MarkdownIt
from markdown_it.token import Token

SpanKind = Literal["normal", "strong", "code", "link"]


@dataclass(frozen=True)
class Span:
    """A piece of text of one kind.

    Args:
        text: The text.
        kind: The kind.
        target: Where a link leads: the name of a page, or an address.
    """

    text: str
    kind: SpanKind = "normal"
    target: str = ""


Spans = tuple[Span, ...]


@dataclass(frozen=True)
class Heading:
    """A heading; level 1 is the title of the page."""

    level: int
    spans: Spans


@dataclass(frozen=True)
class Paragraph:
    """A paragraph."""

    spans: Spans


@dataclass(frozen=True)
class Item:
    """An item of a list.

    Args:
        marker: The bullet or the number.
        spans: The text.
        last: True for the last item of its list.
    """

    marker: str
    spans: Spans
    last: bool = False


@dataclass(frozen=True)
class Code:
    """Lines of code."""

    lines: tuple[str, ...]


@dataclass(frozen=True)
class Table:
    """A table."""

    header: tuple[Spans, ...]
    rows: tuple[tuple[Spans, ...], ...]


Block = Heading | Paragraph | Item | Code | Table


def parse(text: str) -> tuple[Block, ...]:
    """Return the blocks of a page, without pictures and comments."""
    return tuple(_blocks(MarkdownIt("commonmark").enable("table").parse(text)))


def plain_text(spans: Spans) -> str:
    """Return the text of spans."""
    return "".join(span.text for span in spans)


def _blocks(tokens: Sequence[Token]) -> Iterator[Block]:
    position, markers = 0, _Markers()
    while position < len(tokens):
        token = tokens[position]
        markers.read(token)
        if token.type == "table_open":
            end = next(index for index in range(position, len(tokens)) if tokens[index].type == "table_close")
            yield _table(tokens[position:end])
            position = end
        elif token.type == "fence":
            yield Code(tuple(token.content.rstrip("\n").split("\n")))
        elif token.type == "inline":
            spans = tuple(_spans(token.children or ()))
            opening = tokens[position - 1]
            if opening.type == "heading_open":
                yield Heading(int(opening.tag[1:]), spans)
            elif spans and markers.marker:
                yield Item(markers.marker, spans, markers.is_last(tokens, position))
            elif spans:
                yield Paragraph(spans)
        position += 1


class _Markers:
    """The bullet or number of the current item; the manual has no lists within lists."""

    def __init__(self) -> None:
        self.marker = ""
        self._next_number = 0

    def read(self, token: Token) -> None:
        if token.type == "ordered_list_open":
            self._next_number = 1
        elif token.type == "bullet_list_open":
            self._next_number = 0
        elif token.type == "list_item_open":
            self.marker = f"{self._next_number}." if self._next_number else "•"
            self._next_number += bool(self._next_number)
        elif token.type == "list_item_close":
            self.marker = ""

    @staticmethod
    def is_last(tokens: Sequence[Token], position: int) -> bool:
        closing = (each.type for each in tokens[position:] if each.type.endswith(("list_close", "list_item_open")))
        return next(closing, "").endswith("list_close")


def _table(tokens: Sequence[Token]) -> Table:
    rows: list[list[Spans]] = []
    for token in tokens:
        if token.type == "tr_open":
            rows.append([])
        elif token.type == "inline":
            rows[-1].append(tuple(_spans(token.children or ())))
    header, *body = map(tuple, rows)
    return Table(header, tuple(body))


def _spans(tokens: Sequence[Token]) -> Iterator[Span]:
    """Yield the spans of a text. A link around code, which names a key, is code."""
    strong, target = False, ""
    for token in tokens:
        if token.type in ("strong_open", "strong_close"):
            strong = token.type == "strong_open"
        elif token.type == "link_open":
            target = _target(str(token.attrs["href"]))
        elif token.type == "link_close":
            target = ""
        elif token.type == "code_inline":
            yield Span(token.content, "code")
        elif token.type in ("softbreak", "hardbreak"):
            yield Span(" ", "strong" if strong else "normal")
        elif token.type == "text" and token.content:
            yield Span(token.content, "link" if target else "strong" if strong else "normal", target)


def _target(address: str) -> str:
    """Return the name of the page that a link leads to, or the address if it leads out of the manual."""
    return address.partition("#")[0].removesuffix(".md") if ":" not in address else address
