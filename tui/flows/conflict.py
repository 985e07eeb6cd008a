"""The dialog for an edit conflict: shows both values and lets the admin choose."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tui.modals.question import Answer, Question

if TYPE_CHECKING:
    from core.base.errors import EditConflict
    from tui.platform.base_screen import BaseScreen

THEIRS = "theirs"
MINE = "mine"


async def resolve_conflict(screen: BaseScreen[Any], error: EditConflict) -> str | None:
    """Show the conflicting values and ask which ones to keep. Call it from a flow.

    Returns:
        `THEIRS`, `MINE`, or None if the admin decides later.
    """
    question = Question(
        "Changed by another program",
        conflict_lines(error),
        Answer("ctrl+t", "Use the current values", THEIRS),
        Answer("ctrl+o", "Overwrite with yours", MINE),
        cancel="Decide later",
    )
    return await screen.app.push_screen_wait(question)


def conflict_lines(error: EditConflict) -> list[str]:
    """Return lines with the three values of each conflict and, if known, who changed it."""
    lines = [error.sentence]
    for conflict in error.conflicts:
        lines += ["", f"{conflict.label}: was {conflict.read}", f"  now {conflict.now}", f"  yours {conflict.wanted}"]
        lines += [f"  {conflict.attribution}"] if conflict.attribution else []
    return lines
