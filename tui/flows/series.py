"""Making several changes that were asked for with one question, and saying how many were made."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from core.base.plural import count_of
from tui.flows.undo import show_change, undo_hint
from tui.modals.change_series import ChangeSeries, SeriesChange, SeriesResult

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tui.platform.base_screen import BaseScreen
    from tui.session import Session


async def make_in_turn(
    screen: BaseScreen[Any], session: Session, title: str, changes: Sequence[SeriesChange]
) -> tuple[SeriesResult, ...]:
    """Make changes one after the other, which are undone as one, and return the result of each. Call it from a flow."""
    with session.office.undoing.together():
        results = await screen.app.push_screen_wait(ChangeSeries(title, changes))
    return results or (SeriesResult(),) * len(changes)


def show_count(screen: BaseScreen[Any], session: Session, verb: str, done: int, keys: int, more: str = "") -> None:
    """Say of how many keys a change was made.

    Args:
        screen: The screen.
        session: The open office.
        verb: The change, such as `Disabled`.
        done: The number of keys of which it was made.
        keys: The number of keys.
        more: What follows the number if it was made of all.
    """
    if done == keys:
        show_change(screen, session, f"{verb} {count_of(keys, 'key')}{more}.")
        return
    screen.show_status(f"{verb} {done} of {count_of(keys, 'key')}.", "problem", undo_hint() if done else "")
    screen.refresh_bindings()
