"""The place Review: what needs a decision, the worst first."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.widgets import Input

from core.filtering.terms import FilterError
from core.review.finding_filter import FindingFilter, completions, parse_finding_filter
from core.review.severity import Severity, severity, worst_first
from tui.bindings import key as key_named
from tui.flows.review_reading import read_findings
from tui.key_names import display
from tui.modals.notice import Notice
from tui.platform.workers import flow
from tui.screens.review_listing import ReviewListing
from tui.widgets.filter_input import FilterInput
from tui.widgets.finding_rows import COLUMNS, finding_lines, finding_row, finding_title
from tui.widgets.row_list import RowList
from tui.widgets.text_lines import TextLines
from tui.widgets.tones import safe_line

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from textual.app import ComposeResult
    from textual.types import CSSPathType

    from core.model.api_key import ApiKey
    from core.model.review import Finding, Review
    from core.model.review_page import FoundPage
    from tui.session import Session
    from tui.widgets.tones import Line

_EXAMPLE = "severity:high rule:no-owner; Tab completes"
_NONE = "Nothing needs a decision. Press a to start a review."
_NO_MATCH = "Nothing matches. Press Esc to show all."


@dataclass(frozen=True)
class _Order:
    """An order of the findings, and the index of the column that it sorts by."""

    column: int
    value: Callable[[Finding, FoundPage], str]


_ORDERS = (
    _Order(0, lambda _finding, _page: ""),
    _Order(1, lambda finding, page: finding_title(finding, page).casefold() if finding.fingerprint else ""),
    _Order(3, lambda finding, _page: finding.rule.value),
)
"""The orders. The first one, the worst first, is that of a list that was just opened."""


class ReviewScreen(ReviewListing):
    """Lists what needs a decision, with its reason and what to do, and opens the review.

    Args:
        session: The open office and its user.
    """

    CSS_PATH: ClassVar[CSSPathType] = ["listing.tcss", "review.tcss"]
    MANUAL = "review"
    PLACE = "place-review"
    LIST_TITLE = "To decide"
    NO_KEY = "This line isn't about a key."
    KEYS: ClassVar[tuple[str, ...]] = (
        "leave-filter",
        "edit-key",
        "notes",
        "disable-here",
        "open-review",
        "start-review",
        "filter",
        "undo-last",
        "help",
        "sort",
        "why",
        "reload",
        "offices",
        "quit",
        "next-field",
    )

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._page: FoundPage | None = None
        self._filter = FindingFilter()
        self._order = _ORDERS[0]
        self._shown: dict[object, Finding] = {}

    def compose_list(self) -> ComposeResult:
        """Compose the filter, the list, and what could not be read below it."""
        hidden = FilterInput(id="filter", placeholder=_EXAMPLE)
        hidden.display = False
        yield hidden
        yield RowList(*COLUMNS, empty="Reading…", id="findings")
        remarks = TextLines(id="remarks", can_focus=False)
        remarks.display = False
        yield remarks

    def on_mount(self) -> None:
        """Complete the words of the filter."""
        self.filter.completions = self._completions

    @property
    def filter(self) -> FilterInput:
        """The text field of the filter."""
        return self.query_one("#filter", FilterInput)

    def _completions(self, text: str) -> tuple[str, ...]:
        return completions(text, self._page.keys.values() if self._page is not None else ())

    @property
    def finding(self) -> Finding | None:
        """The finding under the cursor."""
        row = self.rows.row
        return self._shown.get(row.identity) if row is not None else None

    @property
    def key_under_cursor(self) -> ApiKey | None:
        """The key that the finding under the cursor is about."""
        finding = self.finding
        return self._page.keys.get(finding.fingerprint) if finding is not None and self._page is not None else None

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer the review that there is, and to start one only while none is under way."""
        page = self._page
        if action == "open_review":
            return page is not None and (page.running is not None or page.last is not None)
        if action == "start_review" and (page is None or page.running is not None):
            return False
        return super().check_action(action, parameters)

    # -- reading -------------------------------------------------------------

    async def read(self) -> None:
        """Read what needs a decision and show it."""
        self._show(await self.call_service(partial(read_findings, self.open_session), group="review"))

    def _show(self, page: FoundPage) -> None:
        self._page = page
        self._parse_filter()
        self._show_rows()
        remarks = self.query_one("#remarks", TextLines)
        remarks.display = bool(page.findings.unknown)
        lines = [safe_line((each, "warning")) for each in page.findings.unknown]
        remarks.show(lines)
        remarks.styles.height = min(6, sum(len(line.wrapped(44)) for line in lines) or 1)
        self.refresh_bindings()

    def _show_rows(self) -> None:
        page = self._page
        if page is None:
            return
        order, matching = self._order, [each for each in page.findings.findings if self._filter.matches(each)]
        numbers = {id(finding): number for number, finding in enumerate(page.findings.findings)}
        found = sorted(worst_first(matching), key=lambda each: order.value(each, page))
        rows = [finding_row(each, numbers[id(each)], page) for each in found]
        self._shown = {row.identity: each for row, each in zip(rows, found, strict=True)}
        self.rows.set_empty_text(_NO_MATCH if page.findings.findings else self.with_own_names(_NONE))
        self.rows.show(rows)
        self.rows.show_order(order.column)
        self._show_title(found)
        self.show_details()

    def _show_title(self, shown: Sequence[Finding]) -> None:
        page = self._page
        if page is None:
            return
        due = [each for each in shown if each.is_due]
        later = len(shown) - len(due)
        high = sum(severity(each.rule) is Severity.HIGH for each in due)
        total = len(page.findings.findings)
        count = str(len(due)) if len(shown) == total else f"{len(shown)} of {total}"
        keys = len({each.fingerprint for each in due if each.fingerprint})
        about = f" · {keys} {'key' if keys == 1 else 'keys'}" if keys else ""
        accepted = f" · {later} accepted" if later else ""
        self.list_panel.show_title(self.LIST_TITLE, f"{count}{about}{accepted}", f"✕ {high} high" if high else "")
        running = page.running
        progress = ""
        if running is not None:
            review = running.review
            progress = f"{review.name}: {running.decided} of {len(review.items) + len(running.added)} decided"
            progress += f"   {display(key_named('open-review'))} continue"
        self.list_panel.show_subtitle(progress, "$caution")

    def details(self) -> tuple[str, Sequence[Line]] | None:
        """Return the title and the details of the finding under the cursor."""
        finding, page = self.finding, self._page
        if finding is None or page is None:
            return None
        here = (*(id_ for id_ in self.KEYS if self.is_available(key_named(id_))), *self.terminal_app.places)
        return finding_title(finding, page), finding_lines(finding, page, frozenset(here))

    def open_other_row(self) -> None:
        """Show all about a finding that isn't about a key."""
        found = self.details()
        if found is not None:
            title, lines = found
            self.open_screen(Notice(title, [line.text for line in lines]))

    # -- filter and order ------------------------------------------------------

    def action_filter(self) -> None:
        """Open the filter."""
        self.show_status("")
        self.filter.display = True
        self.filter.begin_word()
        # At once, so keys that are typed next go to the filter.
        self.set_focus(self.filter)

    def action_end_filter(self) -> None:
        """End the filter, or else go back."""
        if not self.filter.display:
            self.dismiss(None)
            return
        with self.prevent(Input.Changed):
            self.filter.value = ""
        self.filter.display = False
        self._filter = FindingFilter()
        self._show_rows()
        self.rows.focus()

    @on(Input.Changed, "#filter")
    def _apply_filter(self, event: Input.Changed) -> None:
        event.stop()
        self.show_status("")
        self._parse_filter()
        self._show_rows()

    @on(Input.Submitted, "#filter")
    def _focus_list(self, event: Input.Submitted) -> None:
        event.stop()
        error = self._parse_filter()
        if error is None:
            self.rows.focus()
            return
        self.filter.select_range(error.start, error.end)
        # Said without show_problem(), which logs the error: the text may contain an API key.
        self.show_status(str(error), "problem")

    @on(FilterInput.Choices)
    def _show_completions(self, event: FilterInput.Choices) -> None:
        event.stop()
        self.show_status("  ".join(event.words) if event.words else "No completions.")

    def _parse_filter(self) -> FilterError | None:
        """Parse the text of the filter; return the error, and list by what was valid before if there is one."""
        try:
            self._filter = parse_finding_filter(self.filter.value, self._page.keys if self._page is not None else {})
        except FilterError as error:
            return error
        return None

    def action_sort(self) -> None:
        """Sort by the next column."""
        self._order = _ORDERS[(_ORDERS.index(self._order) + 1) % len(_ORDERS)]
        self._show_rows()
        self.show_status(f"Sorted by {COLUMNS[self._order.column].title.lower()}.")

    # -- changing ------------------------------------------------------------

    @flow
    async def action_disable(self) -> None:
        """Disable the key under the cursor."""
        from tui.flows.status_change import disable_key

        key = self.needed_key()
        if key is not None and await self.attempt(disable_key(self, self.open_session, key)):
            self.reload()

    @flow
    async def action_start_review(self) -> None:
        """Start a review of all keys, and open it."""
        from tui.flows.review_changes import start_review

        page = self._page
        if page is None:
            return
        reviews = await self.call_service(self.open_session.office.review.reviews, group="review")
        taken = frozenset(each.name.casefold() for each in reviews)
        begun = await start_review(self, self.open_session, page.findings, taken, self.reload)
        if begun is not None:
            self._open(begun)

    def action_open_review(self) -> None:
        """Continue the review that is under way, or show the one that ended last."""
        page = self._page
        if page is None:
            return
        review = page.running.review if page.running is not None else page.last
        if review is not None:
            self._open(review)

    def _open(self, review: Review) -> None:
        from tui.screens.key_review import KeyReviewScreen

        self.open_screen(KeyReviewScreen(self.open_session, review), lambda _result: self.reload())
