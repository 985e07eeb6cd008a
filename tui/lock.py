"""What happens when nobody pressed a key for too long: everything is hidden until somebody signs in again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from textual.worker import WorkerCancelled, WorkerFailed

from core.errors import ApiSetupError
from tui.modals.question import Answer, Question
from tui.workers import OUTSIDE

if TYPE_CHECKING:
    from core.opening import Opening
    from core.users import SignedIn
    from tui.screens.locked import LockedScreen
    from tui.screens.sign_in import SignInScreen
    from tui.shell import TerminalApp
    from tui.visit import Visit


async def hidden_until_signed_in(
    app: TerminalApp, visit: Visit, opening: Opening, unsaved: tuple[str, ...]
) -> SignedIn:
    """Log the user off, close the connection, and wait until somebody is signed in again. To be run in a worker.

    What was typed goes on only with who typed it, and with the same rights; anybody else has to agree to drop it.

    Args:
        app: Whose screens are hidden.
        visit: Who was there, and where.
        opening: How that office was opened.
        unsaved: The names of what was typed and not saved.

    Returns:
        Who signed in; what the screens behind show must be dropped where that is not the one of the visit.
    """
    users = visit.office.users
    leaves: Callable[[], None] = partial(users.log_off_idle, visit.actor)
    while True:
        ready = asyncio.Event()
        screen = _sign_in(visit, opening, ready)
        signing_in = app.push_screen(screen, wait_for_dismiss=True)
        await _log_off(app, visit, leaves, screen)
        ready.set()
        signed_in: SignedIn | None = await signing_in
        if signed_in is None:
            continue
        if signed_in == visit.signed_in or not unsaved or await _drops(app, visit, unsaved):
            return signed_in
        leaves = partial(users.sign_out, signed_in.actor)


def _sign_in(visit: Visit, opening: Opening, ready: asyncio.Event) -> SignInScreen | LockedScreen:
    if opening.on_server:
        from tui.screens.sign_in import SignInScreen

        return SignInScreen(visit.office, logged_off=visit.actor, ready=ready)
    from tui.screens.locked import LockedScreen

    return LockedScreen(visit.office, opening.surroundings.account, ready)


async def _log_off(
    app: TerminalApp, visit: Visit, leaves: Callable[[], None], screen: SignInScreen | LockedScreen
) -> None:
    """Log that the user is gone, and close the connections when nothing uses them any more."""
    await app.commits.settled()
    for worker in [each for each in app.workers if each._thread_worker and not each.is_finished]:
        if worker.group == OUTSIDE:
            # It may take minutes, and uses the practice only at its beginning.
            continue
        with suppress(WorkerFailed, WorkerCancelled):
            await worker.wait()
    try:
        if visit.signed_in.writable:
            await app.commit(leaves)
    except ApiSetupError as error:
        app.record_problem(error)
        words = f"That {visit.actor.user_name} was logged off could not be logged. {error.sentence}"
        # It may not have said yet what it says at first.
        screen.call_after_refresh(screen.say, words, "problem")
    await app.commit(visit.office.close)


async def _drops(app: TerminalApp, visit: Visit, unsaved: tuple[str, ...]) -> bool:
    question = Question(
        "Drop what was typed?",
        [
            f"{visit.actor.user_name} typed and did not save: {', '.join(unsaved)}.",
            "Another user, or one whose rights changed, cannot go on with that.",
        ],
        Answer("y", "Drop it", "drop"),
    )
    return await app.push_screen_wait(question) is not None
