"""The Audit Trail screen: finds entries page by page and shows whether its hash matches."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import date
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.containers import Horizontal
from textual.widgets import Input, Static

from core.audit.filter import AuditFilter, Users
from core.audit.filter_language import completions, format_filter, parse_day, parse_filter
from core.audit.paging import Direction, PageCursor, after_day
from core.base.errors import ApiSetupError, InvalidInput
from core.filtering.terms import FilterError
from core.model.audit_entry import HashStatus, counted
from tui.flows.export import export_entries
from tui.flows.filter_choice import choose_filter_value
from tui.modals.prompt import Prompt
from tui.platform.base_screen import BaseScreen
from tui.platform.workers import flow, latest, once
from tui.screens.audit_entry import AuditEntryScreen
from tui.screens.edit_key import EditKeyScreen
from tui.screens.verification import VerificationScreen, choose_date_range
from tui.widgets.activity_chart import ActivityPanel
from tui.widgets.entry_details import EntryDetails
from tui.widgets.entry_list import SavedPosition, TrailList
from tui.widgets.filter_input import FilterInput
from tui.widgets.panel import Panel
from tui.widgets.row_list import RowList

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from core.audit.search import AuditSearch
    from core.audit.service import AuditService
    from tui.session import Session

_PROGRESS_SECONDS = 0.5
"""The time between two progress messages of a search; more of them would burden a slow connection."""
_SEARCHING = "Searching"
"""The beginning of the progress messages, which disappear at the end."""
ENOUGH = 60
"""The number of entries after which a search pauses: they fill a screen and what is scrolled to next."""
_NEEDS_USERS_AND_DATE = ("only_ours", "only_suspect", "choose_filter", "go_to_date", "export")
"""The actions that need the practice's users and the server's date, which are loaded first."""


class AuditTrailScreen(BaseScreen[None]):
    """Finds and lists audit entries, newest first."""

    CSS_PATH = "audit_trail.tcss"
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-wide"), (130, "-wider"), (170, "-widest")]  # noqa: RUF012
    VERTICAL_BREAKPOINTS = [(0, "-low"), (30, "-high")]  # noqa: RUF012 - declared so by Textual
    PLACE = "place-audit-trail"
    SHOWS_PLACES = True
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
        "go-to-date",
        "reload-entries",
        "back",
        "first",
        "last",
        "quit",
    )

    TYPING_KEYS: ClassVar[tuple[str, ...]] = ("complete", "search", "back")

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._users = Users({})
        self._today = date.min
        self._filter = AuditFilter()
        self._search: AuditSearch | None = None
        self._stopped = False
        self._position: SavedPosition | None = None
        self._search_start: Direction | date = Direction.NEWER
        self._has_page = False
        self._days_shown = False

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

    @property
    def _trail(self) -> TrailList:
        return self.query_one(TrailList)

    @property
    def _input(self) -> FilterInput:
        return self.query_one(FilterInput)

    @property
    def _audit(self) -> AuditService:
        return self._session.office.audit

    # -- searching -----------------------------------------------------------

    @latest
    async def begin(self) -> None:
        """Load the users and the date, and show the last ten days, as Open Dental does."""
        self.show_status("Reading…")
        try:
            self._users, self._today = await self.call_service(partial(_users_and_today, self._audit), group="users")
        except ApiSetupError:
            self._trail.set_empty_text("Not read; r tries again.")
            raise
        typed = self._input.value
        self._show_filter(self._filter.with_default_period(self._today))
        if typed:
            self._input.value = typed
        self.refresh_bindings()

    def _show_filter(self, new_filter: AuditFilter) -> None:
        """Show a filter in its text field and search with it."""
        self._filter = new_filter
        self._input.value = format_filter(new_filter, self._users)
        self._days_shown = False
        self.find()

    @latest
    async def find(self, first: Direction | date = Direction.NEWER, keep: SavedPosition | None = None) -> None:
        """Start a new search.

        Args:
            first: The entry to start at: the newest, the oldest, or the last one of a day.
            keep: The cursor position to restore.
        """
        self.workers.cancel_group(self, "once fetch")
        self._set_stopped(stopped=False)
        self._position = keep
        self._search_start, self._has_page = first, False
        trail = self._trail
        trail.set_empty_text("Searching…")
        self.show_status(f"{_SEARCHING}… Esc stops.")
        start = after_day(first) if isinstance(first, date) else None
        trail.reset(newer=start)
        self.query_one("#entries", Panel).show_title("Entries", "searching…")
        try:
            self._search = await self.call_service(partial(self._audit.search, self._filter), group="search")
            if first is Direction.OLDER:
                await self._fill(Direction.NEWER, None)
            else:
                await self._fill(Direction.OLDER, start)
            if start is not None and trail.entry is None:
                await self._fill(Direction.NEWER, start)
            if keep is not None and not trail.restore_cursor(keep):
                moment, number = keep.entry.stored_moment, keep.entry.number
                trail.reset(newer=PageCursor(moment, number))
                await self._fill(Direction.OLDER, PageCursor(moment, number + 1))
                await self._fill(Direction.NEWER, PageCursor(moment, number))
        except ApiSetupError:
            trail.set_empty_text("Not read; r tries again.")
            raise
        if start is not None and trail.entry is not None and trail.entry.moment is None:
            self.show_status("No entry with a date is so old; these have none.")
        if keep is not None:
            trail.restore_scroll(keep)
        self._position = None
        trail.prefetch()

    @once
    async def fetch(self, direction: Direction) -> None:
        """Load more entries at one end of the list."""
        await self._fill(direction, self._trail.next_cursor(direction))
        self._trail.prefetch()

    async def _fill(self, direction: Direction, start: PageCursor | None) -> None:
        """Load pages until there are enough entries, and show the progress in the status line."""
        search, found, last_message = self._search, 0, 0.0
        if search is None:
            return
        while True:
            page = await self.call_service(partial(search.page, direction, start), group="page")
            self._has_page = True
            if not self._days_shown:
                # After the first page, so that they share a connection and the entries come first.
                self._days_shown = True
                self.count_days()
            self._trail.extend(direction, page)
            self._show_counts()
            found += len(page.entries)
            start = page.next_cursor
            if start is None or found >= ENOUGH or start != self._trail.next_cursor(direction):
                break
            if time.monotonic() - last_message > _PROGRESS_SECONDS:
                last_message = time.monotonic()
                self.show_status(f"{_SEARCHING}: {start.moment[:10]}, {self._loaded}. Esc stops.")
        self._trail.set_empty_text(_empty_text(self._filter))
        self._show_counts()
        if self.status.text.startswith(_SEARCHING):
            self.show_status("")

    @property
    def _loaded(self) -> str:
        return counted(len(self._trail.entries))

    def _show_counts(self) -> None:
        """Show in the list's title how many entries are loaded, and how many of them have no matching hash."""
        entries = self._trail.entries
        complete = all(self._trail.next_cursor(direction) is None for direction in Direction)
        number = f"{len(entries):,}" if complete else f"{len(entries):,} loaded"
        kinds = ((HashStatus.ALTERED, "altered"), (HashStatus.NO_HASH, "without hash"))
        counts = ((sum(entry.hash_status is kind for entry in entries), word) for kind, word in kinds)
        suspect = " · ".join(f"{count:,} {word}" for count, word in counts if count)
        self.query_one("#entries", Panel).show_title("Entries", number, alert=suspect)

    def _set_stopped(self, *, stopped: bool) -> None:
        if self._stopped != stopped:
            self._stopped = stopped
            self.refresh_bindings()

    @property
    def _searching(self) -> bool:
        groups = ("latest find", "once fetch")
        return any(each.group in groups and each.node is self and not each.is_finished for each in self.workers)

    @on(TrailList.PageRequested)
    def _fetch_more(self, event: TrailList.PageRequested) -> None:
        event.stop()
        # The last page may have arrived after the message was posted.
        if not self._searching and not self._stopped and self._trail.next_cursor(event.direction) is not None:
            self.fetch(event.direction)

    @on(TrailList.EndRequested)
    def _find_end(self, event: TrailList.EndRequested) -> None:
        event.stop()
        self.find(event.direction)

    def action_search_on(self) -> None:
        """Continue the stopped search."""
        self._set_stopped(stopped=False)
        self._trail.set_empty_text("Searching…")
        if not self._has_page:
            self.find(self._search_start, self._position)
        else:
            self.fetch(Direction.OLDER if self._trail.next_cursor(Direction.OLDER) else Direction.NEWER)

    def action_reload(self) -> None:
        """Load the entries again."""
        self.reload()

    @latest
    async def reload(self) -> None:
        """Load the users and the entries again; the filter is kept."""
        if self._today == date.min:
            self.begin()
            return
        renewed = partial(_users_and_today, self._audit, renew=True)
        self._users, self._today = await self.call_service(renewed, group="users")
        if self.focused is not self._input:
            # A user may have been renamed or deleted.
            self._input.value = format_filter(self._filter, self._users)
        self._days_shown = False
        self.find(keep=self._position or self._trail.saved_position)

    @latest
    async def count_days(self) -> None:
        """Load and show the number of entries on each day of the range."""
        panel = self.query_one(ActivityPanel)
        days = panel.chart.days
        panel.show(await self.call_service(partial(self._audit.activity, self._filter, days), group="days"))

    # -- the filter ----------------------------------------------------------

    def action_type_filter(self) -> None:
        """Move focus to the filter."""
        self.show_status("Tab completes, Enter searches, Esc leaves it as it was.")
        self._input.begin_word()
        # Unlike focus(), this takes effect at once, so keys typed next reach the filter.
        self.set_focus(self._input)

    @on(FilterInput.Choices)
    def _show_completions(self, event: FilterInput.Choices) -> None:
        event.stop()
        self.show_status("  ".join(event.words) if event.words else "Nothing completes this word.")

    @on(Input.Submitted)
    def _apply_filter(self, event: Input.Submitted) -> None:
        event.stop()
        if self._today == date.min:
            self.show_status("The users are not read yet; try again in a moment.", "problem")
            return
        try:
            new_filter = parse_filter(event.value, self._users, self._today)
        except FilterError as error:
            # Said without show_problem(), which logs the error: the text may contain an API key.
            self.show_status(str(error), "problem")
            self._input.select_range(error.start, error.end)
            return
        self._trail.focus()
        self._show_filter(new_filter)

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
        prompt = Prompt("Go to a day", lines, str(self._filter.until or self._today), self._parse_day)
        day = await self.app.push_screen_wait(prompt)
        if day is not None:
            self.find(day)

    def _parse_day(self, text: str) -> date:
        day = parse_day(text, self._today)
        since, until = self._filter.since, self._filter.until
        if (since is not None and day < since) or (until is not None and day > until):
            raise InvalidInput("day", f"{day} is outside of the filter's dates.", "Change since: or until: with /.")
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
            key_screen = partial(EditKeyScreen, self._session)
            self.open_screen(AuditEntryScreen(self._session, entry, key_screen), self._after_entry)

    def _after_entry(self, go_to_settings: bool | None) -> None:
        if go_to_settings:
            self.dismiss(None)

    @flow
    async def action_verify(self) -> None:
        """Verify the hashes of all entries, or of those in the filter's dates."""
        date_range = await choose_date_range(self, self._filter, self._users)
        if date_range is not None:
            self.open_screen(VerificationScreen(self._session, date_range))

    @flow
    async def action_export(self) -> None:
        """Export the entries that the filter selects to a file."""
        if self._search is not None:
            # An API key that was typed into the filter must not appear once more.
            filter_text = self._search.mask_keys(format_filter(self._filter, self._users))
            await export_entries(self, self._session, self._filter, filter_text, self._today)

    # -- leaving -----------------------------------------------------------------

    def action_back(self) -> None:
        """Leave the filter unchanged if it has focus, else stop the search if it runs, else return to API Setup."""
        if isinstance(self.focused, Input):
            self._input.value = format_filter(self._filter, self._users)
            self._trail.focus()
            self.show_status("")
        elif self._searching:
            for group in ("latest find", "once fetch"):
                self.workers.cancel_group(self, group)
            if self._has_page:
                # The list shows entries already. Before the first page, continuing must restore the saved position.
                self._position = None
            self._set_stopped(stopped=True)
            self._trail.set_empty_text("Stopped before any entry was found; c searches on.")
            self.show_status(f"Stopped: {self._loaded}. c searches on.")
        else:
            self.dismiss(None)


def _empty_text(current: AuditFilter) -> str:
    if current == AuditFilter():
        return "The Audit Trail is empty."
    return f"No entry {'on these days' if current.only_dates else 'matches the filter'}; / changes the filter."


def _users_and_today(audit: AuditService, *, renew: bool = False) -> tuple[Users, date]:
    return audit.users(renew=renew), audit.today()
