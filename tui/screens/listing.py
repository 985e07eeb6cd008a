"""The base of the places that list rows of the practice next to the details of one."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.containers import Horizontal

from core.base.errors import ApiSetupError, EditConflict
from tui.bindings import key
from tui.flows.conflict import conflict_lines
from tui.key_names import display
from tui.modals.notice import Notice
from tui.platform.workers import flow, latest
from tui.screens.practice_screen import PracticeScreen
from tui.widgets.details_panel import DetailsPanel
from tui.widgets.panel import Panel
from tui.widgets.row_list import RowList

if TYPE_CHECKING:
    from collections.abc import Coroutine, Sequence
    from typing import Any

    from textual.app import ComposeResult
    from textual.types import CSSPathType

    from tui.session import Session
    from tui.widgets.tones import Line


class ListingScreen(PracticeScreen[None]):
    """Lists rows, and shows the details of the one under the cursor. A subclass reads the rows and has the keys.

    Args:
        session: The open office and its user.
    """

    CSS_PATH: ClassVar[CSSPathType] = "listing.tcss"
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (80, "-medium"), (120, "-wide"), (160, "-widest")]  # noqa: RUF012
    SHOWS_PLACES = True
    # Keys that come before the list has the focus aren't for a filter that isn't shown yet.
    AUTO_FOCUS = "RowList"
    LIST_TITLE: ClassVar[str]

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session

    @abstractmethod
    def compose_list(self) -> ComposeResult:
        """Compose the list, and what stands below it."""

    @abstractmethod
    async def read(self) -> None:
        """Read the rows and show them."""

    @abstractmethod
    def details(self) -> tuple[str, Sequence[Line]] | None:
        """Return the title and the details of the row under the cursor; None if there is no row."""

    def compose_body(self) -> ComposeResult:
        """Compose the list and the details."""
        with Horizontal():
            with Panel(id="list-panel"):
                yield from self.compose_list()
            yield DetailsPanel()

    def on_mount(self) -> None:
        """Focus the list, and read the rows."""
        self.list_panel.show_title(self.LIST_TITLE)
        self.query_one(DetailsPanel).show_title("Details")
        self.rows.focus()
        self.reload()

    @property
    def list_panel(self) -> Panel:
        """The panel around the list."""
        return self.query_one("#list-panel", Panel)

    @property
    def rows(self) -> RowList:
        """The list."""
        return self.query_one(RowList)

    # -- loading -------------------------------------------------------------

    @latest
    async def reload(self) -> None:
        """Read the rows again."""
        await self.read_or_explain()

    @flow
    async def action_reload(self) -> None:
        """Read the rows again, and say so."""
        with self.busy("Reading…"):
            await self.read_or_explain()
        self.show_status("Reloaded.")

    async def read_or_explain(self) -> None:
        """Read the rows and show them. If that fails, an empty list says what to do.

        Raises:
            ApiSetupError: The rows can't be read.
        """
        try:
            await self.read()
        except ApiSetupError:
            self.rows.set_empty_text(f"Not loaded. Press {display(key('reload'))} to retry.")
            raise

    def show_practice_again(self) -> None:
        """Read what an undo may have changed."""
        self.reload()

    def on_unlocked(self) -> None:
        """Read what others may have changed during the lock."""
        self.reload()

    @on(RowList.Highlighted)
    def _follow_cursor(self, event: RowList.Highlighted) -> None:
        event.stop()
        self.query_one(DetailsPanel).follow(self.show_details)

    def show_details(self) -> None:
        """Show the details of the row under the cursor."""
        if not self.is_attached:
            return
        panel = self.query_one(DetailsPanel)
        title, lines = self.details() or ("Details", ())
        panel.show_title(title)
        panel.show_lines(lines)

    # -- changing ------------------------------------------------------------

    async def attempt(self, change: Coroutine[Any, Any, bool]) -> bool:
        """Make a change and show why it failed if it did. Return True if the rows must be read again."""
        try:
            return await change
        except EditConflict as error:
            self.show_outcome(Notice("Changed by another program", conflict_lines(error)))
        except ApiSetupError as error:
            self.show_problem(error)
        return True
