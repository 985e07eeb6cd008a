"""The manual: one page at a time, with links and a search."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from textual.containers import Horizontal

from tui.manual.blocks import fill
from tui.manual.markdown import Block, parse
from tui.manual.page_view import PageView
from tui.manual.pages import INDEX, PAGES, TOPICS, page
from tui.platform.base_screen import BaseScreen
from tui.widgets.panel import Panel
from tui.widgets.text_lines import TextLines
from tui.widgets.tones import Line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.app import ComposeResult


@dataclass(frozen=True)
class _Visit:
    """A page that was shown, and its first line in view."""

    topic: str
    top: int


class ManualScreen(BaseScreen[None]):
    """Shows pages of the manual. Esc goes back to the page before, and from the first one to the screen below.

    Args:
        topic: The page to begin with.
    """

    CSS_PATH = "manual.tcss"
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-wide")]  # noqa: RUF012 - declared so by Textual
    MANUAL = "keyboard"
    SHOWS_PLACES = True
    KEYS: ClassVar[tuple[str, ...]] = (
        "back",
        "search-manual",
        "next-link",
        "follow-link",
        "contents",
        "next-page",
        "previous-page",
        "page-down",
        "page-up",
        "previous-link",
        "help",
        "quit",
    )

    def __init__(self, topic: str) -> None:
        super().__init__()
        self._topic = topic
        self._visits: list[_Visit] = []

    def compose_body(self) -> ComposeResult:
        """Compose the list of pages, and the page."""
        with Horizontal():
            with Panel(id="contents"):
                yield TextLines(can_focus=False, wrap=False)
            with Panel(id="page"):
                yield PageView()

    def on_mount(self) -> None:
        """Show the first page. It's laid out when its width is known."""
        self.query_one("#contents", Panel).show_title("Contents")
        self._show(self._topic)
        self.query_one(PageView).focus()

    def _show(self, topic: str, *, block: int = 0, words: Sequence[str] = (), top: int = 0) -> None:
        self._topic = topic
        number = TOPICS.index(topic)
        self.query_one("#page", Panel).show_title(page(topic).title, f"{number + 1} of {len(TOPICS)}")
        self.query_one("#contents TextLines", TextLines).show([_contents_line(each.topic, topic) for each in PAGES])
        self.query_one(PageView).show_page(_blocks(page(topic).text), block=block, words=words, top=top)

    def _go_to(self, topic: str, *, block: int = 0, words: Sequence[str] = ()) -> None:
        self._visits.append(_Visit(self._topic, self.query_one(PageView).top))
        self._show(topic, block=block, words=words)

    # -- keys ------------------------------------------------------------------

    def action_back(self) -> None:
        """Return to the page before, or close the manual."""
        if not self._visits:
            self.dismiss(None)
            return
        visit = self._visits.pop()
        self._show(visit.topic, top=visit.top)

    def action_next_link(self) -> None:
        """Select the next link."""
        self._select_link(1)

    def action_previous_link(self) -> None:
        """Select the previous link."""
        self._select_link(-1)

    def _select_link(self, by: int) -> None:
        if not self.query_one(PageView).select_link(by):
            self.show_status("This page has no links.")

    def action_follow_link(self) -> None:
        """Open the page that the selected link leads to."""
        target = self.query_one(PageView).target
        if target in TOPICS:
            self._go_to(target)
        elif target is None:
            self.show_status("No link is selected. Press Tab to select one.")
        else:
            self.show_status(f"Outside the manual: {target}")

    def action_contents(self) -> None:
        """Open the page that lists all others."""
        if self._topic != INDEX:
            self._go_to(INDEX)

    def action_next_page(self) -> None:
        """Open the page after this one."""
        self._go_to(TOPICS[(TOPICS.index(self._topic) + 1) % len(TOPICS)])

    def action_previous_page(self) -> None:
        """Open the page before this one."""
        self._go_to(TOPICS[TOPICS.index(self._topic) - 1])

    def action_search(self) -> None:
        """Search all pages, and open the chosen place."""
        from tui.modals.manual_search import ManualSearch

        dialog = ManualSearch()

        def open_hit(chosen: int | None) -> None:
            if chosen is not None:
                hit = dialog.hits[chosen]
                self._go_to(hit.page.topic, block=hit.block, words=dialog.words)

        self.open_screen(dialog, open_hit)


def _blocks(text: str) -> tuple[Block, ...]:
    return parse(fill(text))


def _contents_line(topic: str, current: str) -> Line:
    if topic == current:
        return Line((("▌ ", "accent"), (page(topic).title, "strong")))
    return Line((("  ", "normal"), (page(topic).title, "normal")))
