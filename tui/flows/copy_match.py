"""Making the practice's copy of keys equal to the local registry."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tui.modals.question import Answer, Question

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.model.api_key import KeyList
    from tui.platform.base_screen import BaseScreen
    from tui.session import Session


async def match_copy(screen: BaseScreen[Any], session: Session, differences: Sequence[str]) -> KeyList | None:
    """Show how the copy differs, and make it equal to the registry if the admin wants that. Call it from a flow.

    Returns:
        The keys afterwards; None if nothing was changed.

    Raises:
        NotPermitted: The session is read-only.
        ApiSetupError: The copy wasn't changed.
    """
    session.require_writable()
    if session.office.keys.is_remote or not differences:
        screen.show_status("The practice's copy of keys is up to date.")
        return None
    lines = [*differences, "", "The copy will be synchronized with the registry. This is recorded in the Audit Trail."]
    question = Question("Synchronize the practice's copy of keys?", lines, Answer("ctrl+y", "Synchronize", "match"))
    if await screen.app.push_screen_wait(question) is None:
        return None
    with screen.busy("Saving…"):
        keys = await screen.commit(lambda: session.office.keys.reconcile_copy(session.actor))
    screen.show_status("The practice's copy of keys is synchronized with the registry.", "ok")
    return keys
