"""The place Payment types: the practice's list, and which one the API uses."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.containers import Horizontal

from core.base.errors import ApiSetupError, EditConflict
from core.model.payment_types import PaymentTypePage
from tui.flows.conflict import conflict_lines
from tui.flows.payment_type_changes import (
    add_payment_type,
    alphabetize,
    edit_payment_type,
    hide_payment_type,
    move_payment_type,
    unhide_payment_type,
)
from tui.modals.notice import Notice
from tui.platform.workers import flow, latest
from tui.screens.practice_screen import PracticeScreen
from tui.widgets.details_panel import DetailsPanel
from tui.widgets.panel import Panel
from tui.widgets.payment_type_rows import COLUMNS, details_lines, row_of
from tui.widgets.row_list import RowList

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from typing import Any

    from textual.app import ComposeResult

    from core.model.payment_types import ListedPaymentType
    from tui.session import Session

_NONE = "No payment types yet. Press a to add one."


class PaymentTypesScreen(PracticeScreen[None]):
    """Shows the payment types in their order, and changes them by Open Dental's rules.

    Args:
        session: The open office and its user.
    """

    CSS_PATH = "payment_types.tcss"
    MANUAL = "payment-types"
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (80, "-medium"), (120, "-wide"), (160, "-widest")]  # noqa: RUF012
    PLACE = "place-payment-types"
    SHOWS_PLACES = True
    KEYS: ClassVar[tuple[str, ...]] = (
        "back",
        "edit-type",
        "add-type",
        "hide-type",
        "move-up",
        "move-down",
        "undo-last",
        "help",
        "unhide-type",
        "alphabetize",
        "reload",
        "offices",
        "quit",
        "next-field",
    )

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session
        self._page: PaymentTypePage | None = None

    def compose_body(self) -> ComposeResult:
        """Compose the list and the details."""
        with Horizontal():
            with Panel(id="types-panel"):
                yield RowList(*COLUMNS, empty="Reading…", id="types")
            yield DetailsPanel()

    def on_mount(self) -> None:
        """Focus the list, and read the payment types."""
        self.query_one("#types-panel", Panel).show_title("Payment types")
        self.query_one(DetailsPanel).show_title("Details")
        self._list.focus()
        self.reload()

    @property
    def _list(self) -> RowList:
        return self.query_one("#types", RowList)

    @property
    def chosen(self) -> ListedPaymentType | None:
        """The payment type under the cursor."""
        row = self._list.row
        found = row.identity if row is not None else None
        return self._page.find(found) if self._page is not None and isinstance(found, int) else None

    # -- loading -------------------------------------------------------------

    @latest
    async def reload(self) -> None:
        """Read the payment types again."""
        await self._read()

    @flow
    async def action_reload(self) -> None:
        """Read the payment types again, and say so."""
        with self.busy("Reading…"):
            await self._read()
        self.show_status("Reloaded.")

    async def _read(self, keep: int | None = None) -> None:
        page = await self.call_service(self.open_session.office.payment_types.load, group="read")
        is_first = self._page is None
        self._page = page
        self._list.set_empty_text(_NONE)
        self._list.show(map(row_of, page.types), keep=keep)
        hidden = len(page.types) - len(page.shown)
        self.query_one("#types-panel", Panel).show_title("Payment types", f"{len(page.types)} · {hidden} hidden")
        self._show_details()
        remarks = " ".join(filter(None, (page.warning, *page.unknown)))
        if is_first and remarks:
            self.show_status(remarks)

    def show_practice_again(self) -> None:
        """Read what an undo may have changed."""
        self.reload()

    def on_unlocked(self) -> None:
        """Read what others may have changed during the lock."""
        self.reload()

    @on(RowList.Highlighted)
    def _follow_cursor(self, event: RowList.Highlighted) -> None:
        event.stop()
        self.query_one(DetailsPanel).follow(self._show_details)

    def _show_details(self) -> None:
        if not self.is_attached:
            return
        panel, chosen = self.query_one(DetailsPanel), self.chosen
        panel.show_title(chosen.name if chosen is not None else "Details")
        panel.show_lines(details_lines(chosen) if chosen is not None else [])

    # -- keys ----------------------------------------------------------------

    def action_back(self) -> None:
        """Go back to API Setup."""
        self.dismiss(None)

    @on(RowList.Chosen)
    def _edit_chosen(self, event: RowList.Chosen) -> None:
        event.stop()
        self.action_edit_type()

    @flow
    async def action_add_type(self) -> None:
        """Add a payment type at the end of the list."""
        page = self._page or PaymentTypePage()
        number = await add_payment_type(self, self.open_session, knows_mark=not page.unknown)
        if number:
            await self._read(keep=number)

    @flow
    async def action_edit_type(self) -> None:
        """Rename the payment type under the cursor, or change its mark for deposit slips."""
        await self._change(lambda chosen: edit_payment_type(self, self.open_session, chosen))

    @flow
    async def action_hide(self) -> None:
        """Hide the payment type under the cursor."""
        page = self._page or PaymentTypePage()
        await self._change(lambda chosen: hide_payment_type(self, self.open_session, page, chosen))

    @flow
    async def action_unhide(self) -> None:
        """Show the payment type under the cursor again."""
        await self._change(lambda chosen: unhide_payment_type(self, self.open_session, chosen))

    @flow
    async def action_move_up(self) -> None:
        """Move the payment type under the cursor up."""
        await self._move(-1)

    @flow
    async def action_move_down(self) -> None:
        """Move the payment type under the cursor down."""
        await self._move(1)

    @flow
    async def action_alphabetize(self) -> None:
        """Put all payment types in the order of their names."""
        page = self._page or PaymentTypePage()
        await self._change(lambda _chosen: alphabetize(self, self.open_session, page))

    async def _move(self, by: int) -> None:
        page = self._page or PaymentTypePage()

        async def move(chosen: ListedPaymentType) -> bool:
            await move_payment_type(self, self.open_session, page, chosen.number, by)
            return True

        await self._change(move)

    async def _change(self, change: Callable[[ListedPaymentType], Coroutine[Any, Any, bool]]) -> None:
        chosen = self.chosen
        if chosen is None:
            self.show_status(_NONE)
            return
        try:
            changed = await change(chosen)
        except EditConflict as error:
            self.show_outcome(Notice("Changed by another program", conflict_lines(error)))
            changed = True
        except ApiSetupError as error:
            self.show_problem(error)
            changed = True
        if changed:
            await self._read()
