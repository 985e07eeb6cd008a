"""Signing in to several offices at once, with one attempt in each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from core.base.errors import WrongNameOrPassword
from core.base.plural import count_of
from tui.modals.fleet_sign_in import FleetSignIn, OwnUsers

if TYPE_CHECKING:
    from core.fleet.fleet import Fleet
    from tui.platform.background_work import BackgroundWork
    from tui.platform.base_screen import BaseScreen


async def sign_in_many(
    screen: BaseScreen[Any], fleet: Fleet, work: BackgroundWork, offices: Sequence[str] | None = None
) -> None:
    """Ask for a user, and sign in to offices. Call it from a flow.

    Args:
        screen: The screen that the dialog opens above.
        fleet: The offices.
        work: Shows the progress.
        offices: The names of the offices; None for all.
    """
    wanted = [state for state in fleet.states if offices is None or state.office in offices]
    waiting = [state.office for state in wanted if not state.signed_in_as]
    if not waiting:
        screen.show_status("Already signed in to these offices.")
        return
    credentials = None
    if fleet.needs_password(waiting):
        answer = await screen.app.push_screen_wait(FleetSignIn(len(waiting)))
        if answer is None:
            screen.show_status("Nobody was signed in.")
            return
        credentials = None if isinstance(answer, OwnUsers) else answer
    try:
        with screen.busy(f"Signing in to {count_of(len(waiting), 'office')}…"):
            await work.run(lambda stopped: fleet.sign_in(credentials, work.note, stopped, waiting))
    except WrongNameOrPassword as error:
        screen.terminal_app.record_problem(error)
        screen.show_status(f"{error.sentence} Only the first office was tried. Press S to try again.", "problem")
        return
    names = set(waiting)
    done = sum(bool(state.signed_in_as) for state in fleet.states if state.office in names)
    whole = done == len(waiting)
    screen.show_status(f"Signed in to {done} of {count_of(len(waiting), 'office')}.", "ok" if whole else "problem")
