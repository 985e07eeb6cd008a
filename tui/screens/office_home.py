"""The base of an office's first screen: opens the office's places, and the screens about its keys and its API."""

from __future__ import annotations

from abc import abstractmethod
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from textual import on

from core.base.errors import ApiSetupError
from tui.flows.office_content import about_lines, audit_trail_refusal
from tui.platform.workers import flow, latest, once
from tui.screens.key_screen import KeyScreen
from tui.widgets.filter_input import FilterInput
from tui.widgets.key_table import KeyTable
from tui.widgets.row_list import RowList
from tui.widgets.settings_form import SettingsForm

if TYPE_CHECKING:
    from core.audit.filter import AuditFilter

NEED_OFFICE = frozenset(
    (
        "add_key edit_key disable select sort enable reveal send_to_clipboard remove_key match_copy save "
        "audit_trail reload about why developer_entries developer_queries former_names edit_notes"
    ).split()
)
"""The actions that need an open office."""
NEED_KEY = frozenset(
    (
        "edit_key disable enable select reveal send_to_clipboard remove_key developer_entries developer_queries"
        " former_names edit_notes"
    ).split()
)
"""The actions in the key bar that need a key under the cursor."""


T = TypeVar("T")


class OfficeHome(KeyScreen[T]):
    """A screen with the office's `KeyTable`, from which everything else in the office is opened."""

    _requested_place = ""
    """The place whose digit was pressed before the office was open."""

    @abstractmethod
    def reload(self) -> None:
        """Load everything again; unsaved input is kept."""

    @abstractmethod
    def read_use_again(self) -> None:
        """Read in the background what developers changed through the API, since their former names changed."""

    @abstractmethod
    def action_add_key(self) -> None:
        """Add a key."""

    @abstractmethod
    def action_reload(self) -> None:
        """Load everything again, after a question about unsaved input."""

    # -- places --------------------------------------------------------------

    def open_place(self, place: str) -> None:
        """Open a place of this office on top of this screen, or as soon as the office is open."""
        if self.session is None:
            self._requested_place = place
        elif place == "place-audit-trail":
            self.action_audit_trail()
        elif place == "place-subscriptions":
            from tui.screens.subscriptions import SubscriptionsScreen

            self.open_screen(SubscriptionsScreen(self.open_session), lambda _result: self.reload())
        elif place == "place-payment-types":
            from tui.screens.payment_types import PaymentTypesScreen

            self.open_screen(PaymentTypesScreen(self.open_session), lambda _result: self.reload())
        elif place == "place-review":
            from tui.screens.review import ReviewScreen

            self.open_screen(ReviewScreen(self.open_session), lambda _result: self.reload())

    def open_requested_place(self) -> None:
        """Open the place that was asked for before the office was open; for a user without Setup, the Audit Trail."""
        first = "" if self.open_session.signed_in.has_setup else "place-audit-trail"
        place, self._requested_place = self._requested_place or first, ""
        if place:
            self.open_place(place)

    @on(SettingsForm.OtherPaymentType)
    def _open_payment_types(self, event: SettingsForm.OtherPaymentType) -> None:
        event.stop()
        self.open_place("place-payment-types")

    def action_audit_trail(self, audit_filter: AuditFilter | None = None) -> None:
        """Open the Audit Trail, or say who can grant the missing permission for it."""
        from tui.screens.audit_trail import AuditTrailScreen

        if self.open_session.signed_in.sees_audit_trail:
            self.open_screen(AuditTrailScreen(self.open_session, audit_filter), lambda _result: self.reload())
        else:
            self.show_permission_granters()

    @once
    async def seal_daily(self) -> None:
        """Seal the Audit Trail in the background if the last seal is a day old."""
        from tui.flows.sealing import seal_if_due

        await seal_if_due(self, self.open_session)

    @latest
    async def show_permission_granters(self) -> None:
        """Say which users can grant the permission for the Audit Trail."""
        names = await self.call_service(self.open_session.office.users.permission_granters, group="grants")
        self.show_status(audit_trail_refusal(names), "problem")

    # -- what an office says about its keys, its API and itself ------------------

    @flow
    async def action_developer_entries(self) -> None:
        """Open the Audit Trail with the entries of the current key's developer."""
        await self._open_entries(only_queries=False)

    @flow
    async def action_developer_queries(self) -> None:
        """Open the Audit Trail with the database queries of the current key's developer."""
        await self._open_entries(only_queries=True)

    async def _open_entries(self, *, only_queries: bool) -> None:
        from tui.flows.developer_names import entries_of_developer

        key = self.current_key()
        if key is None:
            return
        table = self.query_one(KeyTable)
        wanted = await entries_of_developer(self, self.open_session, table, key, only_queries=only_queries)
        if wanted is not None:
            self.action_audit_trail(wanted)

    @latest
    async def load_notes(self) -> None:
        """Load the notes on keys in the background. What can't be read isn't said here; Review says it."""
        try:
            notes = await self.call_service(lambda: self.open_session.office.notes.all(), group="key notes")
        except ApiSetupError as error:
            self.terminal_app.record_problem(error)
            return
        self.query_one(KeyTable).show_notes(notes)

    @flow
    async def action_former_names(self) -> None:
        """Enter the names that the current key's developer had before."""
        from tui.flows.developer_names import edit_former_names

        key = self.current_key()
        if key is not None and await edit_former_names(self, self.open_session, key):
            self.read_use_again()

    def action_why(self) -> None:
        """Say why the API doesn't work: for the key under the cursor, or for the practice if a setting has focus."""
        from tui.flows.cause import act_on_cause
        from tui.screens.why import WhyScreen

        table = self.query_one(KeyTable)
        key = table.key if table.has_focus_within else None
        self.open_screen(WhyScreen(self.open_session, key), partial(act_on_cause, self))

    def action_about(self) -> None:
        """Show the details of the practice, its database and this session."""
        from tui.modals.notice import Notice

        self.open_screen(Notice("Practice", about_lines(self.open_session)))

    # -- the highlighted key ----------------------------------------------------

    @on(RowList.Chosen)
    def _open_chosen_key(self, event: RowList.Chosen) -> None:
        event.stop()
        self.action_edit_key()

    def action_edit_key(self) -> None:
        """Open the screen of the highlighted key."""
        from tui.screens.edit_key import EditKeyScreen

        key = self.current_key()
        if key is None:
            return
        self.open_screen(EditKeyScreen(self.open_session, key), lambda _result: self.reload())

    # -- the filter of the keys -------------------------------------------------

    def action_filter(self) -> None:
        """Move focus to the filter, which may be typed before the keys are there."""
        self._clear_filter_message()
        self.query_one(KeyTable).start_filter()

    @on(KeyTable.FilterRefused)
    def _show_filter_error(self, event: KeyTable.FilterRefused) -> None:
        # Said without show_problem(), which logs the error: the text may contain an API key.
        self.show_status(str(event.error), "problem")

    @on(FilterInput.Changed, "#filter")
    def _clear_filter_message(self) -> None:
        # Until the office is open, the message says that it is being opened.
        if self.session is not None:
            self.show_status("")

    @on(FilterInput.Choices)
    def _show_completions(self, event: FilterInput.Choices) -> None:
        self.show_status("  ".join(event.words) if event.words else "No completions.")

    def action_end_filter(self) -> None:
        """End the filter, or else leave the field, or else deselect all keys."""
        table = self.query_one(KeyTable)
        if table.end_filter():
            return
        if table.rows.has_focus:
            table.rows.deselect()
        else:
            table.rows.focus()
