"""Adding an API key: asks for the key, has the license agreement accepted, and adds it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from core.base.errors import ApiSetupError, InvalidInput, OutcomeUnknown
from tui.flows.headquarters_messages import ASKING, CANNOT_ADD, failure_notice
from tui.modals.notice import Notice
from tui.modals.prompt import Prompt
from tui.modals.question import Answer, Question

if TYPE_CHECKING:
    from core.model.agreement import Acceptance
    from core.model.api_key import ApiKey, KeyChange, NewKey
    from tui.platform.base_screen import BaseScreen
    from tui.session import Session

_DECLINED = "Declined: the agreement must be accepted to add an API key. Nothing was added."


async def add_key(screen: BaseScreen[Any], session: Session, reload_keys: Callable[[], None]) -> KeyChange | None:
    """Ask for a key, have the agreement accepted, and add the key. Call it from a flow.

    Args:
        screen: The screen that the dialogs open above.
        session: The open office.
        reload_keys: Called if the outcome is unknown, to show whether the key was added.

    Returns:
        The change, or None if no key was added or the outcome is unknown.

    Raises:
        NotPermitted: The session is read-only.
    """
    from tui.modals.assign_key import Assigned, AssignKeyScreen
    from tui.modals.license import Refusal

    authority = session.office.keys.authority
    session.require_writable()
    if not authority.may_change:
        screen.open_screen(Notice("Can't add keys right now", [CANNOT_ADD, "", authority.explanation]))
        return None
    assigned = await screen.app.push_screen_wait(AssignKeyScreen(session))
    if isinstance(assigned, Assigned):
        return await _add(screen, session, assigned.key, assigned.acceptance, reload_keys)
    screen.show_status(_DECLINED if assigned is Refusal.DECLINED else "No key was added.")
    return None


async def adopt_key(
    screen: BaseScreen[Any], session: Session, key: ApiKey, reload_keys: Callable[[], None]
) -> KeyChange | None:
    """Have the agreement accepted for a key that only the practice's copy has, and add it. Call it from a flow.

    Args:
        screen: The screen that the dialogs open above.
        session: The open office.
        key: The key.
        reload_keys: Called if the outcome is unknown, to show whether the key was added.

    Returns:
        The change, or None if the key was not added or the outcome is unknown.

    Raises:
        NotPermitted: The session is read-only.
        OperationNotAllowed: The key is in the list already, or gone.
    """
    from tui.modals.license import LicenseScreen, Refusal

    session.require_writable()
    developer: str | None = key.developer
    if not developer:
        lines = ["The practice's copy has no developer name for it.", "Developer:"]
        developer = await screen.app.push_screen_wait(Prompt("Adopt this key", lines, "", _require_name))
    if developer is None:
        return None
    new_key = await screen.call_service(lambda: session.office.keys.to_adopt(key, developer), group="adopt")
    answer = await screen.app.push_screen_wait(LicenseScreen(session, new_key))
    if isinstance(answer, Refusal):
        screen.show_status(_DECLINED)
        return None
    if answer is None:
        screen.show_status("Nothing was added: the agreement was neither accepted nor declined.")
        return None
    return await _add(screen, session, new_key, answer, reload_keys)


def _require_name(text: str) -> str:
    if not text.strip():
        raise InvalidInput("developer", "Please enter the developer's name.")
    return text.strip()


async def _add(
    screen: BaseScreen[Any], session: Session, new_key: NewKey, acceptance: Acceptance, reload_keys: Callable[[], None]
) -> KeyChange | None:
    """Add the key. After a failure, the admin can retry without entering the key again."""
    keys, actor = session.office.keys, session.actor
    while True:
        try:
            with screen.busy(ASKING if keys.is_remote else "Adding the key…"):
                return await screen.commit(lambda: keys.add(actor, new_key, acceptance))
        except OutcomeUnknown as error:
            reload_keys()
            screen.open_screen(failure_notice(error))
            return None
        except InvalidInput as error:
            # Another program was faster. Trying again can't help.
            reload_keys()
            screen.show_outcome(
                Notice("The key was not added", [error.sentence, *(["", error.hint] if error.hint else [])])
            )
            return None
        except ApiSetupError as error:
            lines = [error.sentence, *(["", error.hint] if error.hint else [])]
            question = Question("The key was not added", lines, Answer("ctrl+y", "Retry", "again"))
            if await screen.app.push_screen_wait(question) is None:
                screen.show_problem(error)
                return None
