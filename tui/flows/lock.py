"""What happens when nobody pressed a key for too long: everything is hidden until somebody signs in again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from textual.worker import WorkerCancelled, WorkerFailed

from core.base.errors import ApiSetupError
from tui.modals.question import Answer, Question
from tui.platform.workers import OUTSIDE

if TYPE_CHECKING:
    from core.model.actor import Actor
    from core.offices.open_request import OpenRequest
    from core.users.service import SignedIn
    from tui.modals.locked import LockedScreen
    from tui.modals.sign_in import SignInScreen
    from tui.platform.shell import TerminalApp
    from tui.session import Session


class Lock:
    """One time of being locked: who was there, what they left, and who may go on with it.

    Args:
        app: Whose screens are hidden.
        session: Who was there, and where.
        unsaved: The names of what was typed and not saved.
        entered: Told who signed in and may leave from here; None when they did not go on.
    """

    def __init__(
        self,
        app: TerminalApp,
        session: Session,
        unsaved: tuple[str, ...],
        entered: Callable[[SignedIn | None], None],
    ) -> None:
        self._app = app
        self._session = session
        self._unsaved = unsaved
        self._entered = entered
        self._logged = asyncio.Event()

    @property
    def actor(self) -> Actor:
        """Who was logged off."""
        return self._session.actor

    async def until_signed_in(self, opening: OpenRequest) -> SignedIn:
        """Log the user off, close the connection, and wait until somebody is signed in again. To be run in a worker.

        Returns:
            Who signed in; what the screens behind show must be dropped where that is not the one of the session.
        """
        while True:
            screen = self._sign_in(opening)
            signing_in = self._app.push_screen(screen, wait_for_dismiss=True)
            if not self._logged.is_set():
                await self._log_off(screen)
                self._logged.set()
            signed_in: SignedIn | None = await signing_in
            if signed_in is not None:
                return signed_in

    async def log_off_first(self) -> None:
        """Wait until it is logged that the user is gone, which comes before anybody signs in again."""
        await self._logged.wait()

    async def refused(self) -> None:
        """Close the connection again after a sign-in that was refused."""
        await self._app.commit(self._session.office.close)

    async def may_go_on(self, signed_in: SignedIn) -> bool:
        """Whether who signed in may go on: with what they typed, or after agreeing to drop what somebody else typed.

        Asked over the sign-in, so that nobody sees before what waits behind it.
        """
        if signed_in == self._session.signed_in or not self._unsaved:
            return True
        self._entered(signed_in)
        if await self._app.push_screen_wait(self._question()) is not None:
            return True
        self._entered(None)
        with suppress(ApiSetupError):
            await self._app.commit(partial(self._session.office.users.sign_out, signed_in.actor))
        await self.refused()
        return False

    def _question(self) -> Question:
        return Question(
            "Drop what was typed?",
            [
                f"{self._session.actor.user_name} typed and did not save: {', '.join(self._unsaved)}.",
                "Another user, or one whose rights changed, cannot go on with that.",
            ],
            Answer("y", "Drop it", "drop"),
        )

    def _sign_in(self, opening: OpenRequest) -> SignInScreen | LockedScreen:
        if opening.on_server:
            from tui.modals.sign_in import SignInScreen

            return SignInScreen(self._session.office, self)
        from tui.modals.locked import LockedScreen

        return LockedScreen(self._session.office, opening.context.runtime.account, self)

    async def _log_off(self, screen: SignInScreen | LockedScreen) -> None:
        """Log that the user is gone, and close the connections when nothing uses them any more."""
        app, session = self._app, self._session
        await app.commits.settled()
        for worker in [each for each in app.workers if each._thread_worker and not each.is_finished]:
            if worker.group == OUTSIDE:
                # It may take minutes, and uses the practice only at its beginning.
                continue
            with suppress(WorkerFailed, WorkerCancelled):
                await worker.wait()
        try:
            if session.signed_in.writable:
                await app.commit(partial(session.office.users.log_off_idle, session.actor))
        except ApiSetupError as error:
            app.record_problem(error)
            words = f"That {session.actor.user_name} was logged off could not be logged. {error.sentence}"
            # It may not have said yet what it says at first.
            screen.call_after_refresh(screen.say, words, "problem")
        await app.commit(session.office.close)
