"""The former names of a key's developer, and the audit entries under all of the developer's names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from core.audit.filter import Alternatives, AuditFilter
from core.base.errors import AlreadyApplied, EditConflict
from core.keys.pasted_key import refuse_keys_in
from core.opendental.log_sources import API
from core.opendental.permission_types import QUERY_TYPES
from tui.flows.typed_values import ask_until_saved
from tui.modals.prompt import Prompt

if TYPE_CHECKING:
    from core.model.api_key import ApiKey
    from tui.platform.base_screen import BaseScreen
    from tui.session import Session
    from tui.widgets.key_table import KeyTable


async def entries_of_developer(
    screen: BaseScreen[Any], session: Session, table: KeyTable, key: ApiKey, *, only_queries: bool = False
) -> AuditFilter | None:
    """Return the filter for the audit entries of a key's developer, from the first change that is known.

    Entries under the developer's former names match, too. None if the key has no developer; the reason is shown.

    Args:
        screen: API Setup.
        session: The open office.
        table: The list of keys.
        key: The key.
        only_queries: Only the entries whose text is a database query.

    Raises:
        PracticeUnavailable: The companion can't be read.
    """
    if not _has_developer(screen, key):
        return None
    former = await screen.call_service(lambda: session.office.use.former_names(key.developer), group="former names")
    use = table.use_of_developer(key.developer)
    since = use.first.date() if use is not None and use.first is not None else None
    texts = tuple(f"by {name} through" for name in (key.developer, *former))
    more = [Alternatives("permission", QUERY_TYPES)] if only_queries else []
    if not former:
        return AuditFilter(since=since, source=API, text=texts[0], more=tuple(more))
    return AuditFilter(since=since, source=API, more=(*more, Alternatives("text", texts)))


async def edit_former_names(screen: BaseScreen[Any], session: Session, key: ApiKey) -> bool:
    """Ask for the names that a developer had before. Call it from a flow.

    Returns:
        True if they were changed.

    Raises:
        EditConflict: They were changed meanwhile.
        PracticeUnavailable: The practice or the companion can't be read or written.
        NotPermitted: This account may not write them.
    """
    if not _has_developer(screen, key):
        return False
    use = session.office.use
    before = await screen.call_service(lambda: use.former_names(key.developer), group="former names")
    lines = [
        f"Audit entries name a developer, not a key. If {key.developer} had other names before, enter them here.",
        "Separate several names with semicolons. They are kept in apisetup's companion, not in Open Dental. A change is"
        " recorded in the Audit Trail.",
    ]

    def dialog(typed: tuple[str, ...] | None) -> Prompt[tuple[str, ...]]:
        text = "; ".join(before if typed is None else typed)
        return Prompt(f"Former names of {key.developer}", lines, text, _split_names, verb="Save", key="ctrl+s")

    async def save(names: tuple[str, ...]) -> tuple[str, ...]:
        if names != before:
            await screen.commit(lambda: use.set_former_names(session.actor, key.developer, before, names))
        return names

    names = await ask_until_saved(screen, dialog, save, closes_on=(AlreadyApplied, EditConflict))
    if names is None or names == before:
        return False
    screen.show_status(f"Former names of {key.developer}: {'; '.join(names) or 'none'}.", "ok")
    return True


def _has_developer(screen: BaseScreen[Any], key: ApiKey) -> bool:
    """Return True if a key names its developer; say otherwise what that means."""
    if key.developer.strip():
        return True
    screen.show_status("This key has no developer name, so the Audit Trail can't show what was done with it.")
    return False


def _split_names(text: str) -> tuple[str, ...]:
    refuse_keys_in({"names": text})
    return tuple(name.strip() for name in text.split(";") if name.strip())
