"""A key as the table in `tui.bindings` defines it, and the groups in which help and manual list the keys."""

from __future__ import annotations

from dataclasses import dataclass

from textual.binding import Binding

EVERYWHERE = "Everywhere"
PLACES = "Places"
API_SETUP = "API Setup"
KEY = "Key"
ASSIGN = "Assign API Key"
PRACTICE = "Open a practice"
FLEET = "Several offices"
AGREEMENT = "Agreement"
AUDIT_TRAIL = "Audit Trail"
WHY = "Why?"
SUBSCRIPTIONS = "Subscriptions"
PAYMENT_TYPES = "Payment types"
REVIEW = "Review"
DECISIONS = "Decisions of a review"
LISTS = "Lists"
TEXTS = "Texts"
MANUAL = "Manual"


@dataclass(frozen=True)
class Key:
    """An action and the keys that trigger it.

    Args:
        id: A unique name, which a user's keymap can refer to.
        keys: The keys in Textual's notation, separated by commas. The first one is displayed.
        action: The action of a screen, a widget or the application.
        label: One or two words for the key bar.
        tooltip: One sentence for the help and the command palette.
        group: The heading in the help.
    """

    id: str
    keys: str
    action: str
    label: str
    tooltip: str
    group: str

    def binding(self) -> Binding:
        """Return the Textual binding. It is hidden from Textual's footer, because `KeyBar` displays it."""
        return Binding(self.keys, self.action, self.label, show=False, tooltip=self.tooltip, id=self.id)
