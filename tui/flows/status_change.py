"""Disabling and enabling a key, from the key list and from the screen of one key."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from core.base.errors import HeadquartersError, OperationNotAllowed, OutcomeUnknown
from core.opendental.key_status import KeyStatus
from tui.flows.confirm_enabling import confirm_enabling
from tui.flows.headquarters_messages import ASKING, ASKS_HEADQUARTERS, failure_notice
from tui.flows.key_subscriptions import (
    WITH_SUBSCRIPTIONS,
    active_subscriptions,
    disable_answers,
    end_with_key,
    subscription_lines,
)
from tui.flows.undo import show_change
from tui.modals.notice import outcome_notice
from tui.modals.question import Question

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from core.model.api_key import ApiKey
    from core.model.subscription import ApiSubscription
    from tui.platform.base_screen import BaseScreen
    from tui.session import Session


class Changed(Protocol):
    """The result of a change of a key's status."""

    @property
    def sentence(self) -> str:
        """The change, in a sentence."""

    @property
    def consequences(self) -> tuple[str, ...]:
        """Its consequences."""


async def disable_key(
    screen: BaseScreen[Any],
    session: Session,
    key: ApiKey,
    change: Callable[[], Changed] | None = None,
    remarks: Sequence[str] = (),
) -> bool:
    """Ask for confirmation, disable a key and show the consequences. Call it from a flow.

    Args:
        screen: The screen that the dialogs open above.
        session: The open office.
        key: The key.
        change: Disables the key, as part of something else; None to only disable it.
        remarks: What else is done then, for the question.

    Returns:
        True if the status may have changed, including when the outcome is unknown.

    Raises:
        NotPermitted: The session is read-only.
        OperationNotAllowed: The key is disabled already, or the office may not disable it.
        ApiSetupError: The change failed.
    """
    status = KeyStatus.DISABLED_BY_CUSTOMER
    _require_allowed(session, key, status)
    subscriptions = await active_subscriptions(screen, session, [key])
    lines = _lines(session, key, status, subscriptions, remarks)
    question = Question("Disable this key?", lines, *disable_answers(subscriptions))
    answer = await screen.app.push_screen_wait(question)
    with_key = subscriptions if answer == WITH_SUBSCRIPTIONS else ()
    change = change or partial(session.office.keys.set_status, session.actor, key, status)
    return await _set_status(screen, session, status, change, with_key, confirmed=answer is not None)


async def enable_key(screen: BaseScreen[Any], session: Session, key: ApiKey) -> bool:
    """Have the end of a key typed as confirmation, enable it and show the consequences. Call it from a flow.

    Returns:
        True if the status may have changed, including when the outcome is unknown.

    Raises:
        NotPermitted: The session is read-only.
        OperationNotAllowed: The key is enabled already, or the office may not enable it.
        ApiSetupError: The change failed.
    """
    status = KeyStatus.ENABLED
    _require_allowed(session, key, status)
    confirmed = await confirm_enabling(screen, "Enable this key?", _lines(session, key, status), key.ending)
    change = partial(session.office.keys.set_status, session.actor, key, status)
    return await _set_status(screen, session, status, change, confirmed=confirmed)


def _require_allowed(session: Session, key: ApiKey, status: KeyStatus) -> None:
    session.require_writable()
    refusal = session.office.keys.status_refusal(key, status)
    if refusal:
        raise OperationNotAllowed(refusal)


def _lines(
    session: Session,
    key: ApiKey,
    status: KeyStatus,
    subscriptions: Sequence[ApiSubscription] = (),
    remarks: Sequence[str] = (),
) -> list[str]:
    return [
        f"Developer   {key.developer}",
        f"API Key     {key.masked}",
        f"Status      {key.status.label} → {status.label}",
        "",
        *subscription_lines(subscriptions),
        *([ASKS_HEADQUARTERS] if session.office.keys.is_remote else []),
        *remarks,
        "This is recorded in the Audit Trail.",
    ]


async def _set_status(
    screen: BaseScreen[Any],
    session: Session,
    status: KeyStatus,
    make: Callable[[], Changed],
    subscriptions: Sequence[ApiSubscription] = (),
    *,
    confirmed: bool,
) -> bool:
    if not confirmed:
        screen.show_status("Nothing was changed.")
        return False
    busy = ASKING if session.office.keys.is_remote else "Saving…"
    try:
        with session.office.undoing.together(), screen.busy(busy):
            change = await screen.commit(make)
            ended = await end_with_key(screen, session, subscriptions)
    except (HeadquartersError, OutcomeUnknown) as error:
        screen.show_problem(error)
        screen.open_screen(failure_notice(error))
        return True
    show_change(screen, session, change.sentence)
    title = "Enabled" if status.enabled else "Disabled"
    screen.show_outcome(outcome_notice(title, change.sentence, (*ended, *change.consequences)))
    return True
