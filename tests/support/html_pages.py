"""Checks of a page that has to be harmless and complete by itself."""

from __future__ import annotations

import re
from html.parser import HTMLParser

_VOID = {"meta", "col", "br"}
_ALLOWED = {
    *("html", "head", "meta", "title", "style", "body", "h1", "h2", "h3", "p", "ul", "li", "table", "caption"),
    *("colgroup", "col", "thead", "tbody", "tr", "th", "td", "bdi", "span", "strong", "code", "br"),
    *("svg", "rect", "line"),
}
_ATTRIBUTES = {
    *("lang", "charset", "http-equiv", "name", "content", "class", "style", "viewbox", "width", "height", "role"),
    *("aria-label", "aria-hidden", "x", "y", "x1", "y1", "x2", "y2", "fill", "stroke"),
}


class HtmlPage(HTMLParser):
    """A page whose tags are balanced, and that has no script, no link and no reference to another file.

    Args:
        text: The page. An AssertionError says what is wrong with it.

    Attributes:
        text: What a reader sees, without its layout.
    """

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.text = ""
        self._open: list[str] = []
        assert text.startswith("<!DOCTYPE html>\n")
        self.feed(text)
        self.close()
        assert self._open == []
        assert not re.search(r"url\(|@import", text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Check a tag that is opened."""
        self.handle_startendtag(tag, attrs)
        if tag not in _VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Check a tag."""
        assert tag in _ALLOWED, tag
        assert {name for name, _ in attrs} <= _ATTRIBUTES, attrs
        assert all(re.fullmatch(r"width:[0-9]+%", value or "") for name, value in attrs if name == "style")

    def handle_endtag(self, tag: str) -> None:
        """Check that it ends what was opened last."""
        assert self._open.pop() == tag, tag

    def handle_data(self, data: str) -> None:
        """Add to the text."""
        if not self._open or self._open[-1] != "style":
            self.text += re.sub(r"\s+", " ", data)
