"""What hides an SQLite practice after nobody pressed a key for a while."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.widgets import Static

from tui.platform.base_screen import BaseScreen
from tui.platform.workers import flow
from tui.widgets.safe_text import plain_lines

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from core.office.office import Office
    from core.users.service import SignedIn
    from tui.modals.unlock_policy import UnlockPolicy

    _Screen = BaseScreen[SignedIn | None]
else:
    _Screen = BaseScreen


class LockedScreen(_Screen):
    """Waits for a key; gives the account, which is the user of an SQLite practice.

    Args:
        office: The practice.
        account: The operating-system account.
        guard: Stands before what waits behind this screen.
    """

    CSS_PATH = "locked.tcss"
    PAUSES_WHEN_LOCKED = False
    KEYS: ClassVar[tuple[str, ...]] = ("unlock", "back-to-offices", "help", "quit")

    def __init__(self, office: Office, account: str, guard: UnlockPolicy) -> None:
        super().__init__()
        self._office = office
        self._account = account
        self._guard = guard

    def compose_body(self) -> ComposeResult:
        """Say why nothing is to be seen, and what this does not protect from."""
        yield Static("Locked", classes="heading", markup=False)
        yield Static(
            plain_lines(
                [
                    "No key was pressed for a while, so the practice is hidden and its file closed.",
                    "What was typed is kept. Enter goes on.",
                    "",
                    "An SQLite practice has no passwords: whoever has this terminal has the practice.",
                ]
            ),
            id="address",
        )

    @flow
    async def action_unlock(self) -> None:
        """Go on as the account that this terminal belongs to."""
        with self.busy("Opening…"):
            await self._guard.log_off_first()
            signed_in = await self.commit(lambda: self._office.users.account(self._account))
        if await self._guard.may_go_on(signed_in):
            self.dismiss(signed_in)
