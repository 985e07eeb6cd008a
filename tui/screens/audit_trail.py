"""The Audit Trail: finding entries, each marked genuine or not, however many there are."""

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
from core.audit.filter_language import FilterError, completions, format_filter, parse_day, parse_filter
from core.audit.paging import Direction, PageCursor, after_day
from core.base.errors import ApiSetupError, InvalidInput
from core.model.audit_entry import Genuineness, counted
from tui.flows.export import export_entries
from tui.flows.filter_choice import choose_part
from tui.modals.prompt import Prompt
from tui.platform.base_screen import BaseScreen
from tui.platform.workers import flow, latest, once
from tui.screens.audit_entry import AuditEntryScreen
from tui.screens.verification import VerificationScreen, choose_range
from tui.widgets.activity_chart import ActivityChart
from tui.widgets.entry_list import SavedPosition, TrailList
from tui.widgets.filter_input import FilterInput
from tui.widgets.row_list import RowList

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from core.audit.search import AuditSearch
    from core.audit.service import AuditService
    from tui.session import Session

_TELLS_EVERY = 0.5
"""Seconds between two words about how far a search came; a slow line has other things to carry."""
ENOUGH = 60
"""So many entries fill a screen and what one scrolls to next; a search rests when it has them."""
_NEEDS_CLOCK = ("only_ours", "only_suspect", "choose_filter", "go_to_date", "export")
"""What cannot be done before the practice's clock and users are read."""


class AuditTrailScreen(BaseScreen[None]):
    """Finds entries, newest first."""

    CSS_PATH = "audit_trail.tcss"
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
        self._kept: SavedPosition | None = None
        self._begun_at: Direction | date = Direction.NEWER
        self._arrived = False
        self._remark = ""

    def compose_body(self) -> ComposeResult:
        """Make the filter, the chart and the list."""
        with Horizontal(id="filter-line"):
            yield Static("Audit Trail", classes="heading", markup=False)
            yield FilterInput(id="filter")
        yield ActivityChart()
        yield TrailList(empty="Reading…")

    def on_mount(self) -> None:
        """Read the entries while the empty list is already painted."""
        self._trail.focus()
        self._input.completions = lambda line: completions(line, self._users)
        self.begin()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """A search goes on only where one was stopped; some things need what is read first."""
        if action == "search_on":
            return self._stopped
        if action in _NEEDS_CLOCK and self._today == date.min:
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
        """Show the last ten days, as Open Dental does."""
        self.say("Reading…")
        try:
            self._users, self._today = await self.ask(partial(_users_and_today, self._audit), group="users")
        except ApiSetupError:
            self._trail.say_empty("Not read; r tries again.")
            raise
        typed = self._input.value
        self._show_filter(self._filter.with_default_period(self._today))
        if typed:
            self._input.value = typed
        self.refresh_bindings()

    def _show_filter(self, wanted: AuditFilter) -> None:
        """Search for something else."""
        self._filter = wanted
        self._input.value = format_filter(wanted, self._users)
        self.find()
        self.count_days()

    @latest
    async def find(self, first: Direction | date = Direction.NEWER, keep: SavedPosition | None = None) -> None:
        """Search anew.

        Args:
            first: Begin at the newest entry, at the oldest, or at the last one of a day.
            keep: Put the cursor here again.
        """
        self.workers.cancel_group(self, "once fetch")
        self._set_stopped(stopped=False)
        self._kept = keep
        self._begun_at, self._arrived, self._remark = first, False, ""
        trail = self._trail
        trail.say_empty("Searching…")
        self.say("Searching… Esc stops.")
        start = after_day(first) if isinstance(first, date) else None
        trail.begin(newer=start)
        try:
            self._search = await self.ask(partial(self._audit.search, self._filter), group="search")
            if first is Direction.OLDER:
                await self._fill(Direction.NEWER, None)
            else:
                await self._fill(Direction.OLDER, start)
            if start is not None and trail.entry is None:
                await self._fill(Direction.NEWER, start)
            if keep is not None and not trail.restore_position(keep.entry):
                moment, number = keep.entry.stored_moment, keep.entry.number
                trail.begin(newer=PageCursor(moment, number))
                await self._fill(Direction.OLDER, PageCursor(moment, number + 1))
                await self._fill(Direction.NEWER, PageCursor(moment, number))
        except ApiSetupError:
            trail.say_empty("Not read; r tries again.")
            raise
        if start is not None and trail.entry is not None and trail.entry.moment is None:
            self._remark = "No entry with a date is so old; these have none. "
            self.say(self._summary())
        if keep is not None:
            trail.put_cursor_on_line(keep.line)
        self._kept = None
        trail.ask_for_more()

    @once
    async def fetch(self, direction: Direction) -> None:
        """Read more entries at one end."""
        await self._fill(direction, self._trail.next_cursor(direction))
        self._trail.ask_for_more()

    async def _fill(self, direction: Direction, start: PageCursor | None) -> None:
        """Read until there are enough entries, and say how far it is meanwhile."""
        search, found, said = self._search, 0, 0.0
        if search is None:
            return
        while True:
            page = await self.ask(partial(search.page, direction, start), group="page")
            self._arrived = True
            self._trail.extend(direction, page)
            found += len(page.entries)
            start = page.next_cursor
            if start is None or found >= ENOUGH or start != self._trail.next_cursor(direction):
                break
            if time.monotonic() - said > _TELLS_EVERY:
                said = time.monotonic()
                self.say(f"Searching: {start.moment[:10]}, {self._words()}. Esc stops.")
        self._trail.say_empty(_nothing(self._filter))
        self.say(self._summary())

    def _summary(self) -> str:
        whole = all(self._trail.next_cursor(direction) is None for direction in Direction)
        if whole and not self._trail.entries:
            return ""
        return f"{self._remark}{'All' if whole else 'In view and around it'}: {self._words()}."

    def _words(self) -> str:
        entries = self._trail.entries
        counts = {kind: sum(entry.genuineness is kind for entry in entries) for kind in Genuineness}
        altered, bare = counts[Genuineness.ALTERED], counts[Genuineness.NO_HASH]
        return f"{counted(len(entries))}, {altered} altered, {bare} without hash"

    def _set_stopped(self, *, stopped: bool) -> None:
        if self._stopped != stopped:
            self._stopped = stopped
            self.refresh_bindings()

    @property
    def _searching(self) -> bool:
        groups = ("latest find", "once fetch")
        return any(each.group in groups and each.node is self and not each.is_finished for each in self.workers)

    @on(TrailList.Wanted)
    def _more(self, event: TrailList.Wanted) -> None:
        event.stop()
        # A page may have come since it was wanted, and have been the last one.
        if not self._searching and not self._stopped and self._trail.next_cursor(event.direction) is not None:
            self.fetch(event.direction)

    @on(TrailList.EndWanted)
    def _to_end(self, event: TrailList.EndWanted) -> None:
        event.stop()
        self.find(event.direction)

    def action_search_on(self) -> None:
        """Go on where the search was stopped."""
        self._set_stopped(stopped=False)
        self._trail.say_empty("Searching…")
        if not self._arrived:
            self.find(self._begun_at, self._kept)
        else:
            self.fetch(Direction.OLDER if self._trail.next_cursor(Direction.OLDER) else Direction.NEWER)

    def action_reload(self) -> None:
        """Read again."""
        self.read_again()

    @latest
    async def read_again(self) -> None:
        """Read again, for new users, too; the filter stays."""
        if self._today == date.min:
            self.begin()
            return
        self._users, self._today = await self.ask(partial(_users_and_today, self._audit), group="users")
        if self.focused is not self._input:
            # A user may have another name now, or be gone.
            self._input.value = format_filter(self._filter, self._users)
        self.find(keep=self._kept or self._trail.saved_position)
        self.count_days()

    @latest
    async def count_days(self) -> None:
        """Show how many entries there are on each day of the range."""
        chart = self.query_one(ActivityChart)
        chart.show(await self.ask(partial(self._audit.activity, self._filter, chart.days), group="days"))

    # -- the filter ----------------------------------------------------------

    def action_type_filter(self) -> None:
        """Go to the filter."""
        self.say("Tab completes, Enter searches, Esc leaves it as it was.")
        self._input.cursor_position = len(self._input.value)
        # At once: what is typed next belongs there.
        self.set_focus(self._input)

    @on(FilterInput.Choices)
    def _tell_choices(self, event: FilterInput.Choices) -> None:
        event.stop()
        self.say("  ".join(event.words) if event.words else "Nothing completes this word.")

    @on(Input.Submitted)
    def _take_filter(self, event: Input.Submitted) -> None:
        event.stop()
        if self._today == date.min:
            self.say("The users are not read yet; try again in a moment.", "problem")
            return
        try:
            wanted = parse_filter(event.value, self._users, self._today)
        except FilterError as error:
            # Not for the log: what was typed may be a key.
            self.say(str(error), "problem")
            self._input.point_at(error.start, error.end)
            return
        self._trail.focus()
        self._show_filter(wanted)

    def action_only_ours(self) -> None:
        """Show only what API Setup wrote, or all again."""
        self._show_filter(replace(self._filter, ours=not self._filter.ours))

    def action_only_suspect(self) -> None:
        """Show only what is not genuine, or all again."""
        self._show_filter(replace(self._filter, suspect=not self._filter.suspect))

    @flow
    async def action_choose_filter(self) -> None:
        """Choose a user, a permission or a log source."""
        changed = await choose_part(self, self._filter, self._users)
        if changed is not None:
            self._show_filter(changed)

    @flow
    async def action_go_to_date(self) -> None:
        """Go to a day within the filter's dates."""
        lines = ["2024-11-01, today, yesterday, or 10d for ten days ago."]
        prompt = Prompt("Go to a day", lines, str(self._filter.until or self._today), self._day)
        day = await self.app.push_screen_wait(prompt)
        if day is not None:
            self.find(day)

    def _day(self, text: str) -> date:
        day = parse_day(text, self._today)
        since, until = self._filter.since, self._filter.until
        if (since is not None and day < since) or (until is not None and day > until):
            raise InvalidInput("day", f"{day} is outside of the filter's dates.", "Change since: or until: with /.")
        return day

    # -- entries ---------------------------------------------------------------

    @on(RowList.Chosen)
    def _chosen(self, event: RowList.Chosen) -> None:
        event.stop()
        self.action_open_entry()

    def action_open_entry(self) -> None:
        """Show the whole entry under the cursor."""
        entry = self._trail.entry
        if entry is not None:
            self.open_above(AuditEntryScreen(self._session, entry), self._after_entry)

    def _after_entry(self, to_settings: bool | None) -> None:
        if to_settings:
            self.dismiss(None)

    @flow
    async def action_verify(self) -> None:
        """Check the hashes of all entries, or of those in the range."""
        wanted = await choose_range(self, self._filter, self._users)
        if wanted is not None:
            self.open_above(VerificationScreen(self._session, wanted))

    @flow
    async def action_export(self) -> None:
        """Write what the filter shows into a file."""
        if self._search is not None:
            await export_entries(self, self._session, self._filter, self._search.mapper, self._today)

    # -- leaving -----------------------------------------------------------------

    def action_back(self) -> None:
        """Stop the search, or leave the filter as it was, or go back to API Setup."""
        if isinstance(self.focused, Input):
            self._input.value = format_filter(self._filter, self._users)
            self._trail.focus()
            self.say("")
        elif self._searching:
            for group in ("latest find", "once fetch"):
                self.workers.cancel_group(self, group)
            if self._arrived:
                # One stands among what was found; before that, c has to find the place again.
                self._kept = None
            self._set_stopped(stopped=True)
            self._trail.say_empty("Stopped before any entry was found; c searches on.")
            self.say(f"Stopped: {self._words()}. c searches on.")
        else:
            self.dismiss(None)


def _nothing(wanted: AuditFilter) -> str:
    if wanted == AuditFilter():
        return "The Audit Trail is empty."
    return f"No entry {'on these days' if wanted.only_dates else 'matches the filter'}; / changes the filter."


def _users_and_today(audit: AuditService) -> tuple[Users, date]:
    return audit.users(), audit.today()
