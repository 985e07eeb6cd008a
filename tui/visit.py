"""An open office and the user in it, handed from screen to screen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from core.actor import Actor
    from core.office import Office
    from core.users import SignedIn


@dataclass(frozen=True)
class Visit:
    """One user's stay in one office."""

    office: Office
    signed_in: SignedIn

    @property
    def actor(self) -> Actor:
        """Who every change is done by."""
        return self.signed_in.actor
