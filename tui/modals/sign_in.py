"""The sign-in of an Open Dental user."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.containers import Horizontal
from textual.widgets import Input, Static

from core.base.errors import ApiSetupError
from core.base.secret import Secret
from core.users.service import READERS
from tui.platform.base_screen import BaseScreen
from tui.platform.workers import flow
from tui.widgets.inputs import PlainInput, SecretInput
from tui.widgets.safe_text import safe_content

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from core.office.office import Office
    from core.users.service import SignedIn
    from tui.modals.unlock_policy import UnlockPolicy

    _Screen = BaseScreen[SignedIn | None]
else:
    _Screen = BaseScreen


class SignInScreen(_Screen):
    """A screen that asks for an Open Dental user name and password. Its result is the user who signed in.

    Args:
        office: The office whose users can sign in.
        policy: Decides whether the user may continue a locked session; None for a first sign-in.
    """

    CSS_PATH = "sign_in.tcss"
    PAUSES_WHEN_LOCKED = False
    MANUAL = "connecting"
    KEYS: ClassVar[tuple[str, ...]] = ("next-field", "back-to-offices", "help", "quit")

    def __init__(self, office: Office, policy: UnlockPolicy | None = None) -> None:
        super().__init__()
        self._office = office
        self._policy = policy

    @property
    def frame_title(self) -> str:
        """The title in the frame."""
        return "Sign in to Open Dental"

    def compose_body(self) -> ComposeResult:
        """Compose the two fields."""
        facts = self._office.info
        address = f"{facts.database} on {facts.host}, {facts.server}, Open Dental {facts.version}"
        yield Static(safe_content([facts.title, address, *self._log_off_notice()]), id="address")
        with Horizontal():
            yield Static("User name", classes="label")
            yield PlainInput(id="name")
        with Horizontal():
            yield Static("Password", classes="label")
            yield SecretInput(id="password")

    def on_mount(self) -> None:
        """Focus the user name, or the password of the user who was logged off."""
        if self._policy is not None:
            self.query_one("#name", PlainInput).value = self._policy.actor.user_name
        self.query_one("#password" if self._policy is not None else "#name").focus()
        self.show_status("Enter your Open Dental user name and password. Leave the password blank if there is none.")

    def _log_off_notice(self) -> list[str]:
        if self._policy is None:
            return []
        name = self._policy.actor.user_name
        return ["", f"{self._policy.reason} {name}'s unsaved changes are kept, for {name} only."]

    @on(Input.Submitted, "#name")
    def _focus_password(self, event: Input.Submitted) -> None:
        event.stop()
        self.query_one("#password").focus()

    @on(Input.Submitted, "#password")
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.sign_in()

    @flow
    async def sign_in(self) -> None:
        """Check the name and password in a thread. `UserService.sign_in` counts and logs failures."""
        name = self.query_one("#name", PlainInput).value
        password = self.query_one("#password", SecretInput)
        typed = Secret(password.value)
        try:
            with self.busy("Signing in…"):
                if self._policy is not None:
                    await self._policy.wait_for_log_off()
                signed_in = await self.commit(lambda: self._office.users.sign_in(name, typed, *READERS))
        except ApiSetupError as error:
            password.value = ""
            password.focus()
            self.show_problem(error)
            if self._policy is not None:
                await self._policy.close_connection()
            return
        password.value = ""
        if self._policy is None or await self._policy.may_continue(signed_in):
            self.dismiss(signed_in)
        else:
            password.focus()
