"""Settling what killed programs left half done, when an office opens."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from core.base.errors import ApiSetupError
from tui.modals.notice import Notice
from tui.modals.question import Answer, Question

if TYPE_CHECKING:
    from core.model.interrupted_change import InterruptedChange
    from tui.platform.base_screen import BaseScreen
    from tui.session import Session

_TITLE = "Interrupted change"


async def settle_interrupted_changes(screen: BaseScreen[Any], session: Session) -> None:
    """Settle interrupted changes, say what was found, and let the admin decide about half-made saves.

    Call it from a flow. A failure is shown, and keeps nobody from working.
    """
    recovery, actor = session.office.recovery, session.actor
    try:
        settled = await screen.commit(partial(recovery.settle, actor), background=True)
        for change in settled:
            if change.is_half_done:
                await _decide(screen, session, change)
    except ApiSetupError as error:
        screen.show_problem(error)
        return
    sentences = [change.sentence for change in settled if not change.is_half_done]
    if sentences:
        await screen.app.push_screen_wait(Notice(_TITLE, [line for each in sentences for line in (each, "")][:-1]))


async def _decide(screen: BaseScreen[Any], session: Session, change: InterruptedChange) -> None:
    recovery, actor = session.office.recovery, session.actor
    question = Question(
        _TITLE,
        [
            change.sentence,
            "",
            *(f"Written       {each.what}: {each.before} → {each.after}" for each in change.written),
            *(f"Not written   {each.what}: {each.before} → {each.after}" for each in change.unwritten),
            "",
            "Finish it, or roll it back. Either is recorded in the Audit Trail.",
        ],
        Answer("ctrl+y", "Finish", "finish"),
        Answer("ctrl+r", "Roll back", "roll back"),
        cancel="Decide later",
    )
    choice = await screen.app.push_screen_wait(question)
    if choice is None:
        return
    decided = recovery.finish if choice == "finish" else recovery.roll_back
    screen.show_status(await screen.commit(partial(decided, actor, change)), "ok")
