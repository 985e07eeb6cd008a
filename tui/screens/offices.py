"""The offices of the configuration file, to choose one from."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.containers import Horizontal
from textual.widgets import Input, Static

from core.base.errors import ApiSetupError
from core.database.address import ServerAddress
from tui.platform.base_screen import BaseScreen
from tui.platform.workers import latest
from tui.widgets.inputs import PlainInput
from tui.widgets.row_list import Column, Row, RowList
from tui.widgets.text_lines import TextLines

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from core.offices.catalog import CatalogEntry, OfficeCatalog
    from core.offices.open_request import OpenRequest

    _Screen = BaseScreen[OpenRequest | None]
else:
    _Screen = BaseScreen

_COLUMNS = (
    Column("Office", 20, min_width=12, flexible=True),
    Column("Server", 22, min_width=12),
    Column("Database", 14, min_width=8),
    Column("Last opened", 11, min_width=11),
)


class OfficesScreen(_Screen):
    """Lists the offices; gives the one to open, or None where the one that is open stays.

    Args:
        offices: Reads them.
        current: The office that is open or being opened, if any; Escape goes back to it.
        is_open: Whether it is open by now.
    """

    CSS_PATH = "offices.tcss"
    PAUSES_WHEN_LOCKED = False  # one may go to another office instead of signing in here
    KEYS: ClassVar[tuple[str, ...]] = ("open-office", "find-office", "end-find", "reload-offices", "help", "quit")
    TYPING_KEYS: ClassVar[tuple[str, ...]] = ("open-office", "end-find")

    def __init__(self, offices: OfficeCatalog, current: OpenRequest | None = None, *, is_open: bool = False) -> None:
        super().__init__()
        self._is_open = is_open
        self._offices = offices
        self._current = current
        self._listed: dict[str, CatalogEntry] = {}
        self._problem: ApiSetupError | None = None
        self._filtering = False

    def compose_body(self) -> ComposeResult:
        """Make the title, the filter, the list and what is known of the office under the cursor."""
        with Horizontal(id="offices-title"):
            yield Static("Offices", id="offices-label", markup=False)
            yield PlainInput(id="filter", placeholder="a part of the name, the server or the database")
        yield RowList(*_COLUMNS, empty="", id="offices")
        yield TextLines(id="details", can_focus=False)

    def on_mount(self) -> None:
        """Show the offices. A start has just read the configuration file and doesn't read it again."""
        self._filter.display = False
        self._rows.focus()
        self.read_offices(reload=self._current is not None)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Escape has something to do in the filter, or where there is an office to go back to."""
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

    # -- reading ---------------------------------------------------------------

    @latest
    async def read_offices(self, said: str = "", *, reload: bool = True) -> None:
        """Read the offices, and put the cursor on the one that is open, or was opened last.

        Args:
            said: What is said when that went well.
            reload: False to show the configuration file as it was when it was last read.
        """
        try:
            listed = await self.ask(self._offices.reload if reload else self._offices.entries, group="offices")
        except ApiSetupError as error:
            self._listed, self._problem = {}, error
            self._show_rows()
            self.terminal_app.record_problem(error)
            self.say("The configuration file cannot be used; r reads it again.", "problem")
            return
        first = not self._listed
        self._listed, self._problem = {each.name: each for each in listed}, None
        self._show_rows(keep=self._begin_at() if first else None)
        self.say(said)

    def _begin_at(self) -> str | None:
        if self._current is not None:
            return self._current.office.name
        opened = {each.last_opened: each.name for each in self._listed.values() if each.last_opened is not None}
        return opened[max(opened)] if opened else None

    def _show_rows(self, keep: str | None = None) -> None:
        words = self._filter.value.casefold().split()
        matching = [
            row for row in map(self._row, self._listed.values()) if all(word in _searched(row) for word in words)
        ]
        self._rows.say_empty(self._why_empty)
        shown, count = len(matching), len(self._listed)
        number = str(count) if shown == count else f"{shown} of {count}"
        self.query_one("#offices-label", Static).update(f"Offices: {number}  ")
        self._rows.show(matching, keep=keep)
        self._show_details()

    def _row(self, office: CatalogEntry) -> Row:
        opened = f"{office.last_opened:%Y-%m-%d}" if office.last_opened else "never"
        current = self._is_open and self._current is not None and office.name == self._current.office.name
        return Row((office.name, *_place(office), "open now" if current else opened), office.name)

    @on(RowList.Highlighted)
    def _show_details(self) -> None:
        office, details = self._highlighted, self.query_one("#details", TextLines)
        if self._problem is not None:
            # A path is often too long for the status line.
            details.show([self._problem.sentence, self._problem.hint])
        else:
            details.show(_details(office) if office else [])

    @property
    def _why_empty(self) -> str:
        if self._problem is not None:
            return "The offices cannot be read."
        if self._listed:
            return "No office matches the filter; Escape shows all."
        return "The configuration file has no office any more: apisetup offices add adds one."

    @property
    def _highlighted(self) -> CatalogEntry | None:
        row = self._rows.row
        return self._listed.get(str(row.identity)) if row else None

    # -- keys --------------------------------------------------------------------

    @on(RowList.Chosen)
    def _chosen(self, event: RowList.Chosen) -> None:
        event.stop()
        self.action_open_office()

    def action_open_office(self) -> None:
        """Open the office under the cursor, or go back to it where it is the one that is open."""
        office = self._highlighted
        if office is None:
            self.say("There is no office to open here.")
            return
        current = self._current is not None and office.name == self._current.office.name
        self.dismiss(None if current else office.request)

    def action_filter(self) -> None:
        """Go to the filter."""
        self._filter.display = self._filtering = True
        self.set_focus(self._filter)
        self.refresh_bindings()

    def action_end_filter(self) -> None:
        """Show all offices again; without a filter, go back to the one that is open."""
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
    def _narrow(self) -> None:
        self._show_rows()

    @on(Input.Submitted, "#filter")
    def _open_found(self, event: Input.Submitted) -> None:
        """Enter in the filter opens the only office that is left, or goes to the list of several."""
        event.stop()
        if len(self._rows.rows) == 1:
            self.action_open_office()
        else:
            self._rows.focus()

    def action_reload(self) -> None:
        """Read the configuration file again."""
        self.read_offices("Read again.")


def _place(office: CatalogEntry) -> tuple[str, str]:
    """The server and the database."""
    address = office.request.office.address
    if isinstance(address, ServerAddress):
        return address.socket or address.host, address.database
    return "this computer", address.path.name


def _searched(row: Row) -> str:
    return " ".join(row.cells[:3]).casefold()


def _details(office: CatalogEntry) -> list[str]:
    """What the configuration file says of an office; what the server says comes when it is open."""
    request = office.request
    address = request.office.address
    opened = f"{office.last_opened:%Y-%m-%d %H:%M}, as far as this computer knows" if office.last_opened else "never"
    lines = [f"{office.name}: {address.label}", f"Last opened: {opened}"]
    words = [
        *(["PRODUCTION: real patients' data"] if request.office.production else []),
        *(["READ-ONLY: nothing is written"] if request.read_only else []),
    ]
    if words:
        lines.append("; ".join(words))
    if isinstance(address, ServerAddress):
        lines.append(f"Line: {_line(address)}. Keys: {request.authority.value}.")
        lines.append(f"Database password: {_password(request)}")
    return lines


def _line(address: ServerAddress) -> str:
    return "encrypted and verified" if address.tls is not None else "not encrypted"


def _password(request: OpenRequest) -> str:
    if request.prompts_for_password:
        return "asked for"
    # A command's arguments may tell more than its name should.
    return f"from {request.office.password_from.kind.label}"
