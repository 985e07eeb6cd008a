"""The Audit Trail screen: finds entries page by page and shows whether its hash matches."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.containers import Horizontal
from textual.widgets import Input, Static

from core.audit.filter_language import completions, format_filter, parse_day, parse_filter
from core.base.errors import InvalidInput
from core.filtering.terms import FilterError
from tui.flows.export import export_entries
from tui.flows.filter_choice import choose_filter_value
from tui.flows.undo import undo_entry
from tui.modals.prompt import Prompt
from tui.platform.workers import flow
from tui.screens.audit_entry import AuditEntryScreen
from tui.screens.edit_key import EditKeyScreen
from tui.screens.entry_search import EntrySearchScreen
from tui.screens.verification import VerificationScreen, choose_date_range
from tui.widgets.activity_chart import ActivityPanel
from tui.widgets.entry_details import EntryDetails
from tui.widgets.entry_list import TrailList
from tui.widgets.filter_input import FilterInput
from tui.widgets.panel import Panel
from tui.widgets.row_list import RowList

if TYPE_CHECKING:
    from textual.app import ComposeResult


_NEEDS_USERS_AND_DATE = ("only_ours", "only_suspect", "choose_filter", "go_to_date", "export")
"""The actions that need the practice's users and the server's date, which are loaded first."""


class AuditTrailScreen(EntrySearchScreen):
    """Finds and lists audit entries, newest first."""

    CSS_PATH = "audit_trail.tcss"
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-wide"), (130, "-wider"), (170, "-widest")]  # noqa: RUF012
    VERTICAL_BREAKPOINTS = [(0, "-low"), (30, "-high")]  # noqa: RUF012 - declared so by Textual
    PLACE = "place-audit-trail"
    SHOWS_PLACES = True
    MANUAL = "audit-trail"
    KEYS: ClassVar[tuple[str, ...]] = (
        "search-on",
        "open-entry",
        "type-filter",
        "choose-filter",
        "only-suspect",
        "verify",
        "export",
        "help",
        "only-ours",
        "undo-here",
        "undo-last-change",
        "go-to-date",
        "reload-entries",
        "seal",
        "back",
        "first",
        "last",
        "quit",
    )

    TYPING_KEYS: ClassVar[tuple[str, ...]] = ("complete", "search", "back")
    _refused: str | None = None
    """The filter that the error in the status line is about."""

    def compose_body(self) -> ComposeResult:
        """Yield the chart, the filter, the list and the details."""
        yield ActivityPanel()
        with Horizontal(id="filter-line"):
            yield Static("/", id="filter-mark")
            yield FilterInput(id="filter", placeholder='everything; try user:admin since:2024-11-01 text:"API key"')
        with Horizontal(id="entries-line"):
            with Panel(id="entries"):
                yield TrailList(empty="Reading…")
            yield EntryDetails()

    def on_mount(self) -> None:
        """Focus the list and load the first entries."""
        self._trail.focus()
        self.query_one("#entries", Panel).show_title("Entries")
        self.query_one(EntryDetails).show_entry(None)
        self._input.completions = lambda text: completions(text, self._users)
        self.begin()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Disable continuing unless a search was stopped, and what needs users and date until they are loaded."""
        if action == "search_on":
            return self._stopped
        if action in _NEEDS_USERS_AND_DATE and self._today == date.min:
            return False
        return super().check_action(action, parameters)

    # -- the filter ----------------------------------------------------------

    def action_type_filter(self) -> None:
        """Move focus to the filter."""
        self.show_status("Tab completes, Enter searches, Esc cancels.")
        self._input.begin_word()
        # Unlike focus(), this takes effect at once, so keys typed next reach the filter.
        self.set_focus(self._input)

    @on(FilterInput.Choices)
    def _show_completions(self, event: FilterInput.Choices) -> None:
        event.stop()
        self.show_status("  ".join(event.words) if event.words else "No completions.")

    @on(Input.Submitted)
    def _apply_filter(self, event: Input.Submitted) -> None:
        event.stop()
        if self._today == date.min:
            self.show_status("The users are still loading. Try again in a moment.", "problem")
            return
        try:
            new_filter = parse_filter(event.value, self._users, self._today)
        except FilterError as error:
            # Said without show_problem(), which logs the error: the text may contain an API key.
            self.show_status(str(error), "problem")
            self._input.select_range(error.start, error.end)
            self._refused = event.value
            return
        self._refused = None
        self._trail.focus()
        self._show_filter(new_filter)

    @on(Input.Changed)
    def _forget_error(self, event: Input.Changed) -> None:
        """Clear the error about a filter as soon as it is edited."""
        if self._refused not in (None, event.value):
            self._refused = None
            self.show_status("")

    def action_only_ours(self) -> None:
        """Toggle showing only the entries that API Setup wrote."""
        self._show_filter(replace(self._filter, ours=not self._filter.ours))

    def action_only_suspect(self) -> None:
        """Toggle showing only the entries whose hash doesn't match or is missing."""
        self._show_filter(replace(self._filter, suspect=not self._filter.suspect))

    @flow
    async def action_choose_filter(self) -> None:
        """Choose a user, a permission or a log source for the filter."""
        changed = await choose_filter_value(self, self._filter, self._users)
        if changed is not None:
            self._show_filter(changed)

    @flow
    async def action_go_to_date(self) -> None:
        """Ask for a day within the filter's dates and go to it."""
        lines = ["2024-11-01, today, yesterday, or 10d for ten days ago."]
        prompt = Prompt("Go to a date", lines, str(self._filter.until or self._today), self._parse_day)
        day = await self.app.push_screen_wait(prompt)
        if day is not None:
            self.find(day)

    def _parse_day(self, text: str) -> date:
        day = parse_day(text, self._today)
        since, until = self._filter.since, self._filter.until
        if (since is not None and day < since) or (until is not None and day > until):
            raise InvalidInput("day", f"{day} is outside the filter's dates.", "Press / to change since: or until:.")
        return day

    # -- entries ---------------------------------------------------------------

    @on(RowList.Highlighted)
    def _follow_cursor(self, event: RowList.Highlighted) -> None:
        event.stop()
        self.query_one(EntryDetails).follow(self._show_details)

    def _show_details(self) -> None:
        if self.is_attached:
            self.query_one(EntryDetails).show_entry(self._trail.entry)

    @on(RowList.Chosen)
    def _open_chosen_entry(self, event: RowList.Chosen) -> None:
        event.stop()
        self.action_open_entry()

    def action_open_entry(self) -> None:
        """Open the entry under the cursor."""
        entry = self._trail.entry
        if entry is not None:
            key_screen = partial(EditKeyScreen, self.open_session)
            self.open_screen(AuditEntryScreen(self.open_session, entry, key_screen), self._after_entry)

    def _after_entry(self, go_to_settings: bool | None) -> None:
        if go_to_settings:
            self.dismiss(None)

    @flow
    async def action_undo(self) -> None:
        """Undo the change that the entry under the cursor records, after a question that describes it."""
        entry = self._trail.entry
        if entry is None:
            self.show_status("There is no entry under the cursor.")
        elif await undo_entry(self, self.open_session, entry.number):
            self.reload()

    def show_practice_again(self) -> None:
        """Load the entries again, with the one about the undo."""
        self.reload()

    @flow
    async def action_verify(self) -> None:
        """Verify the hashes of all entries, or of those in the filter's dates."""
        date_range = await choose_date_range(self, self._filter, self._users)
        if date_range is not None:
            self.open_screen(VerificationScreen(self.open_session, date_range))

    @flow
    async def action_seal(self) -> None:
        """Seal all entries since the last seal."""
        from tui.flows.sealing import seal_trail

        await seal_trail(self, self.open_session)

    @flow
    async def action_export(self) -> None:
        """Export the entries that the filter selects to a file."""
        if self._search is not None:
            # An API key that was typed into the filter must not appear once more.
            filter_text = self._search.mask_keys(format_filter(self._filter, self._users))
            await export_entries(self, self.open_session, self._filter, filter_text, self._today)

    # -- leaving -----------------------------------------------------------------

    def action_back(self) -> None:
        """Leave the filter unchanged if it has focus, else stop the search if it runs, else return to API Setup."""
        if isinstance(self.focused, Input):
            self._input.value = format_filter(self._filter, self._users)
            self._trail.focus()
            self.show_status("")
        elif self._searching:
            self._stop_search()
        else:
            self.dismiss(None)
