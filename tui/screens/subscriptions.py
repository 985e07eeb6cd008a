"""The place Subscriptions: who is sent what changes in the practice, and whether that works."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual import on

from core.model.subscription import ApiSubscription, FhirSubscription, SubscriptionPage
from tui.flows.subscription_changes import delete_subscriptions, end_subscriptions, resume_subscription
from tui.modals.notice import Notice
from tui.platform.workers import flow
from tui.screens.selectable_listing import SelectableListing
from tui.widgets.row_list import RowList
from tui.widgets.selectable_list import SelectableList
from tui.widgets.subscription_rows import COLUMNS, details_lines, rows_of, title_of
from tui.widgets.text_lines import TextLines
from tui.widgets.tones import safe_line

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Sequence
    from typing import Any

    from textual.app import ComposeResult
    from textual.types import CSSPathType

    from tui.session import Session
    from tui.widgets.tones import Line

_NONE = "No subscriptions. Developers create them through the API; you can't add any here."
_FHIR_ENDS_THERE = "A FHIR subscription can't be changed here; only its developer can end it, over FHIR."


class SubscriptionsScreen(SelectableListing):
    """Shows the subscriptions of developers, and ends, resumes and deletes those that were made over the API.

    Args:
        session: The open office and its user.
    """

    CSS_PATH: ClassVar[CSSPathType] = ["listing.tcss", "subscriptions.tcss"]
    MANUAL = "subscriptions"
    PLACE = "place-subscriptions"
    LIST_TITLE = "Subscriptions"
    KEYS: ClassVar[tuple[str, ...]] = (
        "leave-selection",
        "open-subscription",
        "end-subscription",
        "select-row",
        "undo-last",
        "help",
        "resume-subscription",
        "delete-subscription",
        "reload",
        "offices",
        "quit",
        "next-field",
    )

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._page: SubscriptionPage | None = None

    def compose_list(self) -> ComposeResult:
        """Compose the list, with what could not be read below it."""
        yield SelectableList(*COLUMNS, empty="Reading…", id="subscriptions")
        remarks = TextLines(id="remarks", can_focus=False)
        remarks.display = False
        yield remarks

    @property
    def chosen(self) -> ApiSubscription | FhirSubscription | None:
        """The subscription under the cursor."""
        row = self.rows.row
        return self._find(str(row.identity)) if row is not None else None

    async def read(self) -> None:
        """Read the subscriptions and show them."""
        self._show(await self.call_service(self.open_session.office.subscriptions.load, group="read"))

    def _show(self, page: SubscriptionPage) -> None:
        self._page = page
        rows = rows_of(page)
        self.rows.set_empty_text(_NONE if not page.unknown else "No subscriptions are known.")
        self.rows.keep_selected([row.identity for row in rows])
        self.rows.show(rows)
        remarks = self.query_one("#remarks", TextLines)
        sentences = (*page.unknown, *page.remarks)
        remarks.display = bool(sentences)
        remarks.show([safe_line((each, "warning")) for each in sentences])
        remarks.styles.height = min(6, sum(len(safe_line((each, "normal")).wrapped(44)) for each in sentences) or 1)
        self._show_title()
        self.show_details()

    @on(SelectableList.SelectionChanged)
    def _show_title(self) -> None:
        page = self._page
        if page is None:
            return
        active = sum(not each.ended for each in page.subscriptions)
        fhir = f" · {len(page.fhir)} FHIR" if page.fhir else ""
        alerts = sum(bool(each.alerts) for each in page.subscriptions) + sum(bool(each.alerts) for each in page.fhir)
        counts = self.rows.selection.counts or f"{len(page.subscriptions)} · {active} active{fhir}"
        alert = f"! {alerts}" if alerts else ""
        self.list_panel.show_title(self.LIST_TITLE, counts, alert)

    def details(self) -> tuple[str, Sequence[Line]] | None:
        """Return the title and the details of the subscription under the cursor."""
        chosen, page = self.chosen, self._page
        return None if chosen is None or page is None else (title_of(chosen), details_lines(chosen, page.now))

    def _find(self, identity: str) -> ApiSubscription | FhirSubscription | None:
        page = self._page or SubscriptionPage()
        kind, _, number = identity.partition(" ")
        found: Sequence[ApiSubscription | FhirSubscription] = page.subscriptions if kind == "api" else page.fhir
        return next((each for each in found if str(each.number) == number), None)

    # -- keys ----------------------------------------------------------------

    @on(RowList.Chosen)
    def _open_chosen(self, event: RowList.Chosen) -> None:
        event.stop()
        self.action_open_subscription()

    def action_open_subscription(self) -> None:
        """Show all about the subscription under the cursor, however narrow the terminal is."""
        chosen = self.chosen
        if chosen is None or self._page is None:
            return
        lines = ["".join(text for text, _ in line.spans) for line in details_lines(chosen, self._page.now)]
        self.open_screen(Notice(title_of(chosen), lines))

    @flow
    async def action_end(self) -> None:
        """End the subscription under the cursor, or all selected ones."""
        await self._change(lambda chosen: end_subscriptions(self, self.open_session, chosen))

    @flow
    async def action_delete(self) -> None:
        """Delete the subscription under the cursor, or all selected ones."""
        await self._change(lambda chosen: delete_subscriptions(self, self.open_session, chosen))

    @flow
    async def action_resume(self) -> None:
        """Let the subscription under the cursor go on."""
        self.rows.deselect()
        await self._change(lambda chosen: resume_subscription(self, self.open_session, chosen[0]))

    async def _change(self, change: Callable[[Sequence[ApiSubscription]], Coroutine[Any, Any, bool]]) -> None:
        selected = [self._find(str(identity)) for identity in self.rows.selection.shown] or [self.chosen]
        possible = [each for each in selected if isinstance(each, ApiSubscription)]
        if not possible:
            self.show_status(_FHIR_ENDS_THERE if any(selected) else "No subscription is under the cursor.")
            return
        if await self.attempt(change(possible)):
            self.rows.deselect()
            self.reload()
