"""Asking headquarters for its list, beside whatever else is done on a screen."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from tui.platform.workers import REMOTE_GROUP

if TYPE_CHECKING:
    from core.model.api_key import KeyList
    from tui.platform.base_screen import BaseScreen
    from tui.session import Session


async def newest_list(screen: BaseScreen[Any], session: Session) -> KeyList | None:
    """Ask for the list, and take it over; None where nobody outside is asked. To be run in a worker of the screen.

    Raises:
        HeadquartersError: No list came; what is listed says so from now on.
    """
    keys = session.office.keys
    if not keys.is_remote:
        return None
    fetched = await screen.call_service(keys.fetch, group=REMOTE_GROUP)
    if fetched is None:
        return None
    # Nobody asked for this, so it is in nobody's way.
    return await screen.commit(partial(keys.apply_list, session.actor, fetched), background=True)
