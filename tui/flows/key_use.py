"""The use of keys on API Setup: read the Audit Trail in the background."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from core.base.errors import ApiSetupError

if TYPE_CHECKING:
    from core.model.api_key import ApiKey
    from tui.platform.base_screen import BaseScreen
    from tui.session import Session
    from tui.widgets.key_table import KeyTable

_SECONDS_BETWEEN_PICTURES = 2.0
"""While the Audit Trail is read for the first time, so that a slow connection isn't kept busy."""


async def read_use(screen: BaseScreen[Any], session: Session, table: KeyTable) -> None:
    """Read what is new in the Audit Trail, and older parts that were not read yet, and show what is known.

    What can't be read isn't said here: the column stays empty, and `check` names the missing right.

    Args:
        screen: API Setup.
        session: The open office.
        table: The list of keys.
    """
    use, developers = session.office.use, table.developers
    if not developers:
        return
    try:
        table.show_use(await screen.call_service(lambda: use.known_now(developers), group="use"))
        reading = await screen.call_service(lambda: use.reading(developers), group="use")
        shown = time.monotonic()
        while await screen.call_service(reading.read_on, group="use"):
            if time.monotonic() - shown >= _SECONDS_BETWEEN_PICTURES:
                table.show_use(await screen.call_service(lambda: use.known_now(developers), group="use"))
                shown = time.monotonic()
        table.show_use(await screen.call_service(lambda: use.known_now(developers), group="use"))
    except ApiSetupError as error:
        screen.terminal_app.record_problem(error)


async def count_use(screen: BaseScreen[Any], session: Session, table: KeyTable, key: ApiKey) -> None:
    """Count what is counted only for a key whose details are on screen."""
    try:
        table.show_use_details(
            key, await screen.call_service(lambda: session.office.use.details(key), group="use details")
        )
    except ApiSetupError as error:
        screen.terminal_app.record_problem(error)
