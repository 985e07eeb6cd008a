"""The subscriptions of keys that are being disabled, which can be ended in the same question."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from core.base.errors import ApiSetupError, OperationNotAllowed
from tui.modals.change_series import ChangeDone, SeriesChange
from tui.modals.question import Answer

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from core.model.api_key import ApiKey
    from core.model.subscription import ApiSubscription
    from tui.platform.base_screen import BaseScreen
    from tui.session import Session

WITH_SUBSCRIPTIONS = "with subscriptions"
"""The result of the answer that also ends subscriptions."""
_MAX_LISTED = 6
_NOT_KNOWN = "Open Dental doesn't document whether subscriptions continue after their key is disabled."


async def active_subscriptions(
    screen: BaseScreen[Any], session: Session, keys: Sequence[ApiKey]
) -> tuple[ApiSubscription, ...]:
    """Return the subscriptions of keys that haven't ended; none if they can't be read. Call it from a flow."""
    identities = {key.fingerprint for key in keys}
    try:
        page = await screen.call_service(session.office.subscriptions.load, group="subscriptions")
    except ApiSetupError as error:
        # Disabling a key is urgent, and possible without them.
        screen.terminal_app.record_problem(error)
        return ()
    return tuple(each for each in page.subscriptions if each.fingerprint in identities and not each.ended)


def subscription_lines(subscriptions: Sequence[ApiSubscription]) -> list[str]:
    """Return the lines of a question about keys that list their subscriptions; none if there are none."""
    if not subscriptions:
        return []
    more = len(subscriptions) - _MAX_LISTED
    return [
        f"{'Its subscription' if not subscriptions[1:] else 'Subscriptions'}:",
        *(f"  {each.watches} → {each.address}" for each in subscriptions[:_MAX_LISTED]),
        *([f"  and {more} more"] if more > 0 else []),
        _NOT_KNOWN,
        "",
    ]


def disable_answers(subscriptions: Sequence[ApiSubscription]) -> tuple[Answer, ...]:
    """Return the answers of a question whether to disable keys that have these subscriptions."""
    only = Answer("ctrl+y", "Disable", "yes")
    if not subscriptions:
        return (only,)
    count = "its subscription" if not subscriptions[1:] else f"{len(subscriptions)} subscriptions"
    return (only, Answer("ctrl+e", f"Disable and end {count}", WITH_SUBSCRIPTIONS))


async def end_with_key(
    screen: BaseScreen[Any], session: Session, subscriptions: Sequence[ApiSubscription]
) -> tuple[str, ...]:
    """End the subscriptions of a key that was just disabled, and return a sentence for each. Call it from a flow."""
    service, actor = session.office.subscriptions, session.actor
    sentences = []
    for each in subscriptions:
        try:
            change = await screen.commit(partial(service.end, actor, each))
        except ApiSetupError as error:
            screen.terminal_app.record_problem(error)
            sentences.append(f"Not ended: {each.label}. {error}")
        else:
            sentences.append(change.sentence)
    return tuple(sentences)


def end_in_turn(
    session: Session, subscriptions: Sequence[ApiSubscription], disabled: Collection[str]
) -> list[SeriesChange]:
    """Return the changes that end the subscriptions of several keys, after the keys were disabled.

    Args:
        session: The open office.
        subscriptions: The subscriptions.
        disabled: The fingerprints of the keys that were disabled, which the changes before these fill.
    """

    def change(subscription: ApiSubscription) -> SeriesChange:
        def make() -> ChangeDone:
            if subscription.fingerprint not in disabled:
                raise OperationNotAllowed("Its key was not disabled, so it isn't ended either.")
            done = session.office.subscriptions.end(session.actor, subscription)
            return ChangeDone(done.sentence, done.consequences)

        return SeriesChange(subscription.label, make)

    return [change(each) for each in subscriptions]
