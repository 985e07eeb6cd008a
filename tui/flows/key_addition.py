"""Adding a key: what it is, the license agreement, and the words after."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from core.base.errors import ApiSetupError, OutcomeUnknown
from tui.flows.headquarters_messages import NOT_NOW, notice_of_failure
from tui.modals.notice import Notice
from tui.modals.question import Answer, Question

if TYPE_CHECKING:
    from core.model.agreement import Acceptance
    from core.model.api_key import KeyChange, NewKey
    from tui.platform.base_screen import BaseScreen
    from tui.session import Session


async def add_key(screen: BaseScreen[Any], session: Session, read_again: Callable[[], None]) -> KeyChange | None:
    """Ask for a key, have the agreement accepted, and add it; None where it was not added. To be run in a flow.

    Args:
        screen: From where it is added.
        session: Who adds it, and where.
        read_again: Reads the list again where nobody knows whether it was added.

    Raises:
        NotPermitted: Nothing can be written here.
    """
    from tui.modals.assign_key import AssignKeyScreen
    from tui.modals.license import LicenseScreen

    info = session.office.keys.authority
    session.require_writable()
    if not info.may_change:
        screen.open_screen(Notice("Keys are not added now", [NOT_NOW, "", info.explanation]))
        return None
    new = await screen.app.push_screen_wait(AssignKeyScreen(session))
    if new is None:
        screen.show_status("No key was added.")
        return None
    acceptance = await screen.app.push_screen_wait(LicenseScreen(session))
    if acceptance is None:
        screen.show_status("Declined: the agreement must be accepted to add an API key. Nothing was added.")
        return None
    return await _added(screen, session, new, acceptance, read_again)


async def _added(
    screen: BaseScreen[Any], session: Session, new: NewKey, acceptance: Acceptance, read_again: Callable[[], None]
) -> KeyChange | None:
    """Add the key; when that fails the admin may try again without typing it again."""
    keys, actor = session.office.keys, session.actor
    while True:
        try:
            with screen.busy("Asking headquarters…" if keys.is_remote else "Adding the key…"):
                return await screen.commit(lambda: keys.add(actor, new, acceptance))
        except OutcomeUnknown as error:
            read_again()
            screen.open_screen(notice_of_failure(error))
            return None
        except ApiSetupError as error:
            lines = [error.sentence, *(["", error.hint] if error.hint else [])]
            again = Question("The key was not added", lines, Answer("t", "Try again", "again"))
            if await screen.app.push_screen_wait(again) is None:
                screen.show_problem(error)
                return None
