"""The connect screen: connects to the database, asks for passwords if needed, and explains failures."""

from __future__ import annotations

from functools import partial
from threading import Thread
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.containers import Horizontal
from textual.widgets import Input, Static

from core.base.errors import ApiSetupError, CompanionUnavailable, ConfigurationError, LoginRefused
from core.base.secret import Secret
from tui.platform.base_screen import BaseScreen
from tui.platform.waiting import WaitLeft
from tui.platform.workers import flow
from tui.widgets.inputs import SecretInput
from tui.widgets.safe_text import safe_content

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from core.office.office import Office
    from core.offices.open_request import OpenRequest

    _Screen = BaseScreen[Office | None]
else:
    _Screen = BaseScreen


class _Attempt:
    """One attempt to open an office, whose result may come too late."""

    def __init__(self) -> None:
        self._office: Office | None = None
        self._abandoned = False

    def opened(self, office: Office) -> Office:
        """Keep the open office, or close it if nobody wants it any more."""
        self._office = office
        if self._abandoned:
            office.close()
        return office

    def abandon(self) -> None:
        """Close the office, now or as soon as it is open."""
        self._abandoned = True
        if self._office is not None:
            Thread(target=self._office.close, name="close", daemon=True).start()


class ConnectScreen(_Screen):
    """Opens an office, and asks for the passwords that aren't configured. The result is the open office.

    Args:
        request: The office to open.
        failure: The error of an earlier attempt to open it, if there was one.

    Attributes:
        failure: The error of the last attempt; None before the first one failed.
    """

    CSS_PATH = "connect.tcss"
    AUTO_FOCUS = ""
    MANUAL = "connecting"
    KEYS: ClassVar[tuple[str, ...]] = ("try-again", "back-to-offices", "help", "quit")

    def __init__(self, request: OpenRequest, failure: ApiSetupError | None = None) -> None:
        super().__init__()
        self._request = request
        self.failure = failure
        self._asks_for_password = self._asks_for_companion = False
        self._attempt = _Attempt()

    @property
    def frame_title(self) -> str:
        """The title in the frame."""
        return "Open a practice"

    def compose_body(self) -> ComposeResult:
        """Yield the address, the password field and the space for the error."""
        name = [self._request.office.name] if self._request.office.name else []
        yield Static(safe_content([*name, self._request.office.address.label]), id="address")
        with Horizontal(id="password-line"):
            yield Static("Database password", classes="label")
            yield SecretInput(id="password")
        with Horizontal(id="companion-line"):
            yield Static("Companion's password", classes="label")
            yield SecretInput(id="companion-password")
        yield Static("", id="problem")

    def on_mount(self) -> None:
        """Ask for the passwords, or connect at once if they are known."""
        self._show_companion_field(self._request.prompts_for_companion_password)
        self._show_password_field(self._request.prompts_for_password)
        if self.failure is not None:
            self._show_failure(self.failure)
        elif self._asks:
            self.show_status("Press Enter to connect. Leave blank if there is no password.")
        else:
            self.connect()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Disable retrying until the first attempt failed; until then, Enter in the password field connects."""
        if action == "try_again" and self._asks and self.failure is None:
            return False
        return super().check_action(action, parameters)

    @property
    def _asks(self) -> bool:
        return self._asks_for_password or self._asks_for_companion

    @on(Input.Submitted)
    def _connect_with_password(self, event: Input.Submitted) -> None:
        event.stop()
        companion = self.query_one("#companion-password", SecretInput)
        if self._asks_for_companion and event.input is not companion and not companion.value:
            companion.focus()
            return
        self.connect()

    def action_try_again(self) -> None:
        """Connect again."""
        self.connect()

    @flow
    async def connect(self) -> None:
        """Open the office in a thread, and leave the screen with it."""
        field = self.query_one("#password", SecretInput)
        self.query_one("#problem", Static).update("")
        try:
            password = Secret(field.value) if self._asks_for_password else await self._read_password()
            if password is None:
                return
            if self._asks_for_companion:
                companion = self.query_one("#companion-password", SecretInput)
                self._request.use_companion_password(Secret(companion.value))
            self._attempt = attempt = _Attempt()
            try:
                with self.busy("Connecting…"):
                    office = await self.call_service(partial(self._open, password, attempt), group="connect")
            except WaitLeft:
                attempt.abandon()
                raise
        except ApiSetupError as error:
            self._show_failure(error)
            return
        field.value = self.query_one("#companion-password", SecretInput).value = ""
        self.dismiss(office)

    def _open(self, password: Secret, attempt: _Attempt) -> Office:
        """Open the office; called in a thread."""
        return attempt.opened(self._request.open(password))

    def abandon(self) -> None:
        """Close the office, now or as soon as it is open, because another one was chosen."""
        self._attempt.abandon()

    async def _read_password(self) -> Secret | None:
        """Return the password from its configured source; show the password field if that can't be read here."""
        with self.busy("Reading the database password…"):
            password = await self.call_service(self._request.read_password, group="password")
        if password is None:
            self._show_password_field(True)
            self.show_status("The system keyring isn't used over SSH. Type the database password and press Enter.")
        return password

    def _show_failure(self, error: ApiSetupError) -> None:
        """Show the error, and keep it: if the admin quits now, it becomes the reason why the program didn't start."""
        self.failure = error
        self.terminal_app.record_problem(error)
        self.query_one("#problem", Static).update(safe_content([error.sentence, "", error.hint]))
        if isinstance(error, LoginRefused | ConfigurationError) and self._request.on_server:
            self.query_one("#password", SecretInput).value = ""
            self._show_password_field(True)
        if isinstance(error, CompanionUnavailable):
            # What was typed may be wrong.
            self._request.use_companion_password(None)
            self.query_one("#companion-password", SecretInput).value = ""
            self._show_companion_field(self._request.prompts_for_companion_password)
        self.refresh_bindings()
        self.show_status("Not connected to the practice.", "problem")

    def _show_companion_field(self, shown: bool) -> None:
        self._asks_for_companion = shown
        self.query_one("#companion-line").display = shown
        if shown:
            self.query_one("#companion-password", SecretInput).focus()

    def _show_password_field(self, shown: bool) -> None:
        self._asks_for_password = shown
        self.query_one("#password-line").display = shown
        if shown:
            self.query_one("#password", SecretInput).focus()
        self.refresh_bindings()
