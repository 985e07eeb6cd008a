"""An open office and the user in it, handed from screen to screen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.errors import NotPermitted

if TYPE_CHECKING:
    from core.actor import Actor
    from core.office import Office
    from core.users import SignedIn


NOTHING_WRITABLE = "The database user may only read here. The README lists the rights that apisetup needs."
"""What is said where the server refused to write, without having said so before."""


@dataclass(frozen=True)
class Visit:
    """One user's stay in one office."""

    office: Office
    signed_in: SignedIn

    def require_writable(self) -> None:
        """Refuse at once what could not be written in the end.

        Raises:
            NotPermitted: With the reason.
        """
        if not self.signed_in.writable:
            raise NotPermitted(self.office.facts.read_only or NOTHING_WRITABLE)

    @property
    def actor(self) -> Actor:
        """Who every change is done by."""
        return self.signed_in.actor
