"""Asking for what is to be saved. A dialog opens again with what was typed, and with the reason, if saving it fails."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from core.base.errors import AlreadyApplied, ApiSetupError, InvalidInput

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from tui.platform.base_modal import BaseModal
    from tui.platform.base_screen import BaseScreen

T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True)
class AskAgain(Generic[T]):
    """The result of a save that saved nothing, because the dialog is to open again."""

    typed: T
    """The values that the dialog shows."""


async def ask_until_saved(
    screen: BaseScreen[Any],
    dialog: Callable[[T | None], BaseModal[T]],
    save: Callable[[T], Awaitable[R | AskAgain[T]]],
    *,
    closes_on: tuple[type[ApiSetupError], ...] = (AlreadyApplied,),
) -> R | None:
    """Open a dialog, and save what was typed in it. Call it from a flow.

    Args:
        screen: The screen that the dialog opens above.
        dialog: Returns the dialog with what was typed in the one before; with None, the first one.
        save: Saves what was typed.
        closes_on: The errors after which the dialog doesn't open again, since something was saved.

    Returns:
        The result of the save; None if the admin closed the dialog.

    Raises:
        ApiSetupError: One of `closes_on`.
    """
    typed: T | None = None
    problem: ApiSetupError | None = None
    while True:
        opened = dialog(typed)
        opened.problem = problem
        typed = await screen.app.push_screen_wait(opened)
        if typed is None:
            return None
        try:
            saved = await save(typed)
        except closes_on:
            raise
        except ApiSetupError as error:
            problem = error
            # What isn't valid may contain an API key, so it isn't logged.
            if not isinstance(error, InvalidInput):
                screen.terminal_app.record_problem(error)
        else:
            if not isinstance(saved, AskAgain):
                return saved
            typed, problem = saved.typed, None
