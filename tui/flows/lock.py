"""The lock, after inactivity or by hand: hides every screen until a user signs in again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from textual.worker import WorkerCancelled, WorkerFailed

from core.base.errors import ApiSetupError
from tui.modals.question import Answer, Question
from tui.platform.workers import REMOTE_GROUP, unfinished_threads

if TYPE_CHECKING:
    from core.model.actor import Actor
    from core.offices.open_request import OpenRequest
    from core.users.service import SignedIn
    from tui.modals.locked import LockedScreen
    from tui.modals.sign_in import SignInScreen
    from tui.platform.shell import TerminalApp
    from tui.session import Session


class Lock:
    """One lock: logs the user off, and decides who may continue with the screens behind it.

    Args:
        app: The application whose screens are hidden.
        session: The session that was locked.
        unsaved: The names of the values that the user entered and didn't save.
        on_sign_in: Called with another user who has signed in and is asked whether to discard the unsaved values, so
            that they can quit from there. Called with None if they don't continue.
        by_hand: True if the user locked the practice, False after inactivity.
    """

    def __init__(
        self,
        app: TerminalApp,
        session: Session,
        unsaved: tuple[str, ...],
        on_sign_in: Callable[[SignedIn | None], None],
        *,
        by_hand: bool = False,
    ) -> None:
        self._app = app
        self._session = session
        self._unsaved = unsaved
        self._on_sign_in = on_sign_in
        self._by_hand = by_hand
        self._logged_off = asyncio.Event()

    @property
    def actor(self) -> Actor:
        """The user who was logged off."""
        return self._session.actor

    @property
    def reason(self) -> str:
        """The reason for the lock, in a sentence."""
        return f"Locked by {self.actor.user_name}." if self._by_hand else "Locked after inactivity."

    async def until_signed_in(self, request: OpenRequest) -> SignedIn:
        """Log the user off, close the connections, and wait until a user has signed in. Call it from a worker.

        Returns:
            The user who signed in. If it isn't the user of the locked session, the caller must drop the hidden screens.
        """
        while True:
            screen = self._sign_in_screen(request)
            sign_in = self._app.push_screen(screen, wait_for_dismiss=True)
            if not self._logged_off.is_set():
                await self._log_off(screen)
                self._logged_off.set()
            signed_in: SignedIn | None = await sign_in
            if signed_in is not None:
                return signed_in

    async def wait_for_log_off(self) -> None:
        """Wait until the log-off is in the Audit Trail, so that it comes before the next sign-in."""
        await self._logged_off.wait()

    async def close_connection(self) -> None:
        """Close the connections again after a refused sign-in."""
        await self._app.commit(self._session.office.close)

    async def may_continue(self, signed_in: SignedIn) -> bool:
        """Return True if the user who signed in may continue.

        The user of the locked session continues with their unsaved values. Anybody else must agree to discard them.
        The question appears above the sign-in screen, so that nobody sees the hidden screens before answering it.
        """
        if signed_in == self._session.signed_in or not self._unsaved:
            return True
        self._on_sign_in(signed_in)
        if await self._app.push_screen_wait(self._discard_question()) is not None:
            return True
        self._on_sign_in(None)
        with suppress(ApiSetupError):
            await self._app.commit(partial(self._session.office.users.sign_out, signed_in.actor))
        await self.close_connection()
        return False

    def _discard_question(self) -> Question:
        return Question(
            "Discard the unsaved changes?",
            [
                f"{self._session.actor.user_name} has unsaved changes: {', '.join(self._unsaved)}.",
                "Another user, or one whose rights have changed, can't continue with them.",
            ],
            Answer("ctrl+y", "Discard", "drop"),
        )

    def _sign_in_screen(self, request: OpenRequest) -> SignInScreen | LockedScreen:
        if request.on_server:
            from tui.modals.sign_in import SignInScreen

            return SignInScreen(self._session.office, self)
        from tui.modals.locked import LockedScreen

        return LockedScreen(self._session.office, request.context.runtime.account, self)

    async def _log_off(self, screen: SignInScreen | LockedScreen) -> None:
        """Log the user off, and close the connections as soon as no service call uses them."""
        app, session = self._app, self._session
        await app.commits.wait_until_idle()
        for worker in unfinished_threads(app):
            if worker.group == REMOTE_GROUP:
                # A request to headquarters can take minutes. It reads the practice only when it begins.
                continue
            with suppress(WorkerFailed, WorkerCancelled):
                await worker.wait()
        try:
            if session.signed_in.writable:
                users = session.office.users
                await app.commit(partial(users.sign_out if self._by_hand else users.log_off_idle, session.actor))
        except ApiSetupError as error:
            app.record_problem(error)
            text = f"Logging off {session.actor.user_name} could not be logged. {error.sentence}"
            # Deferred, because the screen's first status message, which may still be due, would replace it.
            screen.call_after_refresh(screen.show_status, text, "problem")
        await app.commit(session.office.close)
