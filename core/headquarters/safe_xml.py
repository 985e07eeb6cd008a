"""XML that somebody else wrote: read without entities, definitions or references, and within limits."""

from __future__ import annotations

from xml.etree.ElementTree import Element, TreeBuilder

MAX_DEPTH = 50
MAX_ELEMENTS = 500_000


class UnusableXml(ValueError):
    """The text is no XML that is read here; its words are of the parser and quote nothing of the text."""


class HostileXml(UnusableXml):
    """The text defines something, or is larger or deeper than what is read here; it will be so the next time, too."""


def parsed(content: bytes | str) -> Element:
    """The root of a document, which may not bring definitions of its own.

    Raises:
        UnusableXml: It is not well-formed; `HostileXml` where it may be so on purpose.
    """
    from defusedxml import DefusedXmlException
    from defusedxml.ElementTree import ParseError, XMLParser

    parser = XMLParser(target=_LimitedBuilder(), forbid_dtd=True)
    try:
        parser.feed(content)
        root = parser.close()
    except DefusedXmlException as error:
        raise HostileXml("it brings definitions of its own, which can be an attack") from error
    except UnusableXml:
        raise
    except (ParseError, ValueError, LookupError) as error:
        raise UnusableXml("it is no complete XML document") from error
    if not isinstance(root, Element):
        raise UnusableXml("it is no complete XML document")
    return root


def local_name(element: Element) -> str:
    """The name of an element without its namespace."""
    return str(element.tag).rpartition("}")[2]


def first(element: Element, name: str) -> Element | None:
    """The first element of that local name, the given one or one below it."""
    return next((each for each in element.iter() if local_name(each) == name), None)


def child_text(element: Element, name: str) -> str | None:
    """The text of the first child of that local name, each run of blanks as one; None where there is no such child."""
    child = next((each for each in element if local_name(each) == name), None)
    return None if child is None else whole_text(child)


def whole_text(element: Element) -> str:
    """All text in an element and below it, each run of blanks as one."""
    return " ".join("".join(element.itertext()).split())


class _LimitedBuilder(TreeBuilder):
    """Builds a tree, and refuses one that would take much memory or nest without end."""

    def __init__(self) -> None:
        super().__init__()
        self._depth = 0
        self._elements = 0

    def start(self, tag: str, attrs: dict[str, str], /) -> Element:
        self._depth += 1
        self._elements += 1
        if self._depth > MAX_DEPTH or self._elements > MAX_ELEMENTS:
            raise HostileXml("it has more elements, or deeper ones, than any answer needs")
        return super().start(tag, attrs)

    def end(self, tag: str, /) -> Element:
        self._depth -= 1
        return super().end(tag)
