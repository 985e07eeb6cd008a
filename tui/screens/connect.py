"""The way into a practice: connect to the database, and say plainly why that does not work."""

from __future__ import annotations

from functools import partial
from threading import Thread
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.containers import Horizontal
from textual.widgets import Input, Static

from core.base.errors import ApiSetupError, ConfigurationError, LoginRefused
from core.base.secret import Secret
from tui.platform.base_screen import BaseScreen
from tui.platform.workers import flow
from tui.widgets.inputs import SecretInput
from tui.widgets.plain import plain_lines

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from core.office.office import Office
    from core.offices.open_request import OpenRequest

    _Screen = BaseScreen[Office | None]
else:
    _Screen = BaseScreen


class ConnectScreen(_Screen):
    """Opens the office, with the database password asked for where none was given; gives the open office.

    Args:
        opening: What to open.
        problem: Why it did not open before.

    Attributes:
        failure: Why it did not open the last time it was tried.
    """

    CSS_PATH = "connect.tcss"
    AUTO_FOCUS = ""
    KEYS: ClassVar[tuple[str, ...]] = ("try-again", "back-to-offices", "help", "quit")

    def __init__(self, opening: OpenRequest, problem: ApiSetupError | None = None) -> None:
        super().__init__()
        self._opening = opening
        self.failure = problem
        self._asks_for_password = False
        self._opened: Office | None = None
        self._abandoned = False

    def compose_body(self) -> ComposeResult:
        """Make the address, the password field and the place for what went wrong."""
        yield Static("Open a practice", classes="heading", markup=False)
        office = self._opening.office
        name = [office.name] if office.name else []
        yield Static(plain_lines([*name, office.address.label]), id="address")
        with Horizontal(id="password-line"):
            yield Static("Database password", classes="label")
            yield SecretInput(id="password")
        yield Static("", id="problem")

    def on_mount(self) -> None:
        """Ask for the password, or connect at once where it is known."""
        unknown = self._opening.prompts_for_password
        self._ask_for_password(unknown)
        if self.failure is not None:
            self._show_failure(self.failure)
        elif unknown:
            self.say("Enter connects. A blank password is a password, too.")
        else:
            self.connect()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """While the password is asked for the first time, Enter in its field is the way to try."""
        if action == "try_again" and self._asks_for_password and self.failure is None:
            return False
        return super().check_action(action, parameters)

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.connect()

    def action_try_again(self) -> None:
        """Connect once more."""
        self.connect()

    @flow
    async def connect(self) -> None:
        """Open the office in a thread, and leave with it."""
        field = self.query_one("#password", SecretInput)
        self.query_one("#problem", Static).update("")
        try:
            password = Secret(field.value) if self._asks_for_password else await self._known_password()
            if password is None:
                return
            with self.busy("Connecting…"):
                office = await self.ask(partial(self._open, password), group="connect")
        except ApiSetupError as error:
            self._show_failure(error)
            return
        field.value = ""
        self.dismiss(office)

    def _open(self, password: Secret) -> Office:
        """Open the office, in a thread; one that comes when nobody waits for it any more is closed again."""
        office = self._opening.open(password)
        self._opened = office
        if self._abandoned:
            office.close()
        return office

    def abandon(self) -> None:
        """Open the office for nobody any more, since another one was chosen."""
        self._abandoned = True
        if self._opened is not None:
            Thread(target=self._opened.close, name="close", daemon=True).start()

    async def _known_password(self) -> Secret | None:
        """Read the password where it is kept; where only somebody here can know it, ask."""
        with self.busy("Reading the database password…"):
            password = await self.ask(self._opening.read_password, group="password")
        if password is None:
            self._ask_for_password(True)
            self.say("The system keyring is not asked over SSH: type the database password. Enter connects.")
        return password

    def _show_failure(self, error: ApiSetupError) -> None:
        """Say what happened; leaving now means that the program could not start."""
        self.failure = error
        self.terminal_app.record_problem(error)
        self.query_one("#problem", Static).update(plain_lines([error.sentence, "", error.hint]))
        if isinstance(error, LoginRefused | ConfigurationError) and self._opening.on_server:
            self.query_one("#password", SecretInput).value = ""
            self._ask_for_password(True)
        self.refresh_bindings()
        self.say("The practice is not open.", "problem")

    def _ask_for_password(self, asked: bool) -> None:
        self._asks_for_password = asked
        self.query_one("#password-line").display = asked
        if asked:
            self.query_one("#password", SecretInput).focus()
        self.refresh_bindings()
