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
from tui.flows.series import make_in_turn, show_count
from tui.modals.change_series import ChangeDone, SeriesChange
from tui.modals.notice import Notice
from tui.modals.question import Question
from tui.widgets.key_status import short_key

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from core.model.api_key import ApiKey
    from core.model.subscription import ApiSubscription
    from tui.flows.status_change import Changed
    from tui.platform.base_screen import BaseScreen
    from tui.session import Session

_STATUS = KeyStatus.DISABLED_BY_CUSTOMER


async def disable_several(
    screen: BaseScreen[Any],
    session: Session,
    keys: Sequence[ApiKey],
    hidden: int = 0,
    change: Callable[[ApiKey], Changed] | None = None,
    remarks: Sequence[str] = (),
) -> tuple[ApiKey, ...]:
    """Say what will happen to each key, ask once, and disable each with its own audit entry. Call it from a flow.

    Args:
        screen: The screen that the dialogs open above.
        session: The open office.
        keys: The selected keys that are shown.
        hidden: The number of selected keys that a filter hides; nothing happens to them.
        change: Disables a key, as part of something else; None to only disable it.
        remarks: What else is done then, for the question.

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
    lines = [*lines[:-1], *subscription_lines(subscriptions), *remarks, lines[-1]]
    answer = await screen.app.push_screen_wait(Question(title, lines, *disable_answers(subscriptions)))
    if answer is None:
        screen.show_status("Nothing was changed.")
        return tuple(keys)
    make = change or (lambda key: session.office.keys.set_status(session.actor, key, _STATUS))
    with_keys = subscriptions if answer == WITH_SUBSCRIPTIONS else ()
    return await _disable_in_turn(screen, session, possible, make, with_keys)


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
    screen: BaseScreen[Any],
    session: Session,
    keys: Sequence[ApiKey],
    disable: Callable[[ApiKey], Changed],
    subscriptions: Sequence[ApiSubscription],
) -> tuple[ApiKey, ...]:
    disabled = set[str]()

    def change(key: ApiKey) -> SeriesChange:
        def make() -> ChangeDone:
            changed = disable(key)
            disabled.add(key.fingerprint)
            return ChangeDone(changed.sentence, changed.consequences)

        return SeriesChange(_name(key), make)

    changes = [*map(change, keys), *end_in_turn(session, subscriptions, disabled)]
    results = await make_in_turn(screen, session, f"Disable {count_of(len(keys), 'key')}", changes)
    left = tuple(key for key, result in zip(keys, results, strict=False) if result.done is None)
    show_count(screen, session, "Disabled", len(keys) - len(left), len(keys))
    return left


def _name(key: ApiKey) -> str:
    return f"{key.developer}  {short_key(key)}"
