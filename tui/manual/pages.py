"""The pages of the manual: their order, titles and text."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

DIRECTORY = Path(__file__).parent

TOPICS = (
    "index",
    "connecting",
    "offices",
    "fleet",
    "api-setup",
    "keys",
    "why",
    "subscriptions",
    "payment-types",
    "audit-trail",
    "verification",
    "seals",
    "review",
    "reports",
    "commands",
    "recipes",
    "json",
    "configuration",
    "companion",
    "keyboard",
    "terminal",
    "what-is-written",
    "limits",
    "troubleshooting",
)
"""The names of the pages, in the order in which they are listed. Each is a file `NAME.md` beside this module."""

INDEX = TOPICS[0]


@dataclass(frozen=True)
class Page:
    """A page of the manual as it is stored: its lists have the default keys."""

    topic: str

    @property
    def path(self) -> Path:
        """The file."""
        return DIRECTORY / f"{self.topic}.md"

    @cached_property
    def text(self) -> str:
        """The Markdown text."""
        return self.path.read_text(encoding="utf-8")

    @property
    def title(self) -> str:
        """The heading of the page."""
        return self.text.partition("\n")[0].removeprefix("# ")

    @property
    def summary(self) -> str:
        """The first sentence."""
        return " ".join(self.text.split("\n\n")[1].split()).partition(". ")[0].rstrip(".") + "."


PAGES = tuple(Page(topic) for topic in TOPICS)
"""All pages. Their text is read when it is needed."""


def page(topic: str) -> Page:
    """Return the page with this name."""
    return PAGES[TOPICS.index(topic)]


def find_page(name: str) -> Page | None:
    """Return the page that a name or its beginning means, in any case; None if no page or several match.

    The title counts, too, and a blank is as good as a hyphen: `audit trail` finds `audit-trail`.
    """
    wanted = "-".join(name.casefold().split()).removesuffix(".md")
    if not wanted:
        return None
    for matches in (str.__eq__, str.startswith):
        found = [each for each in PAGES if any(matches(known, wanted) for known in _names(each))]
        if len(found) == 1:
            return found[0]
    return None


def _names(each: Page) -> tuple[str, str]:
    return each.topic, "-".join(each.title.casefold().split())
