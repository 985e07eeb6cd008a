"""Undoing the last change of the session, or the change of an audit entry, with a question before it."""

from __future__ import annotations

from functools import partial
from itertools import groupby
from typing import TYPE_CHECKING, Any

from core.base.errors import EditConflict, HeadquartersError, OutcomeUnknown
from core.base.plural import count_of
from tui.bindings import key
from tui.flows.confirm_enabling import confirm_with_count, confirm_with_ending
from tui.flows.conflict import conflict_lines
from tui.flows.headquarters_messages import ASKS_HEADQUARTERS, failure_notice
from tui.key_names import display
from tui.modals.change_series import ChangeDone, ChangeSeries, SeriesChange
from tui.modals.notice import Notice, outcome_notice
from tui.modals.question import Answer, Question

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from core.undo.step import Undone, UndoStep
    from tui.platform.base_screen import BaseScreen
    from tui.session import Session

_LOGGED = "This is recorded in the Audit Trail."
_NOTHING = "Nothing was changed."


def show_change(screen: BaseScreen[Any], session: Session, sentence: str) -> None:
    """Display what was just changed, and on the right how to undo it if that is possible."""
    can_undo = session.office.can_undo_last(session.actor)
    screen.show_status(sentence, "ok", undo_hint() if can_undo else "")
    # The key bar says whether there is something to undo.
    screen.refresh_bindings()


def undo_hint() -> str:
    """Return the key that undoes the last change, for the right end of the status line."""
    return f"{display(key('undo-last'))} undo"


async def undo_last_change(screen: BaseScreen[Any], session: Session) -> bool:
    """Describe the last change of the session, and undo it if the admin confirms. Call it from a flow.

    Returns:
        True if something may have changed, including when the outcome is unknown.

    Raises:
        NotPermitted: The session is read-only.
        ApiSetupError: Nothing can be undone, with the reason.
    """
    session.require_writable()
    undoing, actor = session.office.undoing, session.actor
    try:
        steps = await screen.call_service(partial(undoing.plan_last, actor), group="plan")
    except EditConflict as error:
        screen.show_outcome(Notice("Changed since", conflict_lines(error)))
        return False
    possible = [step for step in steps if not step.refusal]
    if not possible:
        screen.show_outcome(Notice("Nothing can be undone", _lines(steps)))
        return False
    if not await _confirm(screen, "Undo the last change?", steps, possible):
        screen.show_status(_NOTHING)
        return False
    if len(possible) > 1:
        return await _undo_in_turn(screen, session, possible)
    return await _undo(screen, session, partial(undoing.undo_step, actor, possible[0]))


async def undo_entry(screen: BaseScreen[Any], session: Session, number: int) -> bool:
    """Describe the change of an audit entry, and undo it if the admin confirms. Call it from a flow.

    Args:
        screen: The screen that the dialogs open above.
        session: The open office.
        number: The number of the entry.

    Returns:
        True if something may have changed, including when the outcome is unknown.

    Raises:
        NotPermitted: The session is read-only.
        ApiSetupError: It can't be undone, with the reason.
    """
    session.require_writable()
    undoing = session.office.undoing
    try:
        step = await screen.call_service(partial(undoing.plan, number), group="plan")
    except EditConflict as error:
        screen.show_outcome(Notice("Changed since", conflict_lines(error)))
        return False
    if not await _confirm(screen, "Undo this entry?", [step], [step]):
        screen.show_status(_NOTHING)
        return False
    return await _undo(screen, session, partial(undoing.undo, session.actor, number))


async def _confirm(
    screen: BaseScreen[Any], title: str, steps: Sequence[UndoStep], possible: Sequence[UndoStep]
) -> bool:
    """Ask before an undo. One that lets keys in again or removes one is confirmed by typing."""
    remark = [ASKS_HEADQUARTERS] if any(step.is_remote for step in possible) else []
    lines = [*_lines(steps), "", *remark, _LOGGED]
    endings = [step.ending for step in possible if step.ending]
    if len(endings) == 1:
        return await confirm_with_ending(screen, title, lines, endings[0], "Undo")
    if endings:
        return await confirm_with_count(screen, title, lines, len(endings), "Undo")
    return await screen.app.push_screen_wait(Question(title, lines, Answer("ctrl+y", "Undo", "undo"))) is not None


def _lines(steps: Sequence[UndoStep]) -> list[str]:
    lines: list[str] = []
    for subject, of_subject in groupby(steps, key=lambda step: step.subject):
        lines += ["", subject] if lines else [subject]
        for step in of_subject:
            lines += [f"  Not undone: {step.refusal}"] if step.refusal else [f"  {line}" for line in step.lines]
    return lines


async def _undo(screen: BaseScreen[Any], session: Session, undo: Callable[[], Undone]) -> bool:
    try:
        with screen.busy("Undoing…"):
            undone = await screen.commit(undo)
    except EditConflict as error:
        screen.show_outcome(Notice("Changed since", conflict_lines(error)))
        return True
    except (HeadquartersError, OutcomeUnknown) as error:
        screen.show_problem(error)
        screen.open_screen(failure_notice(error))
        return True
    show_change(screen, session, undone.sentence)
    if undone.consequences:
        screen.show_outcome(outcome_notice("Undone", undone.sentence, undone.consequences))
    return True


async def _undo_in_turn(screen: BaseScreen[Any], session: Session, steps: Sequence[UndoStep]) -> bool:
    """Undo several steps, each with its own result."""
    undoing, actor = session.office.undoing, session.actor

    def change(step: UndoStep) -> SeriesChange:
        def make() -> ChangeDone:
            undone = undoing.undo_step(actor, step)
            return ChangeDone(undone.sentence, undone.consequences)

        return SeriesChange(step.subject, make)

    with undoing.together():
        results = await screen.app.push_screen_wait(ChangeSeries("Undo", [change(step) for step in steps]))
    done = sum(result.done is not None for result in results or ())
    if done == len(steps):
        show_change(screen, session, f"Undone: {count_of(done, 'change')}.")
    else:
        screen.show_status(
            f"Undone: {done} of {count_of(len(steps), 'change')}.", "problem", undo_hint() if done else ""
        )
    return True
