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
    "The database user has read-only access. Run 'apisetup grants' for the script that grants what apisetup needs."
)
NO_SETUP = "no permission Setup"
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
        if not self.may_change:
            raise NotPermitted(self.read_only_reason)

    def require_recordable(self) -> None:
        """Check that something about the Audit Trail itself can be recorded in it, which doesn't need Setup.

        Raises:
            NotPermitted: Nothing can be written to the practice; the message gives the reason.
        """
        if not self.signed_in.writable:
            raise NotPermitted(self._not_writable_reason)

    @property
    def may_change(self) -> bool:
        """True if the user may change settings and keys, and the database user may write them."""
        return self.signed_in.writable and self.signed_in.has_setup

    @property
    def asks_headquarters(self) -> bool:
        """True if reloading the keys asks headquarters, whose answer is written to the practice's copy."""
        return self.office.keys.is_remote and self.signed_in.has_setup

    @property
    def not_recorded(self) -> str:
        """The reason why the Audit Trail has no entries about this session, as a sentence; empty if it has."""
        return "" if self.signed_in.writable else self.office.audit.not_recorded

    @property
    def read_only_reason(self) -> str:
        """The reason why a read-only session can't change anything.

        The user lacks the permission, the office was opened read-only, or the database refused the first write.
        """
        if self.signed_in.has_setup:
            return self._not_writable_reason
        name = self.actor.user_name
        reason = (
            f"The user {name} doesn't have the permission Setup. "
            "Someone with SecurityAdmin can grant it in Open Dental, Setup > Security."
        )
        return reason if self.signed_in.writable else f"{reason} {self._not_writable_reason}"

    @property
    def _not_writable_reason(self) -> str:
        info = self.office.info
        return info.read_only or (_SERVER_READ_ONLY if info.host else _FILE_READ_ONLY)

    @property
    def actor(self) -> Actor:
        """The user and computer that the Audit Trail names for each change."""
        return self.signed_in.actor
