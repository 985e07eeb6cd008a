"""Starting and ending a review."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from core.base.errors import InvalidInput, OperationNotAllowed
from core.model.review import DecisionKind
from tui.flows.typed_dates import DATE_FORM, require_date_field
from tui.flows.typed_values import ask_until_saved
from tui.modals.form import FormField, StartForm
from tui.modals.question import Answer, Question

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import date

    from core.model.review import Findings, Review, ReviewProgress
    from tui.platform.base_screen import BaseScreen
    from tui.session import Session

_LOGGED = "This is recorded in the Audit Trail."
_MAX_NAMED = 8


@dataclass(frozen=True)
class _Typed:
    """A review as it was typed."""

    name: str
    since: date
    until: date


async def start_review(
    screen: BaseScreen[Any], session: Session, findings: Findings, taken: frozenset[str], reload: Callable[[], None]
) -> Review | None:
    """Ask for a name and a period, and start a review of all keys. Call it from a flow.

    Args:
        screen: The screen that the dialogs open above.
        session: The open office.
        findings: What needs a decision, as it is shown.
        taken: The names of the earlier reviews, case-folded.
        reload: Called if no review can be started, to show the one that another program started.

    Returns:
        The review; None if none was started.

    Raises:
        NotPermitted: The session is read-only.
        OperationNotAllowed: A review is under way, or there are no keys.
        PracticeUnavailable: The practice or the companion can't be read or written.
    """
    session.require_writable()
    service, actor = session.office.review, session.actor
    name = _free_name(findings.at.date(), taken)

    async def start(typed: _Typed) -> Review:
        change = partial(service.start, actor, typed.name, typed.since, typed.until, findings=findings)
        try:
            with screen.busy("Saving…"):
                return await screen.commit(change)
        except OperationNotAllowed:
            reload()
            raise

    try:
        begun = await screen.call_service(partial(service.prepare, actor, name, findings=findings), group="review")
    except OperationNotAllowed:
        reload()
        raise
    return await ask_until_saved(screen, partial(_start_form, begun), start)


async def end_review(screen: BaseScreen[Any], session: Session, progress: ReviewProgress) -> bool:
    """Ask, naming the keys that are open, and end a review. Call it from a flow.

    Returns:
        True if it was ended.

    Raises:
        NotPermitted: The session is read-only.
        OperationNotAllowed: It has ended already, or another admin decided about a key since it was shown.
        PracticeUnavailable: The practice or the companion can't be read or written.
    """
    session.require_writable()
    review, left = progress.review, progress.open
    counts = ", ".join(f"{review.count(kind)} {kind.label}" for kind in DecisionKind)
    verb = "End" if not left else f"End with {len(left)} open"
    lines = [f"Review      {review.name}", f"Decided     {counts}", ""]
    if left:
        lines += [f"Without a decision ({len(left)}):", *(f"  {each.label}" for each in left[:_MAX_NAMED])]
        lines += [f"  and {len(left) - _MAX_NAMED} more"] if left[_MAX_NAMED:] else []
        lines += ["", "These keys stay as they are. The audit entry about the end names them."]
    lines += ["An ended review can't be changed.", _LOGGED]
    question = Question("End this review?", lines, Answer("ctrl+y", verb, "end"))
    if await screen.app.push_screen_wait(question) is None:
        screen.show_status("Nothing was changed.")
        return False
    with screen.busy("Saving…"):
        await screen.commit(partial(session.office.review.end, session.actor, review, with_open=bool(left)))
    screen.show_status(f"Ended: review {review.name}.", "ok")
    return True


def _start_form(begun: Review, before: _Typed | None) -> StartForm[_Typed]:
    typed = before or _Typed(begun.name, begun.since, begun.until)
    count = "1 key" if len(begun.items) == 1 else f"{len(begun.items):,} keys"
    lines = [f"It lists {count}, with what is known about each now. You then decide about each key.", _LOGGED]
    since, until = begun.since.isoformat(), begun.until.isoformat()
    fields = [
        FormField("name", "Name", typed.name, begun.name, "Q4 2026"),
        FormField("since", "From", typed.since.isoformat(), since, DATE_FORM, is_short=True),
        FormField("until", "To", typed.until.isoformat(), until, DATE_FORM, is_short=True),
    ]
    return StartForm("Start a review", lines, fields, _parse)


def _parse(texts: Mapping[str, str]) -> _Typed:
    if not texts["name"]:
        raise InvalidInput("name", "A review needs a name.", "For example: Q4 2026")
    return _Typed(
        texts["name"], require_date_field("since", texts["since"]), require_date_field("until", texts["until"])
    )


def _free_name(today: date, taken: frozenset[str]) -> str:
    """Return the quarter as a name, with a number if earlier reviews have it."""
    quarter = f"Q{(today.month + 2) // 3} {today.year}"
    names = (quarter, *(f"{quarter}, {number}" for number in range(2, 100)))
    return next((name for name in names if name.casefold() not in taken), quarter)
