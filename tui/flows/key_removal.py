"""Removing a key that was added by mistake, from the key list and from the screen of one key."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from core.base.errors import OperationNotAllowed, OutcomeUnknown
from tui.flows.confirm_enabling import confirm_with_ending
from tui.flows.headquarters_messages import failure_notice
from tui.flows.undo import show_change
from tui.modals.notice import outcome_notice

if TYPE_CHECKING:
    from core.model.api_key import ApiKey
    from tui.platform.base_screen import BaseScreen
    from tui.session import Session


async def remove_key(screen: BaseScreen[Any], session: Session, key: ApiKey) -> bool:
    """Have the end of a key typed as confirmation, remove it and show the consequences. Call it from a flow.

    Returns:
        True if the key may be gone, including when the outcome is unknown.

    Raises:
        NotPermitted: The session is read-only.
        OperationNotAllowed: The key can't be removed from here.
        EditConflict: The key isn't what was shown any more.
        ApiSetupError: The change failed.
    """
    keys = session.office.keys
    session.require_writable()
    refusal = keys.removal_refusal(key)
    if refusal:
        raise OperationNotAllowed(refusal)
    if not await confirm_with_ending(screen, "Remove this key?", _lines(key), key.ending, "Remove"):
        screen.show_status("Nothing was changed.")
        return False
    try:
        with screen.busy("Removing the key…"):
            change = await screen.commit(lambda: keys.remove(session.actor, key))
    except OutcomeUnknown as error:
        screen.show_problem(error)
        screen.open_screen(failure_notice(error))
        return True
    show_change(screen, session, change.sentence)
    screen.show_outcome(outcome_notice("Removed", change.sentence, change.consequences))
    return True


def _lines(key: ApiKey) -> list[str]:
    return [
        f"Developer   {key.developer}",
        f"API Key     {key.masked}",
        f"Status      {key.status.label}",
        "",
        "Its contact, permissions and agreement date are deleted. Only adding the key again brings it back.",
        "To stop a key that was in use, disable it instead.",
        "This is recorded in the Audit Trail.",
    ]
