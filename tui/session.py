"""An open office and the user in it, handed from screen to screen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.base.errors import NotPermitted

if TYPE_CHECKING:
    from core.model.actor import Actor
    from core.office.office import Office
    from core.users.service import SignedIn


_SERVER_REFUSES = "The database user may only read here. The README lists the rights that apisetup needs."
_FILE_REFUSES = "The practice's file cannot be written. Check its owner and its permissions."


@dataclass(frozen=True)
class Session:
    """One user's stay in one office."""

    office: Office
    signed_in: SignedIn

    def require_writable(self) -> None:
        """Refuse at once what could not be written in the end.

        Raises:
            NotPermitted: With the reason.
        """
        if not self.signed_in.writable:
            raise NotPermitted(self.why_read_only)

    @property
    def why_read_only(self) -> str:
        """Why nothing is written here, where that is so; found out at the start, or by being refused."""
        facts = self.office.info
        return facts.read_only or (_SERVER_REFUSES if facts.host else _FILE_REFUSES)

    @property
    def actor(self) -> Actor:
        """Who every change is done by."""
        return self.signed_in.actor
