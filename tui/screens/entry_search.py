"""The search of the Audit Trail screen: entries page by page, in both directions, and their counts."""

from __future__ import annotations

import time
from datetime import date
from functools import partial
from typing import TYPE_CHECKING

from textual import on

from core.audit.filter import AuditFilter, Users
from core.audit.filter_language import format_filter
from core.audit.paging import Direction, PageCursor, after_day
from core.base.errors import ApiSetupError
from core.model.audit_entry import HashStatus, counted
from tui.bindings import key
from tui.key_names import display
from tui.platform.workers import latest, once
from tui.screens.practice_screen import PracticeScreen
from tui.widgets.activity_chart import ActivityPanel
from tui.widgets.entry_list import SavedPosition, TrailList
from tui.widgets.filter_input import FilterInput
from tui.widgets.panel import Panel

if TYPE_CHECKING:
    from core.audit.search import AuditSearch
    from core.audit.service import AuditService
    from tui.session import Session

_PROGRESS_SECONDS = 0.5
"""The time between two progress messages of a search; more of them would burden a slow connection."""
_SEARCHING = "Searching"
"""The beginning of the progress messages, which disappear at the end."""
ENOUGH = 60
"""The number of entries after which a search pauses: they fill a screen and what is scrolled to next."""


class EntrySearchScreen(PracticeScreen[None]):
    """Finds the entries that a filter selects. A subclass has the widgets, and the keys that change the filter.

    Args:
        session: The open office.
        audit_filter: The first filter; None for the last ten days.
    """

    def __init__(self, session: Session, audit_filter: AuditFilter | None = None) -> None:
        super().__init__()
        self.session = session
        self._users = Users({})
        self._today = date.min
        self._filter = audit_filter or AuditFilter()
        self._is_first_filter_given = audit_filter is not None
        self._search: AuditSearch | None = None
        self._stopped = False
        self._position: SavedPosition | None = None
        self._search_start: Direction | date = Direction.NEWER
        self._has_page = False
        self._days_shown = False

    @property
    def _trail(self) -> TrailList:
        return self.query_one(TrailList)

    @property
    def _input(self) -> FilterInput:
        return self.query_one(FilterInput)

    @property
    def _audit(self) -> AuditService:
        return self.open_session.office.audit

    # -- searching -----------------------------------------------------------

    @latest
    async def begin(self) -> None:
        """Load the users and the date, and show the last ten days, as Open Dental does."""
        self.show_status("Reading…")
        try:
            self._users, self._today = await self.call_service(partial(_users_and_today, self._audit), group="users")
        except ApiSetupError:
            self._trail.set_empty_text("Not loaded. Press r to retry.")
            raise
        typed = self._input.value
        first = self._filter
        self._show_filter(first if self._is_first_filter_given else first.with_default_period(self._today))
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
            trail.set_empty_text("Not loaded. Press r to retry.")
            raise
        if start is not None and trail.entry is not None and trail.entry.moment is None:
            self.show_status("No dated entry is that old. Showing entries without a date.")
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

    def action_leave_wait(self) -> None:
        """Stop the running search so that it can be continued; stop waiting for anything else."""
        if self._searching:
            self._stop_search()
        else:
            super().action_leave_wait()

    def _stop_search(self) -> None:
        """Stop the running search so that it can be continued."""
        for group in ("latest find", "once fetch"):
            self.workers.cancel_group(self, group)
        if self._has_page:
            # The list shows entries already. Before the first page, continuing must restore the saved position.
            self._position = None
        self._set_stopped(stopped=True)
        self._trail.set_empty_text(f"Stopped before any entry was found. {_continue()}")
        self.show_status(f"Stopped: {self._loaded}. {_continue()}")


def _continue() -> str:
    return f"Press {display(key('search-on'))} to continue."


def _empty_text(current: AuditFilter) -> str:
    if current == AuditFilter():
        return "The Audit Trail is empty."
    return f"No entry {'on these days' if current.only_dates else 'matches the filter'}. Press / to change the filter."


def _users_and_today(audit: AuditService, *, renew: bool = False) -> tuple[Users, date]:
    return audit.users(renew=renew), audit.today()
