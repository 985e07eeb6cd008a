"""The offices screen: lists the offices of the configuration file with what each answers, and opens one."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.widgets import Input

from core.base.errors import ApiSetupError
from core.filtering.terms import FilterError
from core.model.fleet import OfficeState
from tui.bindings import OFFICES
from tui.flows.fleet_access import FleetAccess
from tui.flows.fleet_changes import continue_change, enable_receipt, interrupted_sentence
from tui.flows.fleet_sign_in import sign_in_many
from tui.platform.background_work import BackgroundWork
from tui.platform.base_screen import BaseScreen
from tui.platform.workers import flow, latest
from tui.widgets.filter_input import FilterInput
from tui.widgets.office_rows import COLUMNS, LAST_OPENED, OfficeLine, office_details, office_row
from tui.widgets.panel import Panel
from tui.widgets.row_list import RowList
from tui.widgets.text_lines import TextLines

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.app import ComposeResult

    from core.fleet.filter import ListedOffice
    from core.fleet.fleet import Fleet
    from core.offices.catalog import CatalogEntry, OfficeCatalog
    from core.offices.open_request import OpenRequest
    from tui.key_definition import Key

    _Screen = BaseScreen[OpenRequest | None]
else:
    _Screen = BaseScreen


class OfficesScreen(_Screen):
    """Lists the offices. The result is the office to open, or None to stay in the current one.

    Args:
        offices: The offices of the configuration file.
        fleet: Reads and changes them.
        current: The office that is open or being opened, if any; Escape returns to it.
        is_open: True if `current` is open, False if it is still being opened.
    """

    CSS_PATH = "offices.tcss"
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (150, "-wide")]  # noqa: RUF012 - declared so by Textual
    PAUSES_WHEN_LOCKED = False  # instead of unlocking this office, another one may be opened
    PLACE = OFFICES
    SHOWS_PLACES = True
    KEYS: ClassVar[tuple[str, ...]] = (
        "open-office",
        "sign-in-many",
        "by-developer",
        "find-office",
        "sort",
        "continue-change",
        "end-find",
        "reload-offices",
        "enable-receipt",
        "help",
        "quit",
    )
    MANUAL = "fleet"
    # Keys that come before the list has the focus aren't for the filter, which isn't shown yet.
    AUTO_FOCUS = "#offices"
    TYPING_KEYS: ClassVar[tuple[str, ...]] = ("open-office", "complete", "end-find")

    def __init__(
        self,
        offices: OfficeCatalog,
        fleet: FleetAccess,
        current: OpenRequest | None = None,
        *,
        is_open: bool = False,
    ) -> None:
        super().__init__()
        self._is_open = is_open
        self._offices = offices
        self._access = fleet
        self._current = current
        self._listed: dict[str, CatalogEntry] = {}
        self._problem: ApiSetupError | None = None
        self._fleet: Fleet | None = None
        self._work = BackgroundWork(self, self._show_rows)
        self._meets: Callable[[ListedOffice], bool] | None = None
        self._filtering = False
        self._sorted_by: int | None = None
        """The index of the column that the list is sorted by; None for the order of the configuration file."""

    def compose_body(self) -> ComposeResult:
        """Yield the filter, the list and the details of the office under the cursor."""
        with Panel(id="offices-panel"):
            yield FilterInput(id="filter", placeholder="tag:north api:off developer:clearpay; Tab completes")
            yield RowList(*COLUMNS, empty="", id="offices")
        with Panel(id="details-panel"):
            yield TextLines(id="details", can_focus=False)

    def on_mount(self) -> None:
        """Focus the list and load the offices."""
        self._filter.display = False
        self._filter.completions = self._completions
        self.query_one("#offices-panel", Panel).show_title("Offices")
        self.query_one("#details-panel", Panel).show_title("Details")
        self._rows.focus()
        self.load_offices(reload=self._current is not None)

    def on_unmount(self) -> None:
        """Read no further office."""
        self._work.stop()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Disable Escape if it has nothing to end or return to, and the Enter key while the filter has focus."""
        if action == "end_filter":
            return self._current is not None or self._filtering
        if action == "open_office":
            return not isinstance(self.focused, Input) and super().check_action(action, parameters)
        return super().check_action(action, parameters)

    def is_useful(self, key: Key) -> bool:
        """Leave continuing out of the key bar unless a change was interrupted."""
        return key.id != "continue-change" or bool(self._interrupted)

    @property
    def _rows(self) -> RowList:
        return self.query_one("#offices", RowList)

    @property
    def _filter(self) -> FilterInput:
        return self.query_one("#filter", FilterInput)

    # -- loading ---------------------------------------------------------------

    _interrupted = ""
    """A sentence about a change in several offices that was interrupted; empty if none was."""

    @latest
    async def load_offices(self, message: str = "", *, reload: bool = True) -> None:
        """Load the offices; the first time, put the cursor on the current one or the one that was opened last.

        Then read them all in the background.

        Args:
            message: The status message to show when the offices are loaded.
            reload: False to show the configuration file as it was when it was last read.
        """
        self._work.stop()
        try:
            offices = await self.call_service(
                self._offices.reload if reload else self._offices.entries, group="offices"
            )
        except ApiSetupError as error:
            self._listed, self._problem = {}, error
            self._show_rows()
            self.terminal_app.record_problem(error)
            self.show_status("The configuration file can't be used. Press r to reload it.", "problem")
            return
        is_first_load = not self._listed
        self._listed, self._problem = {each.name: each for each in offices}, None
        self._show_rows(keep=self._initial_office() if is_first_load else None)
        self.show_status(message)
        await self._read()

    async def _read(self) -> None:
        """Read all offices in the background."""
        fleet = self._fleet = await self.call_service(self._access.open, group="fleet-open")
        self._show_rows()
        try:
            self._interrupted = await self.call_service(partial(interrupted_sentence, fleet), group="fleet-open")
        except ApiSetupError as error:
            # The companion of a team doesn't answer; the offices may.
            self.show_problem(error)
        if self._interrupted:
            self.show_status(f"{self._interrupted} Press C to continue it.", "problem")
            self.refresh_bindings()
        await self._work.run(lambda stopped: fleet.read(self._work.note, stopped))

    def _initial_office(self) -> str | None:
        if self._current is not None:
            return self._current.office.name
        opened = {each.last_opened: each.name for each in self._listed.values() if each.last_opened is not None}
        return opened[max(opened)] if opened else None

    # -- the list ----------------------------------------------------------------

    def _lines(self) -> list[OfficeLine]:
        states = {} if self._fleet is None else {state.office: state for state in self._fleet.states}
        now = self._fleet.now if self._fleet is not None else None
        current = self._current.office.name if self._is_open and self._current is not None else None
        return [
            OfficeLine(entry, states.get(name) or OfficeState(name, entry.request.office.tags), name == current, now)
            for name, entry in self._listed.items()
        ]

    def _show_rows(self, keep: str | None = None) -> None:
        lines = self._in_order([line for line in self._lines() if self._is_shown(line)])
        self._rows.set_empty_text(self._empty_text)
        shown, count = len(lines), len(self._listed)
        counts = str(count) if shown == count else f"{shown} of {count}"
        self.query_one("#offices-panel", Panel).show_title("Offices", f"{counts}{self._progress(lines)}")
        self._rows.show([office_row(line) for line in lines], keep=keep)
        self._show_details()

    def _progress(self, lines: list[OfficeLine]) -> str:
        troubled = sum(bool(line.state.failure) and not line.state.signed_in_as for line in lines)
        signed_in = sum(bool(line.state.signed_in_as) for line in lines)
        parts = [f"{signed_in} signed in"] if signed_in else []
        parts += [f"{troubled} not read"] if troubled else []
        return "".join(f" · {part}" for part in parts)

    def _is_shown(self, line: OfficeLine) -> bool:
        if self._meets is None:
            return True
        from core.fleet.filter import ListedOffice

        return self._meets(ListedOffice(line.state, line.search_text))

    def _in_order(self, lines: list[OfficeLine]) -> list[OfficeLine]:
        """Return the offices in the order that was chosen; those that were opened last come first."""
        column = self._sorted_by
        if column is None:
            return lines
        return sorted(lines, key=lambda line: line.sort_keys[column], reverse=column == LAST_OPENED)  # type: ignore[arg-type, return-value]  # the values of one column are of one type

    def action_sort(self) -> None:
        """Sort the offices by the next column that is shown, and after the last one as the file lists them."""
        following = 0 if self._sorted_by is None else self._sorted_by + 1
        while following < len(COLUMNS) and not self._rows.shows_column(following):
            following += 1
        self._sorted_by = following if following < len(COLUMNS) else None
        self._rows.show_order(self._sorted_by, descending=self._sorted_by == LAST_OPENED)
        self._show_rows()
        name = "" if self._sorted_by is None else COLUMNS[self._sorted_by].title
        self.show_status(f"Sorted by {name}." if name else "In the order of the configuration file.")

    @on(RowList.Highlighted)
    def _show_details(self) -> None:
        details = self.query_one("#details", TextLines)
        if self._problem is not None:
            # Shown here as well, because a path is often too long for the status line.
            details.show([self._problem.sentence, self._problem.hint])
            return
        row = self._rows.row
        line = next((each for each in self._lines() if row is not None and each.entry.name == row.identity), None)
        details.show(office_details(line) if line is not None else [])

    @property
    def _empty_text(self) -> str:
        if self._problem is not None:
            return "The offices can't be read."
        if self._listed:
            return "No office matches the filter. Press Esc to show all."
        return "The configuration file has no offices. Add one with: apisetup offices add"

    @property
    def _highlighted(self) -> CatalogEntry | None:
        row = self._rows.row
        return self._listed.get(str(row.identity)) if row else None

    # -- keys --------------------------------------------------------------------

    @on(RowList.Chosen)
    def _open_chosen_office(self, event: RowList.Chosen) -> None:
        event.stop()
        self.action_open_office()

    def action_open_office(self) -> None:
        """Open the office under the cursor; if it is the current one, return to it."""
        office = self._highlighted
        if office is None:
            self.show_status("No office is selected.")
            return
        is_current = self._current is not None and office.name == self._current.office.name
        self.dismiss(None if is_current else office.request)

    @flow
    async def action_sign_in_many(self) -> None:
        """Sign in to the offices that the list shows, and read them in full."""
        if self._fleet is not None:
            shown = [str(self._rows.rows.row(index).identity) for index in range(len(self._rows.rows))]  # type: ignore[union-attr]  # all rows are in memory
            await sign_in_many(self, self._fleet, self._work, shown)

    def action_by_developer(self) -> None:
        """Show the developers by office."""
        from tui.screens.fleet_developers import FleetDevelopersScreen

        if self._fleet is not None:
            self.open_screen(FleetDevelopersScreen(self._fleet, self._access.paths), lambda _result: self._show_rows())

    @flow
    async def action_enable_receipt(self) -> None:
        """Enable what a receipt disabled."""
        if self._fleet is not None:
            await enable_receipt(self, self._fleet, self._work, self._access.paths)

    @flow
    async def action_continue_change(self) -> None:
        """Continue a change in several offices that was interrupted."""
        if self._fleet is None or not self._interrupted:
            self.show_status("No change in several offices was interrupted.")
            return
        await continue_change(self, self._fleet, self._work, self._access.paths)
        self._interrupted = await self.call_service(partial(interrupted_sentence, self._fleet), group="fleet-open")
        self.refresh_bindings()

    # -- the filter ----------------------------------------------------------------

    def action_filter(self) -> None:
        """Show the filter and move focus to it."""
        self._filter.display = self._filtering = True
        self.set_focus(self._filter)
        self.refresh_bindings()

    def action_end_filter(self) -> None:
        """Clear the filter; without one, return to the current office."""
        if not self._filtering:
            self.dismiss(None)
            return
        with self.prevent(Input.Changed):
            self._filter.value = ""
        self._meets = None
        self._filter.display = self._filtering = False
        self._rows.focus()
        self._show_rows()
        self.refresh_bindings()

    def _completions(self, text: str) -> tuple[str, ...]:
        from core.fleet.filter import completions

        return completions(text, self._fleet.states if self._fleet is not None else ())

    @on(FilterInput.Choices)
    def _show_choices(self, event: FilterInput.Choices) -> None:
        self.show_status("  ".join(event.words) if event.words else "No completions.")

    @on(Input.Changed, "#filter")
    def _apply_filter(self) -> None:
        """Filter by what was typed so far; a word that isn't complete yet changes nothing."""
        from core.fleet.filter import parse_office_filter

        self.show_status("")
        try:
            self._meets = parse_office_filter(self._filter.value)
        except FilterError:
            return
        self._show_rows()

    @on(Input.Submitted, "#filter")
    def _submit_filter(self, event: Input.Submitted) -> None:
        """Open the office if only one matches the filter, or else move focus to the list."""
        from core.fleet.filter import parse_office_filter

        event.stop()
        try:
            parse_office_filter(self._filter.value)
        except FilterError as error:
            self.show_status(str(error), "problem")
            self._filter.select_range(error.start, error.end)
            return
        if len(self._rows.rows) == 1:
            self.action_open_office()
        else:
            self._rows.focus()

    def action_reload(self) -> None:
        """Load the configuration file again, and read all offices."""
        self.load_offices("Reloaded.")
