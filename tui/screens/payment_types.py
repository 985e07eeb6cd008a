"""The place Payment types: the practice's list, and which one the API uses."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual import on

from core.model.payment_types import PaymentTypePage
from tui.flows.payment_type_changes import (
    add_payment_type,
    alphabetize,
    edit_payment_type,
    hide_payment_type,
    move_payment_type,
    unhide_payment_type,
)
from tui.platform.workers import flow
from tui.screens.listing import ListingScreen
from tui.widgets.payment_type_rows import COLUMNS, details_lines, row_of
from tui.widgets.row_list import RowList

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Sequence
    from typing import Any

    from textual.app import ComposeResult

    from core.model.payment_types import ListedPaymentType
    from tui.session import Session
    from tui.widgets.tones import Line

_NONE = "No payment types yet. Press a to add one."


class PaymentTypesScreen(ListingScreen):
    """Shows the payment types in their order, and changes them by Open Dental's rules.

    Args:
        session: The open office and its user.
    """

    MANUAL = "payment-types"
    PLACE = "place-payment-types"
    LIST_TITLE = "Payment types"
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
        super().__init__(session)
        self._page: PaymentTypePage | None = None

    def compose_list(self) -> ComposeResult:
        """Compose the list."""
        yield RowList(*COLUMNS, empty="Reading…", id="types")

    @property
    def chosen(self) -> ListedPaymentType | None:
        """The payment type under the cursor."""
        row = self.rows.row
        found = row.identity if row is not None else None
        return self._page.find(found) if self._page is not None and isinstance(found, int) else None

    async def read(self, keep: int | None = None) -> None:
        """Read the payment types and show them.

        Args:
            keep: The number of the payment type that the cursor goes to; None for the one that it is on.
        """
        page = await self.call_service(self.open_session.office.payment_types.load, group="read")
        is_first = self._page is None
        self._page = page
        self.rows.set_empty_text(_NONE)
        self.rows.show(map(row_of, page.types), keep=keep)
        hidden = len(page.types) - len(page.shown)
        self.list_panel.show_title(self.LIST_TITLE, f"{len(page.types)} · {hidden} hidden")
        self.show_details()
        remarks = " ".join(filter(None, (page.warning, *page.unknown)))
        if is_first and remarks:
            self.show_status(remarks)

    def details(self) -> tuple[str, Sequence[Line]] | None:
        """Return the name and the details of the payment type under the cursor."""
        chosen = self.chosen
        return None if chosen is None else (chosen.name, details_lines(chosen))

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
            await self.read(keep=number)

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
        if await self.attempt(change(chosen)):
            await self.read()
