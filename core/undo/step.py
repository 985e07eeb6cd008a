"""The effect of undoing a change, before and after, as screens show it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class UndoStep:
    """One change and what undoing it would do now."""

    numbers: tuple[int, ...]
    """The numbers of the change's audit entries."""
    subject: str
    """The subject of the change: the settings, or a key as sentences name it."""
    lines: tuple[str, ...]
    """The effect of undoing it, a line for each value."""
    ending: str = ""
    """The end of the key that must be typed, because undoing lets it in again or removes it; empty for none."""
    is_remote: bool = False
    """True if headquarters is asked to do it."""
    refusal: str = ""
    """The reason why it can't be undone, and what to do; empty if it can."""


@dataclass(frozen=True)
class Undone:
    """The result of an undo, in plain words."""

    sentence: str
    consequences: tuple[str, ...] = ()
    """Sentences that say what is cut off or let in now and what isn't."""
