"""The offices screen: lists the offices of the configuration file and opens one."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.widgets import Input

from core.base.errors import ApiSetupError
from core.database.address import ServerAddress
from tui.platform.base_screen import BaseScreen
from tui.platform.workers import latest
from tui.widgets.inputs import PlainInput
from tui.widgets.panel import Panel
from tui.widgets.row_list import RowList
from tui.widgets.rows import Column, Row
from tui.widgets.text_lines import TextLines

if TYPE_CHECKING:
    from collections.abc import Iterable

    from textual.app import ComposeResult

    from core.offices.catalog import CatalogEntry, OfficeCatalog
    from core.offices.open_request import OpenRequest

    _Screen = BaseScreen[OpenRequest | None]
else:
    _Screen = BaseScreen

_COLUMNS = (
    Column("Office", 24, min_width=12, max_width=40),
    Column("Server", 22, min_width=12, max_width=32),
    Column("Database", 14, min_width=8, max_width=24),
    Column("Last opened", 12, min_width=12),
)
_LAST_OPENED = 3
"""The index of that column."""


class OfficesScreen(_Screen):
    """Lists the offices. The result is the office to open, or None to stay in the current one.

    Args:
        offices: The offices of the configuration file.
        current: The office that is open or being opened, if any; Escape returns to it.
        is_open: True if `current` is open, False if it is still being opened.
    """

    CSS_PATH = "offices.tcss"
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (130, "-wide")]  # noqa: RUF012 - declared so by Textual
    PAUSES_WHEN_LOCKED = False  # instead of unlocking this office, another one may be opened
    PLACE = "place-offices"
    SHOWS_PLACES = True
    KEYS: ClassVar[tuple[str, ...]] = (
        "open-office",
        "find-office",
        "sort",
        "end-find",
        "reload-offices",
        "help",
        "quit",
    )
    MANUAL = "offices"
    TYPING_KEYS: ClassVar[tuple[str, ...]] = ("open-office", "end-find")

    def __init__(self, offices: OfficeCatalog, current: OpenRequest | None = None, *, is_open: bool = False) -> None:
        super().__init__()
        self._is_open = is_open
        self._offices = offices
        self._current = current
        self._listed: dict[str, CatalogEntry] = {}
        self._problem: ApiSetupError | None = None
        self._filtering = False
        self._sorted_by: int | None = None
        """The index of the column that the list is sorted by; None for the order of the configuration file."""

    def compose_body(self) -> ComposeResult:
        """Yield the filter, the list and the details of the office under the cursor."""
        with Panel(id="offices-panel"):
            yield PlainInput(id="filter", placeholder="Filter by name, server or database")
            yield RowList(*_COLUMNS, empty="", id="offices")
        with Panel(id="details-panel"):
            yield TextLines(id="details", can_focus=False)

    def on_mount(self) -> None:
        """Focus the list and load the offices."""
        self._filter.display = False
        self.query_one("#offices-panel", Panel).show_title("Offices")
        self.query_one("#details-panel", Panel).show_title("Details")
        self._rows.focus()
        self.load_offices(reload=self._current is not None)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Disable Escape if it has nothing to end or return to, and the Enter key while the filter has focus."""
        if action == "end_filter":
            return self._current is not None or self._filtering
        if action == "open_office":
            return not isinstance(self.focused, Input) and super().check_action(action, parameters)
        return super().check_action(action, parameters)

    @property
    def _rows(self) -> RowList:
        return self.query_one("#offices", RowList)

    @property
    def _filter(self) -> PlainInput:
        return self.query_one("#filter", PlainInput)

    # -- loading ---------------------------------------------------------------

    @latest
    async def load_offices(self, message: str = "", *, reload: bool = True) -> None:
        """Load the offices; the first time, put the cursor on the current one or the one that was opened last.

        Args:
            message: The status message to show when the offices are loaded.
            reload: False to show the configuration file as it was when it was last read.
        """
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

    def _initial_office(self) -> str | None:
        if self._current is not None:
            return self._current.office.name
        opened = {each.last_opened: each.name for each in self._listed.values() if each.last_opened is not None}
        return opened[max(opened)] if opened else None

    def _show_rows(self, keep: str | None = None) -> None:
        words = self._filter.value.casefold().split()
        offices = self._in_order(self._listed.values())
        matching = [row for row in map(self._row, offices) if all(word in _search_text(row) for word in words)]
        self._rows.set_empty_text(self._empty_text)
        shown, count = len(matching), len(self._listed)
        counts = str(count) if shown == count else f"{shown} of {count}"
        self.query_one("#offices-panel", Panel).show_title("Offices", counts)
        self._rows.show(matching, keep=keep)
        self._show_details()

    def _in_order(self, offices: Iterable[CatalogEntry]) -> list[CatalogEntry]:
        """Return the offices in the order that was chosen; those that were opened last come first."""
        if self._sorted_by is None:
            return list(offices)
        if self._sorted_by == _LAST_OPENED:
            return sorted(offices, key=lambda each: (each.last_opened is not None, each.last_opened), reverse=True)
        column = self._sorted_by
        return sorted(offices, key=lambda each: self._row(each).cells[column].casefold())

    def action_sort(self) -> None:
        """Sort the offices by the next column, and after the last one as the configuration file lists them."""
        following = 0 if self._sorted_by is None else self._sorted_by + 1
        self._sorted_by = following if following < len(_COLUMNS) else None
        self._rows.show_order(self._sorted_by, descending=self._sorted_by == _LAST_OPENED)
        self._show_rows()
        name = "" if self._sorted_by is None else _COLUMNS[self._sorted_by].title
        self.show_status(f"Sorted by {name}." if name else "In the order of the configuration file.")

    def _row(self, office: CatalogEntry) -> Row:
        opened = f"{office.last_opened:%Y-%m-%d}" if office.last_opened else "never"
        is_open = self._is_open and self._current is not None and office.name == self._current.office.name
        return Row((office.name, *_server_and_database(office), "open now" if is_open else opened), office.name)

    @on(RowList.Highlighted)
    def _show_details(self) -> None:
        office, details = self._highlighted, self.query_one("#details", TextLines)
        if self._problem is not None:
            # Shown here as well, because a path is often too long for the status line.
            details.show([self._problem.sentence, self._problem.hint])
        else:
            details.show(_details(office) if office else [])

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
        self._filter.display = self._filtering = False
        self._rows.focus()
        self._show_rows()
        self.refresh_bindings()

    @on(Input.Changed, "#filter")
    def _apply_filter(self) -> None:
        self._show_rows()

    @on(Input.Submitted, "#filter")
    def _submit_filter(self, event: Input.Submitted) -> None:
        """Open the office if only one matches the filter, or else move focus to the list."""
        event.stop()
        if len(self._rows.rows) == 1:
            self.action_open_office()
        else:
            self._rows.focus()

    def action_reload(self) -> None:
        """Load the offices again."""
        self.load_offices("Reloaded.")


def _server_and_database(office: CatalogEntry) -> tuple[str, str]:
    """Return the texts of the columns for the server and the database."""
    address = office.request.office.address
    if isinstance(address, ServerAddress):
        return address.socket or address.host, address.database
    return "this computer", address.path.name


def _search_text(row: Row) -> str:
    return " ".join(row.cells[:3]).casefold()


def _details(office: CatalogEntry) -> list[str]:
    """Return the details from the configuration file; those from the server are known only when the office is open."""
    request = office.request
    opened = f"{office.last_opened:%Y-%m-%d %H:%M}, from this computer" if office.last_opened else "never"
    lines = [f"{office.name}: {request.office.address.label}", f"Last opened: {opened}"]
    remarks = [
        *(["PRODUCTION: real patients' data"] if request.office.production else []),
        *(["READ-ONLY: nothing is written"] if request.read_only else []),
    ]
    if remarks:
        lines.append("; ".join(remarks))
    if isinstance(request.office.address, ServerAddress):
        lines.append(f"Connection: {_encryption(request.office.address)}. Keys: {request.authority.value}.")
        lines.append(f"Database password: {_password_source(request)}")
    return lines


def _encryption(address: ServerAddress) -> str:
    if address.tls is not None:
        return "encrypted and verified"
    return "encrypted if the server offers it (local)" if address.tls_if_offered else "not encrypted"


def _password_source(request: OpenRequest) -> str:
    if request.prompts_for_password:
        return "prompt"
    # A password command's arguments may contain a secret, so only the kind of source is shown.
    return f"from {request.office.password_from.kind.label}"
