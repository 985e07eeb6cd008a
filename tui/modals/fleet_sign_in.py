"""A dialog that asks for the Open Dental user to sign in with to several offices."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.containers import Horizontal
from textual.widgets import Input, Static

from core.base.secret import Secret
from tui.platform.base_modal import BaseModal
from tui.widgets.inputs import PlainInput, SecretInput
from tui.widgets.safe_text import safe_content

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from core.fleet.fleet import Credentials

    _Modal = BaseModal[Credentials | "OwnUsers"]
else:
    _Modal = BaseModal


class OwnUsers:
    """The answer to sign in with each office's own user in the configuration."""


class FleetSignIn(_Modal):
    """Asks for a user and a password. Its result is None after Escape.

    Args:
        offices: The number of offices.
    """

    CSS_PATH = "fleet_sign_in.tcss"
    KEYS: ClassVar[tuple[str, ...]] = ("own-users", "next-field", "back")

    def __init__(self, offices: int) -> None:
        super().__init__("Sign in to Open Dental")
        self._offices = offices

    def compose_body(self) -> ComposeResult:
        """Compose an explanation and the two fields."""
        where = "1 office" if self._offices == 1 else f"{self._offices} offices"
        lines = [
            f"Sign in to {where}. The password is tried once in each office, and in the first one alone, so that no"
            " user is locked out. Each sign-in is recorded in the office's Audit Trail.",
        ]
        yield Static(safe_content(lines), id="explanation")
        with Horizontal():
            yield Static("User name", classes="label")
            yield PlainInput(id="name")
        with Horizontal():
            yield Static("Password", classes="label")
            yield SecretInput(id="password")

    def on_mount(self) -> None:
        """Focus the user name."""
        self.query_one("#name").focus()

    def action_own_users(self) -> None:
        """Sign in with each office's own user."""
        self.dismiss(OwnUsers())

    @on(Input.Submitted, "#name")
    def _focus_password(self, event: Input.Submitted) -> None:
        event.stop()
        self.query_one("#password").focus()

    @on(Input.Submitted, "#password")
    def _submit(self, event: Input.Submitted) -> None:
        from core.fleet.fleet import Credentials

        event.stop()
        name, password = self.query_one("#name", PlainInput).value.strip(), self.query_one("#password", SecretInput)
        if not name:
            self.show_status("Enter a user name.", "problem")
            self.query_one("#name").focus()
            return
        typed, password.value = Secret(password.value), ""
        self.dismiss(Credentials(name, typed))
