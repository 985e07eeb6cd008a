"""The journal of intents: what a change is about to write where no transaction protects it.

A change is announced before its first statement, and cleared when its outcome is known and logged. What a killed
process leaves announced is settled at the next start (`core.recovery`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True)
class Intent:
    """A change that is about to be made."""

    texts: tuple[str, ...]
    """The texts of its audit rows, as their column holds them."""
    user_num: int
    computer: str
    after: int
    """The largest number of an audit row before the change; 0 where the practice picks random numbers."""
    began: datetime
    """The practice's time before the change."""
    remote: bool = False
    """True for a change at headquarters."""
    database: str = ""
    """The practice, as `Practice.database_identity` names it."""
    outcome: str = ""
    """The text of the row about the outcome of a remote change, if it is known and could not be written yet."""


class Journal(Protocol):
    """Keeps intents where they survive the process."""

    def announce(self, intent: Intent) -> int:
        """Record an intent durably, and return its number; 0 if it can't be recorded."""

    def set_outcome(self, number: int, text: str) -> None:
        """Record the outcome of a remote change that can't be logged now."""

    def clear(self, number: int) -> None:
        """Remove an intent whose outcome is known and logged."""


class NoJournal:
    """A journal for practices that need none: one transaction covers all of a change."""

    def announce(self, intent: Intent) -> int:  # noqa: ARG002 - as in every journal
        """Record nothing."""
        return 0

    def set_outcome(self, number: int, text: str) -> None:
        """Record nothing."""

    def clear(self, number: int) -> None:
        """Remove nothing."""
