"""Disabling several keys with one question."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from core.base.errors import OperationNotAllowed
from core.base.plural import count_of
from core.opendental.key_status import KeyStatus
from tui.flows.headquarters_messages import ASKS_HEADQUARTERS
from tui.flows.key_subscriptions import (
    WITH_SUBSCRIPTIONS,
    active_subscriptions,
    disable_answers,
    end_in_turn,
    subscription_lines,
)
from tui.flows.undo import show_change, undo_hint
from tui.modals.change_series import ChangeDone, ChangeSeries, SeriesChange, SeriesResult
from tui.modals.notice import Notice
from tui.modals.question import Question
from tui.widgets.key_details import short_key

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.model.api_key import ApiKey
    from core.model.subscription import ApiSubscription
    from tui.platform.base_screen import BaseScreen
    from tui.session import Session

_STATUS = KeyStatus.DISABLED_BY_CUSTOMER


async def disable_several(
    screen: BaseScreen[Any], session: Session, keys: Sequence[ApiKey], hidden: int
) -> tuple[ApiKey, ...]:
    """Say what will happen to each key, ask once, and disable each with its own audit entry. Call it from a flow.

    Args:
        screen: The screen that the dialogs open above.
        session: The open office.
        keys: The selected keys that are shown.
        hidden: The number of selected keys that a filter hides; nothing happens to them.

    Returns:
        The keys that still have to be disabled: all of them if the admin cancelled, or those that failed.

    Raises:
        NotPermitted: The session is read-only.
        OperationNotAllowed: No status can be changed from here.
    """
    session.require_writable()
    authority = session.office.keys.authority
    if not authority.may_change:
        raise OperationNotAllowed(authority.refusal)
    refusals = {key.fingerprint: session.office.keys.status_refusal(key, _STATUS) for key in keys}
    possible = [key for key in keys if not refusals[key.fingerprint]]
    others = [f"  {_name(key)}  {refusals[key.fingerprint]}" for key in keys if refusals[key.fingerprint]]
    if not possible:
        screen.open_screen(Notice("Nothing to disable", ["Not changed:", *others, *_hidden_lines(hidden)]))
        return tuple(keys)
    title = f"Disable {count_of(len(possible), 'key')}?"
    subscriptions = await active_subscriptions(screen, session, possible)
    lines = _lines(possible, others, hidden, is_remote=session.office.keys.is_remote)
    lines = [*lines[:-1], *subscription_lines(subscriptions), lines[-1]]
    answer = await screen.app.push_screen_wait(Question(title, lines, *disable_answers(subscriptions)))
    if answer is None:
        screen.show_status("Nothing was changed.")
        return tuple(keys)
    return await _disable_in_turn(screen, session, possible, subscriptions if answer == WITH_SUBSCRIPTIONS else ())


def _lines(possible: Sequence[ApiKey], others: Sequence[str], hidden: int, *, is_remote: bool) -> list[str]:
    disabled = [f"  {_name(key)}  {key.status.label} → {_STATUS.label}" for key in possible]
    return [
        "These keys will be disabled:",
        *disabled,
        *(["", "Not changed:", *others] if others else []),
        *_hidden_lines(hidden),
        "",
        *([ASKS_HEADQUARTERS] if is_remote else []),
        "Each is recorded in the Audit Trail.",
    ]


def _hidden_lines(hidden: int) -> list[str]:
    if not hidden:
        return []
    return ["", f"The filter hides {count_of(hidden, 'more selected key')}. They aren't changed."]


async def _disable_in_turn(
    screen: BaseScreen[Any], session: Session, keys: Sequence[ApiKey], subscriptions: Sequence[ApiSubscription]
) -> tuple[ApiKey, ...]:
    service, actor, disabled = session.office.keys, session.actor, set[str]()

    def change(key: ApiKey) -> SeriesChange:
        def make() -> ChangeDone:
            changed = service.set_status(actor, key, _STATUS)
            disabled.add(key.fingerprint)
            return ChangeDone(changed.sentence, changed.consequences)

        return SeriesChange(_name(key), make)

    with session.office.undoing.together():
        changes = [*map(change, keys), *end_in_turn(session, subscriptions, disabled)]
        series = ChangeSeries(f"Disable {count_of(len(keys), 'key')}", changes)
        results = await screen.app.push_screen_wait(series) or (SeriesResult(),) * len(keys)
    left = tuple(key for key, result in zip(keys, results, strict=False) if result.done is None)
    done = len(keys) - len(left)
    if left:
        text = f"Disabled {done} of {count_of(len(keys), 'key')}."
        screen.show_status(text, "problem", undo_hint() if done else "")
    else:
        show_change(screen, session, f"Disabled {count_of(done, 'key')}.")
    return left


def _name(key: ApiKey) -> str:
    return f"{key.developer}  {short_key(key)}"
