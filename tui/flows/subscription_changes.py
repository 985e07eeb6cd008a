"""Ending, resuming and deleting subscriptions, with a question before each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from core.base.errors import InvalidInput
from tui.flows.undo import show_change, undo_hint
from tui.modals.change_series import ChangeDone, ChangeSeries, SeriesChange
from tui.modals.notice import Notice, outcome_notice
from tui.modals.prompt import Prompt
from tui.modals.question import Answer, Question

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.model.subscription import ApiSubscription
    from tui.platform.base_screen import BaseScreen
    from tui.session import Session

Verb = Literal["End", "Delete"]
_LOGGED = "This is recorded in the Audit Trail."
_EACH_LOGGED = "Each is recorded in the Audit Trail."
_NOTHING = "Nothing was changed."
_WORD = "delete"
_PAST = {"End": "Ended", "Delete": "Deleted"}
_MEANING = {
    "End": "Open Dental sends nothing more from now on. A subscription that was ended can be resumed.",
    "Delete": "Deleting can't be undone; only the developer can create a subscription again. Ending it also stops it.",
}


async def end_subscriptions(screen: BaseScreen[Any], session: Session, chosen: Sequence[ApiSubscription]) -> bool:
    """Ask once, and end each subscription that hasn't ended, with its own audit entry. Call it from a flow.

    Returns:
        True if something may have changed.

    Raises:
        NotPermitted: The session is read-only.
        ApiSetupError: The only change failed.
    """
    session.require_writable()
    possible = [each for each in chosen if not each.ended]
    others = [f"  {each.label}: already ended" for each in chosen if each.ended]
    if not possible:
        if not chosen[1:]:
            screen.show_status("This subscription has ended. Press E to resume it.")
        else:
            screen.open_screen(Notice("Nothing to end", ["Not changed:", *others]))
        return False
    question = Question(_title("End", possible), _lines("End", possible, others), Answer("ctrl+y", "End", "end"))
    if await screen.app.push_screen_wait(question) is None:
        screen.show_status(_NOTHING)
        return False
    return await make_changes(screen, session, "End", possible)


async def delete_subscriptions(screen: BaseScreen[Any], session: Session, chosen: Sequence[ApiSubscription]) -> bool:
    """Ask twice, and delete each subscription, with its own audit entry. Call it from a flow.

    Returns:
        True if something may have changed.

    Raises:
        NotPermitted: The session is read-only.
        ApiSetupError: The only change failed.
    """
    session.require_writable()
    lines = _lines("Delete", chosen, [])
    question = Question(_title("Delete", chosen), lines, Answer("ctrl+y", "Continue", "delete"))
    if await screen.app.push_screen_wait(question) is None:
        screen.show_status(_NOTHING)
        return False
    confirm = [f"Type {_WORD} to delete {_counted(chosen)}. It can't be undone."]
    prompt = Prompt("Delete for good?", confirm, "", _parse_confirmation, verb="Delete", key="ctrl+y")
    if await screen.app.push_screen_wait(prompt) is None:
        screen.show_status(_NOTHING)
        return False
    return await make_changes(screen, session, "Delete", chosen)


async def resume_subscription(screen: BaseScreen[Any], session: Session, chosen: ApiSubscription) -> bool:
    """Ask, and let a subscription that has ended go on. Call it from a flow.

    Returns:
        True if something may have changed.

    Raises:
        NotPermitted: The session is read-only.
        ApiSetupError: The change failed.
    """
    session.require_writable()
    if not chosen.ended:
        screen.show_status("This subscription hasn't ended, so there is nothing to resume.")
        return False
    lines = [
        *_described(chosen),
        "",
        "Open Dental sends changes again, including those of the last three days that weren't sent.",
        _LOGGED,
    ]
    question = Question("Resume this subscription?", lines, Answer("ctrl+y", "Resume", "resume"))
    if await screen.app.push_screen_wait(question) is None:
        screen.show_status(_NOTHING)
        return False
    with screen.busy("Saving…"):
        change = await screen.commit(lambda: session.office.subscriptions.resume(session.actor, chosen))
    show_change(screen, session, change.sentence)
    return True


async def make_changes(
    screen: BaseScreen[Any], session: Session, verb: Verb, chosen: Sequence[ApiSubscription]
) -> bool:
    """End or delete subscriptions that an admin agreed to; several are done in turn, each with its own result."""
    service, actor = session.office.subscriptions, session.actor
    change = service.end if verb == "End" else service.delete
    if not chosen[1:]:
        with screen.busy("Saving…"):
            changed = await screen.commit(lambda: change(actor, chosen[0]))
        show_change(screen, session, changed.sentence)
        screen.show_outcome(outcome_notice(_PAST[verb], changed.sentence, changed.consequences))
        return True

    def one(subscription: ApiSubscription) -> SeriesChange:
        def make() -> ChangeDone:
            done = change(actor, subscription)
            return ChangeDone(done.sentence, done.consequences)

        return SeriesChange(subscription.label, make)

    with session.office.undoing.together():
        results = await screen.app.push_screen_wait(ChangeSeries(f"{verb} {_counted(chosen)}", [*map(one, chosen)]))
    done = sum(result.done is not None for result in results or ())
    if done == len(chosen):
        show_change(screen, session, f"{_PAST[verb]} {_counted(chosen)}.")
    else:
        hint = undo_hint() if done and verb == "End" else ""
        screen.show_status(f"{_PAST[verb]} {done} of {_counted(chosen)}.", "problem", hint)
    return True


def _title(verb: Verb, chosen: Sequence[ApiSubscription]) -> str:
    return f"{verb} {_counted(chosen)}?" if chosen[1:] else f"{verb} this subscription?"


def _lines(verb: Verb, chosen: Sequence[ApiSubscription], others: Sequence[str]) -> list[str]:
    named = [f"  {each.label} → {each.address}" for each in chosen] if chosen[1:] else _described(chosen[0])
    return [
        *named,
        *(["", "Not changed:", *others] if others else []),
        "",
        _MEANING[verb],
        _EACH_LOGGED if chosen[1:] else _LOGGED,
    ]


def _described(subscription: ApiSubscription) -> list[str]:
    return [
        f"Developer   {subscription.developer or 'not known'}",
        f"API Key     {subscription.key.masked}",
        f"Watches     {subscription.watches}",
        f"Sent by     {subscription.where}",
        f"Sent to     {subscription.address or 'nowhere'}",
    ]


def _counted(chosen: Sequence[ApiSubscription]) -> str:
    return "1 subscription" if len(chosen) == 1 else f"{len(chosen)} subscriptions"


def _parse_confirmation(text: str) -> bool:
    if text.strip().casefold() != _WORD:
        raise InvalidInput("confirmation", f"Type {_WORD} to confirm.", "Esc cancels.")
    return True
