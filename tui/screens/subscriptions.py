"""The place Subscriptions: who is sent what changes in the practice, and whether that works."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.containers import Horizontal

from core.base.errors import ApiSetupError, EditConflict
from core.model.subscription import ApiSubscription, FhirSubscription, SubscriptionPage
from tui.flows.conflict import conflict_lines
from tui.flows.subscription_changes import delete_subscriptions, end_subscriptions, resume_subscription
from tui.modals.notice import Notice
from tui.platform.workers import flow, latest
from tui.screens.practice_screen import PracticeScreen
from tui.widgets.details_panel import DetailsPanel
from tui.widgets.panel import Panel
from tui.widgets.row_list import RowList
from tui.widgets.selectable_list import SelectableList
from tui.widgets.subscription_rows import COLUMNS, details_lines, rows_of, title_of
from tui.widgets.text_lines import TextLines
from tui.widgets.tones import safe_line

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Sequence
    from typing import Any

    from textual.app import ComposeResult

    from tui.session import Session

_NONE = "No subscriptions. Developers make them over the API; none can be added here."
_FHIR_ENDS_THERE = "A FHIR subscription can't be changed here; its developer ends it over FHIR."


class SubscriptionsScreen(PracticeScreen[None]):
    """Shows the subscriptions of developers, and ends, resumes and deletes those that were made over the API.

    Args:
        session: The open office and its user.
    """

    CSS_PATH = "subscriptions.tcss"
    MANUAL = "subscriptions"
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (80, "-medium"), (120, "-wide"), (160, "-widest")]  # noqa: RUF012
    PLACE = "place-subscriptions"
    SHOWS_PLACES = True
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
        super().__init__()
        self.session = session
        self._page: SubscriptionPage | None = None

    def compose_body(self) -> ComposeResult:
        """Compose the list with what could not be read below it, and the details."""
        with Horizontal():
            with Panel(id="subscriptions-panel"):
                yield SelectableList(*COLUMNS, empty="Reading…", id="subscriptions")
                yield TextLines(id="remarks", can_focus=False)
            yield DetailsPanel()

    def on_mount(self) -> None:
        """Focus the list, and read the subscriptions."""
        self.query_one("#subscriptions-panel", Panel).show_title("Subscriptions")
        self.query_one(DetailsPanel).show_title("Details")
        self.query_one("#remarks").display = False
        self._list.focus()
        self.reload()

    @property
    def _list(self) -> SelectableList:
        return self.query_one("#subscriptions", SelectableList)

    @property
    def chosen(self) -> ApiSubscription | FhirSubscription | None:
        """The subscription under the cursor."""
        row = self._list.row
        return self._find(str(row.identity)) if row is not None else None

    # -- loading -------------------------------------------------------------

    @latest
    async def reload(self) -> None:
        """Read the subscriptions again."""
        self._show(await self.call_service(self.open_session.office.subscriptions.load, group="read"))

    @flow
    async def action_reload(self) -> None:
        """Read the subscriptions again, and say so."""
        with self.busy("Reading…"):
            page = await self.call_service(self.open_session.office.subscriptions.load, group="read")
        self._show(page)
        self.show_status("Reloaded.")

    def show_practice_again(self) -> None:
        """Read what an undo may have changed."""
        self.reload()

    def on_unlocked(self) -> None:
        """Read what others may have changed during the lock."""
        self.reload()

    def _show(self, page: SubscriptionPage) -> None:
        self._page = page
        rows = rows_of(page)
        self._list.set_empty_text(_NONE if not page.unknown else "No subscriptions are known.")
        self._list.keep_selected([row.identity for row in rows])
        self._list.show(rows)
        remarks = self.query_one("#remarks", TextLines)
        sentences = (*page.unknown, *page.remarks)
        remarks.display = bool(sentences)
        remarks.show([safe_line((each, "warning")) for each in sentences])
        remarks.styles.height = min(6, sum(len(safe_line((each, "normal")).wrapped(44)) for each in sentences) or 1)
        self._show_title()
        self._show_details()

    @on(SelectableList.SelectionChanged)
    def _show_title(self) -> None:
        page = self._page
        if page is None:
            return
        active = sum(not each.ended for each in page.subscriptions)
        fhir = f" · {len(page.fhir)} FHIR" if page.fhir else ""
        alerts = sum(bool(each.alerts) for each in page.subscriptions) + sum(bool(each.alerts) for each in page.fhir)
        counts = self._list.selection.counts or f"{len(page.subscriptions)} · {active} active{fhir}"
        alert = f"! {alerts}" if alerts else ""
        self.query_one("#subscriptions-panel", Panel).show_title("Subscriptions", counts, alert)

    @on(RowList.Highlighted)
    def _follow_cursor(self, event: RowList.Highlighted) -> None:
        event.stop()
        self.query_one(DetailsPanel).follow(self._show_details)

    def _show_details(self) -> None:
        if not self.is_attached:
            return
        panel, chosen = self.query_one(DetailsPanel), self.chosen
        panel.show_title(title_of(chosen) if chosen is not None else "Details")
        now = self._page.now if self._page is not None else None
        panel.show_lines(details_lines(chosen, now) if chosen is not None else [])

    def _find(self, identity: str) -> ApiSubscription | FhirSubscription | None:
        page = self._page or SubscriptionPage()
        kind, _, number = identity.partition(" ")
        found: Sequence[ApiSubscription | FhirSubscription] = page.subscriptions if kind == "api" else page.fhir
        return next((each for each in found if str(each.number) == number), None)

    # -- keys ----------------------------------------------------------------

    def action_leave_selection(self) -> None:
        """Deselect all rows, or else go back."""
        if self._list.selection.counts:
            self._list.deselect()
        else:
            self.dismiss(None)

    def action_select(self) -> None:
        """Select the row under the cursor, or deselect it."""
        self._list.toggle_selected()

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
        self._list.deselect()
        await self._change(lambda chosen: resume_subscription(self, self.open_session, chosen[0]))

    async def _change(self, change: Callable[[Sequence[ApiSubscription]], Coroutine[Any, Any, bool]]) -> None:
        selected = [self._find(str(identity)) for identity in self._list.selection.shown] or [self.chosen]
        possible = [each for each in selected if isinstance(each, ApiSubscription)]
        if not possible:
            self.show_status(_FHIR_ENDS_THERE if any(selected) else "No subscription is under the cursor.")
            return
        try:
            changed = await change(possible)
        except EditConflict as error:
            self.show_outcome(Notice("Changed by another program", conflict_lines(error)))
            changed = True
        except ApiSetupError as error:
            self.show_problem(error)
            changed = True
        if changed:
            self._list.deselect()
            self.reload()
