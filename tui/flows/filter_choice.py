"""Choosing a user, a permission or a log source for the Audit Trail's filter from a list instead of typing it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from core.opendental.log_sources import LOG_SOURCES
from core.opendental.permission_types import PERMISSIONS
from tui.modals.choice import Choice
from tui.modals.question import Answer, Question

if TYPE_CHECKING:
    from core.audit.filter import AuditFilter, Users
    from tui.platform.base_screen import BaseScreen

_NAMES = {"user": "user", "permission": "permission", "source": "log source"}


async def choose_filter_value(screen: BaseScreen[Any], current: AuditFilter, users: Users) -> AuditFilter | None:
    """Ask for a user, a permission or a log source, or all of them. Call it from a flow.

    Args:
        screen: The screen that the dialogs open above.
        current: The filter to change.
        users: The users of the practice.

    Returns:
        The changed filter, or None if nothing was chosen.
    """
    question = Question(
        "Show entries of",
        ["Choose what to filter by."],
        Answer("u", "A user", "user"),
        Answer("p", "A permission", "permission"),
        Answer("l", "A log source", "source"),
    )
    field = await screen.app.push_screen_wait(question)
    if field is None:
        return None
    choices = _choices(field, users)
    index = await screen.app.push_screen_wait(
        Choice(f"Show entries of a {_NAMES[field]}", [label for label, _ in choices])
    )
    if index is None:
        return None
    return current.with_value(field, choices[index][1])


def _choices(field: str, users: Users) -> list[tuple[str, int | None]]:
    """Return the label and the value of each choice for a field of the filter."""
    everything: tuple[str, int | None] = ("All", None)
    if field == "user":
        return [everything, *((value, users.number(value)) for value in users.filter_values)]
    names = PERMISSIONS.names if field == "permission" else LOG_SOURCES.names
    numbered = sorted(
        ((f"{name} ({number})", number) for number, name in enumerate(names)), key=lambda each: each[0].casefold()
    )
    return [everything, *numbered]
