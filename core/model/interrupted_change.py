"""A change that a killed process left behind, as a value."""

from __future__ import annotations

from dataclasses import dataclass

from core.model.logged_event import Edit


@dataclass(frozen=True)
class InterruptedChange:
    """A change whose process ended before it was complete, and what became of it."""

    sentence: str
    """The finding and what was done about it, in plain words."""
    announced: int = 0
    """The number of its intent in the journal, while the admin has to decide; 0 if it is settled."""
    entry: int = 0
    """The number of its audit entry."""
    written: tuple[Edit, ...] = ()
    """The values that were written, if others weren't."""
    unwritten: tuple[Edit, ...] = ()
    """The values that weren't written, if others were."""

    @property
    def is_half_done(self) -> bool:
        """True if the admin has to decide: finish it, or roll it back."""
        return bool(self.written and self.unwritten)
