"""Disabling and enabling a key, from the key list and from the screen of one key."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from core.base.errors import HeadquartersError, OperationNotAllowed, OutcomeUnknown
from tui.flows.headquarters_messages import ASKS_HEADQUARTERS, failure_notice
from tui.modals.notice import outcome_notice
from tui.modals.question import Answer, Question

if TYPE_CHECKING:
    from core.model.api_key import ApiKey
    from tui.platform.base_screen import BaseScreen
    from tui.session import Session


async def change_status(screen: BaseScreen[Any], session: Session, key: ApiKey) -> bool:
    """Ask for confirmation, change the key's status and show the consequences. Call it from a flow.

    Returns:
        True if the status may have changed, including when the outcome is unknown.

    Raises:
        NotPermitted: The session is read-only.
        OperationNotAllowed: The office may not change this key's status.
        ApiSetupError: The change failed.
    """
    session.require_writable()
    keys = session.office.keys
    refusal = keys.status_refusal(key)
    status = key.status.office_may_change_to
    if refusal or status is None:
        raise OperationNotAllowed(refusal)
    verb = "Enable" if status.enabled else "Disable"
    question = Question(
        f"{verb} this key?",
        [
            f"Developer   {key.developer}",
            f"API Key     {key.masked}",
            f"Status      {key.status.label}, then {status.label}",
            "",
            *([ASKS_HEADQUARTERS] if keys.is_remote else []),
            "It will be written to the Audit Trail.",
        ],
        Answer("y", verb, "yes"),
    )
    if await screen.app.push_screen_wait(question) is None:
        screen.show_status("Nothing was changed.")
        return False
    try:
        with screen.busy("Asking headquarters…" if keys.is_remote else "Saving…"):
            change = await screen.commit(lambda: keys.set_status(session.actor, key, status))
    except (HeadquartersError, OutcomeUnknown) as error:
        screen.show_problem(error)
        screen.open_screen(failure_notice(error))
        return True
    screen.show_status(change.sentence, "ok")
    screen.show_outcome(outcome_notice(f"{verb}d", change.sentence, change.consequences))
    return True
