"""The lock screen of an SQLite practice."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.widgets import Static

from core.users.service import READERS
from tui.platform.base_screen import BaseScreen
from tui.platform.workers import flow
from tui.widgets.safe_text import safe_content

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from core.office.office import Office
    from core.users.service import SignedIn
    from tui.modals.unlock_policy import UnlockPolicy

    _Screen = BaseScreen[SignedIn | None]
else:
    _Screen = BaseScreen


class LockedScreen(_Screen):
    """Hides an SQLite practice until a key is pressed. Its result is the operating-system account as the user.

    Args:
        office: The practice.
        account: The name of the operating-system account.
        policy: Decides whether the user may continue the locked session.
    """

    CSS_PATH = "locked.tcss"
    PAUSES_WHEN_LOCKED = False
    KEYS: ClassVar[tuple[str, ...]] = ("unlock", "back-to-offices", "help", "quit")

    def __init__(self, office: Office, account: str, policy: UnlockPolicy) -> None:
        super().__init__()
        self._office = office
        self._account = account
        self._policy = policy

    @property
    def frame_title(self) -> str:
        """The title in the frame."""
        return "Locked"

    def compose_body(self) -> ComposeResult:
        """Compose the explanation, which also says what the lock does not protect from."""
        yield Static(
            safe_content(
                [
                    f"{self._policy.reason} The practice is hidden, and its file is closed.",
                    "Unsaved changes are kept. Press Enter to continue.",
                    "",
                    "An SQLite practice has no passwords: anyone at this terminal can open it.",
                ]
            ),
            id="address",
        )

    @flow
    async def action_unlock(self) -> None:
        """Continue as the account that this terminal belongs to."""
        with self.busy("Opening…"):
            await self._policy.wait_for_log_off()
            signed_in = await self.commit(lambda: self._office.users.account(self._account, *READERS))
        if await self._policy.may_continue(signed_in):
            self.dismiss(signed_in)
