"""The use of keys on API Setup: read the Audit Trail in the background, and edit former names."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from core.audit.filter import Alternatives, AuditFilter
from core.base.errors import ApiSetupError
from core.opendental.log_sources import API
from tui.modals.prompt import Prompt

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


async def entries_of_developer(
    screen: BaseScreen[Any], session: Session, table: KeyTable, key: ApiKey
) -> AuditFilter | None:
    """Return the filter for the audit entries of a key's developer, from the first change that is known.

    Entries under the developer's former names match, too. None if the key has no developer; the reason is shown.

    Raises:
        PracticeUnavailable: The companion can't be read.
    """
    if not _has_developer(screen, key):
        return None
    former = await screen.call_service(lambda: session.office.use.former_names(key.developer), group="former names")
    use = table.use_of_developer(key.developer)
    since = use.first.date() if use is not None and use.first is not None else None
    texts = tuple(f"by {name} through" for name in (key.developer, *former))
    if not former:
        return AuditFilter(since=since, source=API, text=texts[0])
    return AuditFilter(since=since, source=API, more=(Alternatives("text", texts),))


async def edit_former_names(screen: BaseScreen[Any], session: Session, key: ApiKey) -> bool:
    """Ask for the names that a developer had before. Call it from a flow.

    Returns:
        True if they were changed.

    Raises:
        PracticeUnavailable: The companion can't be read or written.
        NotPermitted: This account may not write the companion.
    """
    if not _has_developer(screen, key):
        return False
    use = session.office.use
    before = await screen.call_service(lambda: use.former_names(key.developer), group="former names")
    lines = [
        f"Audit entries name a developer, not a key. If {key.developer} had other names before, enter them here.",
        "Separate several names with semicolons. They are kept on this computer only.",
    ]
    title, typed = f"Former names of {key.developer}", "; ".join(before)
    prompt = Prompt(title, lines, typed, _split_names, verb="Save", key="ctrl+s")
    names = await screen.app.push_screen_wait(prompt)
    if names is None or names == before:
        return False
    await screen.commit(lambda: use.set_former_names(key.developer, names))
    screen.show_status(f"Former names of {key.developer}: {'; '.join(names) or 'none'}.", "ok")
    return True


def _has_developer(screen: BaseScreen[Any], key: ApiKey) -> bool:
    """Return True if a key names its developer; say otherwise what that means."""
    if key.developer.strip():
        return True
    screen.show_status("This key has no developer name, so the Audit Trail can't show what was done with it.")
    return False


def _split_names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(";") if name.strip())
