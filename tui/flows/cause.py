"""The actions of API Setup on a cause that the diagnosis found."""

from __future__ import annotations

from typing import Protocol

from core.model.diagnosis import Remedy
from tui.bindings import key
from tui.key_names import display
from tui.widgets.settings_form import SettingsForm

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
