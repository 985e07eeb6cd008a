"""The developers of all offices: a row for each developer, and a column for each office."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.events import Resize

from core.base.plural import count_of
from core.fleet.developers import Developer, find_developers
from tui.flows.fleet_changes import cut_off
from tui.flows.fleet_sign_in import sign_in_many
from tui.modals.choice import Choice
from tui.platform.background_work import BackgroundWork
from tui.platform.base_screen import BaseScreen
from tui.platform.workers import flow, latest
from tui.widgets.fleet_cells import OFFICE_COLUMN, developer_details, office_cell, office_column
from tui.widgets.panel import Panel
from tui.widgets.row_list import RowList
from tui.widgets.rows import COLUMN_GAP, Column, Row
from tui.widgets.text_lines import TextLines

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from core.fleet.fleet import Fleet
    from core.model.fleet import OfficeState
    from core.offices.paths import Paths

_DEVELOPER = Column("Developer", 22, min_width=14)
_ENABLED = Column("On", 3, min_width=3, right=True)
_FIXED = 2
"""The number of columns that don't scroll."""


class DeveloperRows:
    """A `RowSource` that makes the cells of the offices in view only when a row is drawn."""

    def __init__(self, developers: Sequence[Developer], offices: Sequence[OfficeState], fleet: Fleet) -> None:
        self._developers = developers
        self._offices = offices
        self._now = fleet.now

    def __len__(self) -> int:
        return len(self._developers)

    def row(self, index: int) -> Row:
        """Return the row of a developer, with a cell for each office in view."""
        developer = self._developers[index]
        cells = [office_cell(state, developer.keys.get(state.office, ()), self._now) for state in self._offices]
        tones = {number + _FIXED: tone for number, (_, tone) in enumerate(cells)}
        texts = (developer.name, str(developer.enabled), *(text for text, _ in cells))
        return Row(texts, developer.name, tones=tones, mark="~" if developer.similar else "")

    def find(self, identity: Hashable) -> int | None:
        """Return the index of a developer by name."""
        return next((index for index, each in enumerate(self._developers) if each.name == identity), None)


class FleetDevelopersScreen(BaseScreen[None]):
    """Shows the developers by office.

    Args:
        fleet: The offices.
        paths: Where receipts are written.
    """

    CSS_PATH = "fleet_developers.tcss"
    MANUAL = "fleet"
    SHOWS_PLACES = True
    PAUSES_WHEN_LOCKED = False
    KEYS: ClassVar[tuple[str, ...]] = (
        "cut-off",
        "by-developer",
        "offices-left",
        "offices-right",
        "sign-in-many",
        "join-names",
        "sort",
        "back",
        "help",
        "quit",
    )

    def __init__(self, fleet: Fleet, paths: Paths) -> None:
        super().__init__()
        self._fleet = fleet
        self._paths = paths
        self._work = BackgroundWork(self, lambda: None)
        self._developers: tuple[Developer, ...] = ()
        self._offices: tuple[OfficeState, ...] = ()
        self._first = 0
        """The index of the first office in view."""
        self._by_enabled = False

    def compose_body(self) -> ComposeResult:
        """Compose the table and the details of the developer under the cursor."""
        with Panel(id="developers-panel"):
            yield RowList(_DEVELOPER, _ENABLED, empty="Reading…", id="developers")
        with Panel(id="details-panel"):
            yield TextLines(id="details", can_focus=False)

    def on_mount(self) -> None:
        """Focus the table and find the developers."""
        self.query_one("#developers-panel", Panel).show_title("Developers by office")
        self.query_one("#details-panel", Panel).show_title("Details")
        self._list.focus()
        self.find()

    @property
    def _list(self) -> RowList:
        return self.query_one("#developers", RowList)

    @property
    def _developer(self) -> Developer | None:
        row = self._list.row
        return next((each for each in self._developers if row is not None and each.name == row.identity), None)

    # -- the table -----------------------------------------------------------------

    @latest
    async def find(self, message: str = "") -> None:
        """Find the developers in the last answers of the offices where somebody is signed in."""
        await self._find()
        if message:
            self.show_status(message, "ok")

    async def _find(self) -> None:
        offices = self._fleet.states
        # Names of developers are shown only to those who may open API Setup there.
        seen = tuple(state for state in offices if state.signed_in_as)
        self._developers = await self.call_service(partial(_developers_of, self._fleet, seen), group="developers")
        # Without any sign-in, only the invitation to sign in is shown.
        self._offices = offices if seen else ()
        if self._by_enabled:
            self._developers = tuple(sorted(self._developers, key=lambda each: -each.enabled))
        self._first = min(self._first, max(0, len(offices) - 1))
        self._show()

    def _show(self) -> None:
        shown = self._offices[self._first : self._first + self._room]
        empty = "Nobody is signed in. Press S to sign in to the offices." if not self._offices else "No API keys."
        self._list.set_empty_text(empty)
        now = self._fleet.now
        columns = (office_column(state, now) for state in shown)
        self._list.show_columns(_DEVELOPER, _ENABLED, *columns)
        self._list.show(DeveloperRows(self._developers, shown, self._fleet))
        counts = f"{len(self._developers)}"
        if self._offices:
            last = self._first + len(shown)
            counts += f" · offices {self._first + 1} to {last} of {len(self._offices)}"
            unseen = sum(not state.signed_in_as for state in self._offices)
            counts += f" · {unseen} not signed in" if unseen else ""
        self.query_one("#developers-panel", Panel).show_title("Developers by office", counts)
        self._show_details()

    @property
    def _room(self) -> int:
        """The number of offices for which there is room."""
        left = self._list.size.width - 2 - _DEVELOPER.width - COLUMN_GAP - _ENABLED.width
        return max(1, left // (OFFICE_COLUMN + COLUMN_GAP))

    @on(Resize)
    def _fit(self) -> None:
        if self._offices:
            self.call_after_refresh(self._show)

    @on(RowList.Highlighted)
    def _show_details(self) -> None:
        developer = self._developer
        lines = developer_details(developer, self._fleet.states) if developer is not None else []
        self.query_one("#details", TextLines).show(lines)

    # -- keys ----------------------------------------------------------------------

    def action_by_developer(self) -> None:
        """Go back to the list of offices."""
        self.dismiss(None)

    def action_back(self) -> None:
        """Go back to the list of offices."""
        self.dismiss(None)

    def action_scroll_left(self) -> None:
        """Show the offices further left."""
        self._scroll(-1)

    def action_scroll_right(self) -> None:
        """Show the offices further right."""
        self._scroll(1)

    def _scroll(self, by: int) -> None:
        first = max(0, min(self._first + by, len(self._offices) - self._room))
        if first != self._first:
            self._first = first
            self._show()

    def action_sort(self) -> None:
        """Sort by the number of enabled keys, or by name again."""
        self._by_enabled = not self._by_enabled
        self.find("Sorted by the number of enabled keys." if self._by_enabled else "Sorted by name.")

    @flow
    async def action_sign_in_many(self) -> None:
        """Sign in to the offices where nobody is signed in."""
        await sign_in_many(self, self._fleet, self._work)
        await self._find()

    @flow
    async def action_cut_off(self) -> None:
        """Cut the developer under the cursor off in all offices."""
        developer = self._developer
        if developer is None:
            self.show_status("No developer is selected.")
            return
        await cut_off(self, self._fleet, self._work, self._paths, developer.name)
        names = [state.office for state in self._fleet.states if state.office in developer.keys]
        await self._work.run(lambda stopped: self._fleet.read_again(self._work.note, stopped, names))
        await self._find()

    @flow
    async def action_join_names(self) -> None:
        """Join the developer under the cursor with another one, or separate its names."""
        developer = self._developer
        if developer is None:
            self.show_status("No developer is selected.")
            return
        others = [each for each in self._developers if each.name != developer.name]
        others.sort(key=lambda each: each.name not in developer.similar)
        separate = [f"Separate {', '.join(developer.names)}"] if len(developer.names) > 1 else []
        options = [*separate, *(f"Join with {each.name}{_similar(each, developer)}" for each in others)]
        chosen = await self.app.push_screen_wait(Choice(f"Names of {developer.name}", options))
        if chosen is None:
            return
        store = self._fleet.store
        if chosen < len(separate):
            await self.commit(partial(store.separate, developer.names))
            await self._find()
            self.show_status("Separated. Names that headquarters joins stay joined.", "ok")
            return
        other = others[chosen - len(separate)]
        await self.commit(partial(store.join, developer.names, other.name))
        await self._find()
        offices = count_of(len(developer.keys.keys() | other.keys.keys()), "office")
        self.show_status(f"Joined {developer.name} with {other.name}: {offices}. N separates them.", "ok")


def _developers_of(fleet: Fleet, offices: Sequence[OfficeState]) -> tuple[Developer, ...]:
    return find_developers(offices, fleet.store.joined_names())


def _similar(other: Developer, developer: Developer) -> str:
    return " (similar)" if other.name in developer.similar else ""
