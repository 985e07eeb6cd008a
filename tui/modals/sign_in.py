"""Open Dental's own sign-in."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.containers import Horizontal
from textual.widgets import Input, Static

from core.base.errors import ApiSetupError
from core.base.secret import Secret
from tui.platform.base_screen import BaseScreen
from tui.platform.workers import flow
from tui.widgets.inputs import PlainInput, SecretInput
from tui.widgets.safe_text import plain_lines

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from core.office.office import Office
    from core.users.service import SignedIn
    from tui.modals.unlock_policy import UnlockPolicy

    _Screen = BaseScreen[SignedIn | None]
else:
    _Screen = BaseScreen


class SignInScreen(_Screen):
    """Asks for an Open Dental user and password; gives the user who signed in.

    Args:
        office: Whose users they are.
        guard: Stands before what waits behind this screen, where somebody was logged off for pressing no key.
    """

    CSS_PATH = "sign_in.tcss"
    PAUSES_WHEN_LOCKED = False
    KEYS: ClassVar[tuple[str, ...]] = ("next-field", "back-to-offices", "help", "quit")

    def __init__(self, office: Office, guard: UnlockPolicy | None = None) -> None:
        super().__init__()
        self._office = office
        self._guard = guard

    def compose_body(self) -> ComposeResult:
        """Make the two fields."""
        facts = self._office.info
        place = f"{facts.database} on {facts.host}, {facts.server}, Open Dental {facts.version}"
        yield Static("Sign in to Open Dental", classes="heading", markup=False)
        yield Static(plain_lines([facts.title, place, *self._why_again()]), id="address")
        with Horizontal():
            yield Static("User name", classes="label")
            yield PlainInput(id="name")
        with Horizontal():
            yield Static("Password", classes="label")
            yield SecretInput(id="password")

    def on_mount(self) -> None:
        """Begin with the name, or with the password of who was logged off."""
        if self._guard is not None:
            self.query_one("#name", PlainInput).value = self._guard.actor.user_name
        self.query_one("#password" if self._guard is not None else "#name").focus()
        self.say("The user and password of Open Dental. Enter signs in; a blank password is a password, too.")

    def _why_again(self) -> list[str]:
        if self._guard is None:
            return []
        name = self._guard.actor.user_name
        return ["", f"{name} was logged off, since no key was pressed. What {name} typed is kept, for {name} only."]

    @on(Input.Submitted, "#name")
    def _to_password(self, event: Input.Submitted) -> None:
        event.stop()
        self.query_one("#password").focus()

    @on(Input.Submitted, "#password")
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.sign_in()

    @flow
    async def sign_in(self) -> None:
        """Check name and password in a thread; every failure is counted and logged there."""
        name = self.query_one("#name", PlainInput).value
        password = self.query_one("#password", SecretInput)
        typed = Secret(password.value)
        try:
            with self.busy("Signing in…"):
                if self._guard is not None:
                    await self._guard.log_off_first()
                signed_in = await self.commit(lambda: self._office.users.sign_in(name, typed))
        except ApiSetupError as error:
            password.value = ""
            password.focus()
            self.show_problem(error)
            if self._guard is not None:
                await self._guard.refused()
            return
        password.value = ""
        if self._guard is None or await self._guard.may_go_on(signed_in):
            self.dismiss(signed_in)
        else:
            password.focus()
