"""The rules for signing in again after the program was locked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from core.model.actor import Actor
    from core.users.service import SignedIn


class UnlockPolicy(Protocol):
    """Decides whether a user who signed in at the lock screen may continue the locked session."""

    @property
    def actor(self) -> Actor:
        """The user who was logged off."""

    @property
    def reason(self) -> str:
        """The reason for the lock, in a sentence."""

    async def wait_for_log_off(self) -> None:
        """Wait until the log-off is recorded in the Audit Trail, which must happen before the next sign-in."""

    async def close_connection(self) -> None:
        """Close the database connection again after a failed sign-in."""

    async def may_continue(self, signed_in: SignedIn) -> bool:
        """Return True if this user may continue the session. The policy may ask the user first."""
