"""Choosing a part of the Audit Trail's filter from a list, instead of typing it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from core.opendental.log_sources import LOG_SOURCES
from core.opendental.permission_types import PERMISSIONS
from tui.modals.choice import Choice
from tui.modals.question import Answer, Question

if TYPE_CHECKING:
    from core.audit.filter import AuditFilter, Users
    from tui.platform.base_screen import BaseScreen


async def choose_part(screen: BaseScreen[Any], wanted: AuditFilter, users: Users) -> AuditFilter | None:
    """Ask for a user, a permission or a log source; the filter with it, or None. To be run in a flow."""
    question = Question(
        "Show entries of",
        ["All, or one of them."],
        Answer("u", "A user", "user"),
        Answer("p", "A permission", "permission"),
        Answer("l", "A log source", "source"),
    )
    kind = await screen.app.push_screen_wait(question)
    if kind is None:
        return None
    choices = _choices(kind, users)
    chosen = await screen.app.push_screen_wait(Choice(f"Show entries of a {kind}", [words for words, _ in choices]))
    if chosen is None:
        return None
    changed: dict[str, Any] = {kind: choices[chosen][1]}
    return replace(wanted, **changed)


def _choices(kind: str, users: Users) -> list[tuple[str, int | None]]:
    """What can be chosen for a part of the filter, with its number."""
    everything: tuple[str, int | None] = ("All", None)
    if kind == "user":
        return [everything, *((value, users.number(value)) for value in users.filter_values)]
    names = PERMISSIONS.names if kind == "permission" else LOG_SOURCES.names
    numbered = sorted(
        ((f"{name} ({number})", number) for number, name in enumerate(names)), key=lambda each: each[0].casefold()
    )
    return [everything, *numbered]
