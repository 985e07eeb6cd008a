"""The session: an open office and the user who is signed in to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.base.errors import NotPermitted

if TYPE_CHECKING:
    from core.model.actor import Actor
    from core.office.office import Office
    from core.users.service import SignedIn


_SERVER_READ_ONLY = (
    "The database user has read-only access. Run 'apisetup help connecting' for the rights that apisetup needs."
)
_FILE_READ_ONLY = "The practice's file cannot be written. Check its owner and its permissions."


@dataclass(frozen=True)
class Session:
    """An open office and the user who is signed in to it, passed from screen to screen."""

    office: Office
    signed_in: SignedIn

    def require_writable(self) -> None:
        """Check that changes can be saved, before the admin starts one that would fail in the end.

        Raises:
            NotPermitted: The session is read-only; the message gives the reason.
        """
        if not self.signed_in.writable:
            raise NotPermitted(self.read_only_reason)

    @property
    def read_only_reason(self) -> str:
        """The reason why a read-only session can't write.

        Either the office was opened read-only, or the database refused the first write.
        """
        info = self.office.info
        return info.read_only or (_SERVER_READ_ONLY if info.host else _FILE_READ_ONLY)

    @property
    def actor(self) -> Actor:
        """The user and computer that the Audit Trail names for each change."""
        return self.signed_in.actor
