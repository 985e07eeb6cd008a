"""What a sign-in has to ask before somebody goes on with what another one left."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from core.model.actor import Actor
    from core.users.service import SignedIn


class UnlockPolicy(Protocol):
    """Stands between a sign-in and what waits behind it; the lock is one."""

    @property
    def actor(self) -> Actor:
        """Who was logged off."""

    async def log_off_first(self) -> None:
        """Wait until it is logged that they are gone."""

    async def refused(self) -> None:
        """Tell that a sign-in was refused."""

    async def may_go_on(self, signed_in: SignedIn) -> bool:
        """Ask whether who signed in may go on."""
