"""What API Setup does with the diagnosis: it watches for what is certainly wrong, and acts on a cause."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from core.base.errors import ApiSetupError
from core.model.diagnosis import Remedy
from tui.bindings import key
from tui.key_names import display
from tui.widgets.health_line import HealthLine
from tui.widgets.settings_form import SettingsForm

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from tui.platform.base_screen import BaseScreen
    from tui.session import Session

FIRST_LOOK = 3.0
"""The seconds from opening the office until the first look, so that it delays nothing that an admin waits for."""
PERIOD = 60.0
"""The seconds between two looks."""


_SETTINGS = {
    Remedy.SWITCH_ON: ("enabled", "Space switches the API on"),
    Remedy.CHOOSE_PAYMENT_TYPE: ("payment_type", "Enter lists the payment types"),
}
"""The field of each setting, and how it is changed."""


class ApiSetup(Protocol):
    """The part of API Setup that acts on a cause."""

    def query_one(self, selector: type[SettingsForm], /) -> SettingsForm:
        """Return the form of the settings."""

    def show_status(self, text: str, /) -> None:
        """Display a message."""

    def action_add_key(self) -> None:
        """Add a key."""

    def action_enable(self) -> None:
        """Enable the key under the cursor."""

    def action_reload(self) -> None:
        """Load everything again."""


def look_regularly(screen: BaseScreen[Any], look: Callable[[], None]) -> None:
    """Call a function a moment after the office was opened, and then once a minute."""
    screen.set_timer(FIRST_LOOK, look)
    screen.set_interval(PERIOD, look)


async def show_headline(screen: BaseScreen[Any], session: Session) -> None:
    """Show in one line what is certainly wrong with the API. What can't be read is not said here.

    Args:
        screen: API Setup. While another screen covers it, nothing is read.
        session: The open office.
    """
    if screen.app.screen is not screen:
        return
    try:
        headline = await screen.call_service(session.office.diagnosis.headline, group="health")
    except ApiSetupError:
        # The next key that reads says what is wrong with the connection; the line would only say it twice.
        return
    screen.query_one(HealthLine).show(headline)


def act_on_cause(screen: ApiSetup, remedy: Remedy | None) -> None:
    """Start what the admin wants to do about a cause, or go to the setting that it is about.

    Args:
        screen: API Setup.
        remedy: What to do; None for nothing.
    """
    if remedy is Remedy.ADD_KEY:
        screen.action_add_key()
    elif remedy is Remedy.ENABLE_KEY:
        screen.action_enable()
    elif remedy is Remedy.RELOAD:
        screen.action_reload()
    elif remedy is not None:
        field, hint = _SETTINGS[remedy]
        screen.query_one(SettingsForm).focus_field(field)
        screen.show_status(f"{hint}; {display(key('save'))} saves.")
