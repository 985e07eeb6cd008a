"""The screen of a review: its keys, and what is decided about each."""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual import on

from core.base.errors import AlreadyApplied, ApiSetupError, EditConflict, OperationNotAllowed, OutcomeUnknown
from tui.flows.conflict import conflict_lines
from tui.flows.review_decisions import Deciding
from tui.flows.review_reading import read_review
from tui.modals.notice import Notice
from tui.platform.workers import flow
from tui.screens.review_listing import ReviewListing
from tui.screens.selectable_listing import SelectableListing
from tui.widgets.review_rows import COLUMNS, is_open, item_lines, item_row, listed_items
from tui.widgets.selectable_list import SelectableList

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from textual.app import ComposeResult
    from textual.types import CSSPathType

    from core.model.api_key import ApiKey
    from core.model.review import Review, ReviewItem
    from core.model.review_page import ReviewPage
    from tui.key_definition import Key
    from tui.session import Session
    from tui.widgets.tones import Line

_DECIDES = frozenset({"keep", "ask_vendor", "remark", "end_review", "select"})


# In this order, since Textual's style sheets see the first base class only.
class KeyReviewScreen(ReviewListing, SelectableListing):
    """Lists the keys of a review and takes the decisions about them.

    Args:
        session: The open office and its user.
        review: The review as it was read.
    """

    CSS_PATH: ClassVar[CSSPathType] = ["listing.tcss", "review.tcss"]
    MANUAL = "review"
    LIST_TITLE = "Review"
    NO_KEY = "This key is no longer in the list, so it needs no decision."
    KEYS: ClassVar[tuple[str, ...]] = (
        "leave-review",
        "keep-key",
        "disable-here",
        "ask-vendor",
        "select-key",
        "end-review",
        "notes",
        "edit-key",
        "write-evidence",
        "remark",
        "undo-last",
        "help",
        "why",
        "reload",
        "quit",
        "next-field",
    )

    def __init__(self, session: Session, review: Review) -> None:
        super().__init__(session)
        self._review = review
        self._page: ReviewPage | None = None

    def compose_list(self) -> ComposeResult:
        """Compose the list."""
        yield SelectableList(*COLUMNS, empty="Reading…", id="keys")

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Allow decisions only while the review is under way."""
        if action in _DECIDES and (self._page is None or not self._review.is_under_way):
            return False
        return super().check_action(action, parameters)

    @property
    def item(self) -> ReviewItem | None:
        """The key under the cursor with its decision."""
        row, page = self.rows.row, self._page
        if row is None or page is None:
            return None
        return next((each for each in listed_items(page.progress) if each.fingerprint == row.identity), None)

    @property
    def key_under_cursor(self) -> ApiKey | None:
        """The key under the cursor; None if it is gone."""
        item = self.item
        key = self._page.keys.get(item.fingerprint) if item is not None and self._page is not None else None
        return None if key is None or key.gone else key

    # -- reading -------------------------------------------------------------

    async def read(self) -> None:
        """Read the review and show it."""
        page = await self.call_service(partial(read_review, self.open_session, self._review), group="review")
        items = listed_items(page.progress)
        first_open = next((each.fingerprint for each in items if is_open(each, page.progress)), None)
        self._show(page, first_open if self._page is None else None)

    def _show(self, page: ReviewPage, keep: str | None = None) -> None:
        """Show the review.

        Args:
            page: The review.
            keep: The fingerprint of the key that the cursor goes to; None for the one that it is on.
        """
        self._page, self._review = page, page.progress.review
        items = listed_items(page.progress)
        self.rows.keep_selected(page.keys.keys() if self._review.is_under_way else ())
        self.rows.show((item_row(each, page) for each in items), keep=keep)
        self._show_title()
        self.show_details()
        self.refresh_bindings()

    def is_useful(self, key: Key) -> bool:
        """Offer to disable the selected keys, whatever the row under the cursor allows."""
        if key.action == "disable" and self.is_attached and self.rows.selection.counts:
            return True
        return super().is_useful(key)

    @on(SelectableList.SelectionChanged)
    def _follow_selection(self) -> None:
        self._show_title()
        self.show_keys()

    def _show_title(self) -> None:
        page = self._page
        if page is None:
            return
        review, left = page.progress.review, len(page.progress.open)
        decided = f"{page.progress.decided} of {len(review.items) + len(page.progress.added)} decided"
        numbers = self.rows.selection.counts or decided
        alert = f"{left} open" if left and review.is_under_way else ""
        self.list_panel.show_title(f"{self.LIST_TITLE} {review.name}", numbers, alert, alert_style="$caution")
        period = f"{review.since} to {review.until}"
        ended = f" · ended {review.ended_at:%Y-%m-%d} by {review.ended_by}" if review.ended_at is not None else ""
        self.list_panel.show_subtitle(f"{period}{ended}")

    def details(self) -> tuple[str, Sequence[Line]] | None:
        """Return the developer and the details of the key under the cursor."""
        item, page = self.item, self._page
        if item is None or page is None:
            return None
        return item.snapshot.developer or item.snapshot.masked, item_lines(item, page)

    def open_other_row(self) -> None:
        """Show all that the review knows of a key that is gone."""
        found = self.details()
        if found is not None:
            title, lines = found
            self.open_screen(Notice(title, [line.text for line in lines]))

    # -- keys ----------------------------------------------------------------

    def action_select(self) -> None:
        """Select the key under the cursor, or deselect it."""
        if self.needed_key() is not None:
            super().action_select()

    @flow
    async def action_keep(self) -> None:
        """Keep the key under the cursor, or all selected ones, until a date."""
        await self._decide(Deciding.keep, self._chosen_keys)

    @flow
    async def action_disable(self) -> None:
        """Disable the key under the cursor, or all selected ones: a decision while the review is under way."""
        if self._review.is_under_way:
            await self._decide(Deciding.disable, self._chosen_keys)
            return
        from tui.flows.status_change import disable_key

        key = self.needed_key()
        if key is not None and await self.attempt(disable_key(self, self.open_session, key)):
            await self.read()

    @flow
    async def action_ask_vendor(self) -> None:
        """Decide to ask the vendor of the key under the cursor, or of all selected ones."""
        await self._decide(Deciding.ask_vendor, self._chosen_keys)

    @flow
    async def action_remark(self) -> None:
        """Change the note on the decision about the key under the cursor."""
        key = self.needed_key()
        await self._decide(Deciding.change_remark, [key] if key is not None else [], goes_on=False)

    @property
    def _chosen_keys(self) -> list[ApiKey]:
        """The selected keys, or else the one under the cursor; none after saying why."""
        selected, page = self.rows.selection.shown, self._page
        if selected and page is not None:
            return [page.keys[str(each)] for each in selected]
        key = self.needed_key()
        return [key] if key is not None else []

    async def _decide(
        self, decide: Callable[[Deciding], Awaitable[None]], keys: Sequence[ApiKey], *, goes_on: bool = True
    ) -> None:
        """Have keys decided, show the result, and go to the next open key."""
        page = self._page
        if not keys or page is None:
            return
        deciding = Deciding(self, self.open_session, page, keys)
        try:
            await decide(deciding)
        except EditConflict as error:
            await self.read()
            self.show_outcome(Notice("Changed by another program", conflict_lines(error)))
            return
        except (OperationNotAllowed, AlreadyApplied, OutcomeUnknown):
            # Another program may have ended the review, or something may have been changed.
            with suppress(ApiSetupError):
                await self.read()
            raise
        for result in deciding.results:
            page = page.after(result)
        if deciding.is_stale:
            await self.read()
            page = self._page or page
        if deciding.results:
            self.rows.deselect({result.key.fingerprint for result in deciding.results})
            self._show(page, self._next_open(keys[-1], page) if goes_on else None)

    def _next_open(self, key: ApiKey, page: ReviewPage) -> str | None:
        """Return the fingerprint of the first open key after another one, or else of the first open key."""
        items = listed_items(page.progress)
        place = next((number for number, each in enumerate(items) if each.fingerprint == key.fingerprint), 0)
        after = (*items[place + 1 :], *items[:place])
        return next((each.fingerprint for each in after if is_open(each, page.progress)), None)

    @flow
    async def action_end_review(self) -> None:
        """End the review, and offer to write its evidence."""
        from tui.flows.review_changes import end_review

        page = self._page
        if page is None:
            return
        try:
            if not await end_review(self, self.open_session, page.progress):
                return
        except OperationNotAllowed:
            # Another program ended it, or decided about a key.
            await self.read()
            raise
        await self.read()
        await self._write_evidence()

    @flow
    async def action_write_evidence(self) -> None:
        """Write the evidence of the review to a folder."""
        await self._write_evidence()

    async def _write_evidence(self) -> None:
        from tui.flows.review_evidence import write_review_evidence

        if self._page is not None:
            await write_review_evidence(self, self.open_session, self._review, self._page.now)
