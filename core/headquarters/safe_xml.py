"""Parsing of untrusted XML: without DTDs, entities or external references, and within limits."""

from __future__ import annotations

from xml.etree.ElementTree import Element, TreeBuilder

MAX_DEPTH = 50
"""The deepest nesting of elements that is parsed."""
MAX_ELEMENTS = 500_000
"""The largest number of elements that is parsed."""


class UnusableXml(ValueError):
    """The content can't be parsed. The message never quotes the content."""


class HostileXml(UnusableXml):
    """The content has a DTD, too many elements or too deep nesting. Repeating the request won't help."""


def parse_xml(content: bytes | str) -> Element:
    """Parse a document and return its root element.

    Raises:
        HostileXml: The document has a DTD or exceeds a limit, which can be an attack.
        UnusableXml: The document isn't well-formed.
    """
    # Imported on first use, because most runs never contact headquarters.
    from defusedxml import DefusedXmlException
    from defusedxml.ElementTree import ParseError, XMLParser

    parser = XMLParser(target=_LimitedBuilder(), forbid_dtd=True)
    try:
        parser.feed(content)
        root = parser.close()
    except DefusedXmlException as error:
        raise HostileXml("it contains its own definitions (DTD), which can be an attack") from error
    except UnusableXml:
        raise
    except (ParseError, ValueError, LookupError) as error:
        raise UnusableXml("it isn't a complete XML document") from error
    if not isinstance(root, Element):
        raise UnusableXml("it isn't a complete XML document")
    return root


def local_name(element: Element) -> str:
    """Return the name of an element without its namespace."""
    return str(element.tag).rpartition("}")[2]


def find_first(element: Element, name: str) -> Element | None:
    """Return the first element with a local name in document order, starting with the given element itself."""
    return next((each for each in element.iter() if local_name(each) == name), None)


def child_text(element: Element, name: str) -> str | None:
    """Return the `full_text` of the first child with a local name; None if there is no such child."""
    child = next((each for each in element if local_name(each) == name), None)
    return None if child is None else full_text(child)


def full_text(element: Element) -> str:
    """Return all text of an element and its descendants, with each run of whitespace replaced by one space."""
    return " ".join("".join(element.itertext()).split())


class _LimitedBuilder(TreeBuilder):
    """Builds a tree of limited size and depth, so that a hostile document can't exhaust the memory."""

    def __init__(self) -> None:
        super().__init__()
        self._depth = 0
        self._elements = 0

    def start(self, tag: str, attrs: dict[str, str], /) -> Element:
        self._depth += 1
        self._elements += 1
        if self._depth > MAX_DEPTH or self._elements > MAX_ELEMENTS:
            raise HostileXml("it has too many or too deeply nested elements")
        return super().start(tag, attrs)

    def end(self, tag: str, /) -> Element:
        self._depth -= 1
        return super().end(tag)
