"""The change that a unit of work made, for whoever remembers the changes of a session."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from core.model.actor import Actor
from core.model.logged_event import AuditEvent


@dataclass(frozen=True)
class LoggedChange:
    """One event that happened, and the number of its audit entry."""

    number: int
    event: AuditEvent


@dataclass(frozen=True)
class MadeChange:
    """A unit of work that was committed."""

    actor: Actor
    entries: tuple[LoggedChange, ...]


ChangeListener = Callable[[MadeChange], None]


def ignore_change(_change: MadeChange) -> None:
    """Remember nothing."""
