"""The places of the program: which exist now, how a digit goes to one of them, and leaving them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from textual.screen import Screen

from core.base.errors import ApiSetupError
from tui.bindings import PLACE_IDS
from tui.platform.shell import TerminalApp
from tui.screens.api_setup import ApiSetupScreen

if TYPE_CHECKING:
    from tui.modals.question import Question

Ask: TypeAlias = "Callable[[Question], Awaitable[str | None]]"
"""Shows a question and returns the answer; None if it was closed without one."""


def existing_places(app: TerminalApp) -> tuple[str, ...]:
    """Return the ids of the places that exist: those of the open office, and the offices if there are several."""
    is_open = any(isinstance(screen, ApiSetupScreen) for screen in app.screen_stack)
    here = PLACE_IDS[:-1] if is_open and app.unlocked.is_set() else ()
    return (*here, *PLACE_IDS[-1:]) if app.has_offices else here


async def go_to_place(app: TerminalApp, place: str, ask: Ask) -> None:
    """Close the screens above a place, after asking about unsaved changes in them, and open the place.

    While the office is being opened, its first screen remembers the place and opens it afterwards.
    """
    home = next((screen for screen in app.screen_stack if isinstance(screen, ApiSetupScreen)), None)
    if home is None or not app.unlocked.is_set():
        return
    stack = app.screen_stack
    base = next((screen for screen in stack if getattr(screen, "PLACE", "") == place), home)
    above = stack[stack.index(base) + 1 :]
    if not await _may_close(app, above, ask):
        return
    for screen in reversed(above):
        if app.screen is screen:
            await screen.dismiss(None)
    if app.screen is home and place != home.PLACE:
        home.open_place(place)


def unsaved_on(screen: Screen[Any]) -> tuple[str, ...]:
    """Return the names of a screen's unsaved input; one that was pushed just now has no fields yet, so none."""
    unsaved: tuple[str, ...] = getattr(screen, "unsaved", ()) if screen.is_mounted else ()
    return unsaved


async def may_leave(app: TerminalApp, unsaved: Sequence[str], title: str, verb: str, ask: Ask) -> bool:
    """Ask about unsaved changes and wait until a running change ends; return True if the user may leave."""
    if unsaved:
        from tui.modals.question import Answer, Question

        state = "Saving" if app.commits.running else "Unsaved changes"
        question = Question(title, [f"{state}: {', '.join(unsaved)}."], Answer("ctrl+y", verb, "leave"))
        if await ask(question) is None:
            return False
    if app.commits.running:
        app.show_status("A change is still being saved. This continues when it is done.")
    failure = await app.commits.wait_until_idle()
    if isinstance(failure, ApiSetupError):
        app.show_problem(failure)
        return False
    return True


async def _may_close(app: TerminalApp, screens: Sequence[Screen[Any]], ask: Ask) -> bool:
    """Return True if screens can be closed; ask first if one of them has unsaved changes."""
    if app.commits.running:
        app.show_status("A change is still being saved. Try again when it is done.")
        return False
    if any(getattr(screen, "in_flow", False) for screen in screens):
        return False
    unsaved = [name for screen in screens for name in unsaved_on(screen)]
    if not unsaved:
        return True
    from tui.modals.question import Answer, Question

    question = Question(
        "Discard your changes?", [f"Unsaved changes: {', '.join(unsaved)}."], Answer("ctrl+y", "Discard", "leave")
    )
    return await ask(question) is not None
