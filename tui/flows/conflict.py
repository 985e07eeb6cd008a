"""What to do when another program changed the same value: both are shown, and the admin chooses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tui.modals.question import Answer, Question

if TYPE_CHECKING:
    from core.base.errors import EditConflict
    from tui.platform.base_screen import BaseScreen

THEIRS = "theirs"
MINE = "mine"


async def choose(screen: BaseScreen[Any], error: EditConflict) -> str | None:
    """Show the values; gives `THEIRS`, `MINE`, or None when the admin decides later. To be run in a flow."""
    question = Question(
        "Changed by another program",
        conflict_lines(error),
        Answer("t", "Take what is there now", THEIRS),
        Answer("w", "Write yours", MINE),
        cancel="Decide later",
    )
    return await screen.app.push_screen_wait(question)


def conflict_lines(error: EditConflict) -> list[str]:
    """The three values of each conflict, and who changed it."""
    lines = [error.sentence]
    for conflict in error.conflicts:
        lines += ["", f"{conflict.what}: was {conflict.read}", f"  now {conflict.now}", f"  yours {conflict.wanted}"]
        lines += [f"  {conflict.attribution}"] if conflict.attribution else []
    return lines
