"""Asking headquarters for its list, beside whatever else is done on a screen."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from tui.platform.workers import OUTSIDE

if TYPE_CHECKING:
    from core.model.api_key import KeyList
    from tui.platform.base_screen import HouseScreen
    from tui.session import Visit


async def newest_list(screen: HouseScreen[Any], visit: Visit) -> KeyList | None:
    """Ask for the list, and take it over; None where nobody outside is asked. To be run in a worker of the screen.

    Raises:
        HeadquartersFailed: No list came; what is listed says so from now on.
    """
    keys = visit.office.keys
    if not keys.asks_outside:
        return None
    fetched = await screen.ask(keys.fetch, group=OUTSIDE)
    if fetched is None:
        return None
    # Nobody asked for this, so it is in nobody's way.
    return await screen.commit(partial(keys.take_over, visit.actor, fetched), beside=True)
