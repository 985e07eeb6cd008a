"""Settling what killed programs left half done, when an office opens."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from core.base.errors import ApiSetupError, EditConflict
from tui.flows.conflict import conflict_lines
from tui.modals.notice import Notice
from tui.modals.question import Answer, Question

if TYPE_CHECKING:
    from core.model.interrupted_change import InterruptedChange
    from tui.platform.base_screen import BaseScreen
    from tui.session import Session

_TITLE = "Interrupted change"
_ASKS_AGAIN = "The next start asks again."


@dataclass(frozen=True)
class Remark:
    """The remark that the admin should still see when the office is open."""

    text: str
    is_problem: bool = False


async def settle_interrupted_changes(screen: BaseScreen[Any], session: Session) -> list[Remark]:
    """Settle interrupted changes, say what was found, and let the admin decide about half-made saves.

    Call it from a flow. A failure keeps nobody from working, and hides neither the other changes nor what is half made.

    Returns:
        What was decided, what failed, and what is still half made.
    """
    recovery, actor = session.office.recovery, session.actor
    try:
        found = await screen.commit(partial(recovery.settle, actor), background=True)
    except ApiSetupError as error:
        screen.terminal_app.record_problem(error)
        return [Remark(str(error), is_problem=True)]
    remarks = [await _decide(screen, session, change) for change in found if change.is_half_done]
    sentences = [change.sentence for change in found if not change.is_half_done]
    if sentences:
        await screen.app.push_screen_wait(Notice(_TITLE, [line for each in sentences for line in (each, "")][:-1]))
    return remarks


async def _decide(screen: BaseScreen[Any], session: Session, change: InterruptedChange) -> Remark:
    recovery, actor = session.office.recovery, session.actor
    question = Question(
        _TITLE,
        [
            change.sentence,
            "",
            *_values(change),
            "",
            "Finish it or roll it back. Both are recorded in the Audit Trail.",
        ],
        Answer("ctrl+y", "Finish", "finish"),
        Answer("ctrl+r", "Roll back", "roll back"),
        cancel="Decide later",
    )
    choice = await screen.app.push_screen_wait(question)
    if choice is None:
        return Remark(_still_half_made(change), is_problem=True)
    decided = recovery.finish if choice == "finish" else recovery.roll_back
    try:
        return Remark(await screen.commit(partial(decided, actor, change)))
    except ApiSetupError as error:
        screen.terminal_app.record_problem(error)
        # In a notice, too: the status line has no room for the reason, the values and the way out.
        conflicts = conflict_lines(error)[1:] if isinstance(error, EditConflict) else []
        lines = [str(error), *conflicts, "", *_values(change), "", _ASKS_AGAIN]
        await screen.app.push_screen_wait(Notice(f"Not decided: could not {choice}", lines))
        return Remark(_still_half_made(change), is_problem=True)


def _values(change: InterruptedChange) -> list[str]:
    return [
        *(f"Written       {each.what}: {each.before} → {each.after}" for each in change.written),
        *(f"Not written   {each.what}: {each.before} → {each.after}" for each in change.unwritten),
    ]


def _still_half_made(change: InterruptedChange) -> str:
    written, unwritten = (", ".join(each.what for each in edits) for edits in (change.written, change.unwritten))
    return f"A save is incomplete: {written} written, {unwritten} not. {_ASKS_AGAIN}"
