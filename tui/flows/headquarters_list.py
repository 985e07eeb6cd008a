"""Fetching the key list of headquarters in the background, while the screen stays usable."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from tui.platform.workers import REMOTE_GROUP

if TYPE_CHECKING:
    from core.model.api_key import KeyList
    from tui.platform.base_screen import BaseScreen
    from tui.session import Session


async def refresh_key_list(screen: BaseScreen[Any], session: Session) -> KeyList | None:
    """Fetch the key list from headquarters and store it. Call it from a worker of the screen.

    Returns:
        The new list. None if headquarters doesn't manage the keys, if this user may not change the practice's copy of
        its list, or if a newer answer arrived in the meantime.

    Raises:
        HeadquartersError: The list couldn't be fetched. The key list says so from now on.
    """
    keys = session.office.keys
    if not session.asks_headquarters:
        return None
    fetched = await screen.call_service(keys.fetch, group=REMOTE_GROUP)
    if fetched is None:
        return None
    # Nobody started this write, so it must neither block a change that an admin makes nor be refused because of one.
    return await screen.commit(partial(keys.apply_list, session.actor, fetched), background=True)
