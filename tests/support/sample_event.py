"""An audit event with any text, for tests of the write path."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from core.model.logged_event import AuditEvent


@dataclass(frozen=True)
class SampleEvent(AuditEvent):
    """An event that no reader recognizes: it has no template."""

    words: str

    def text(self) -> str:
        """Return the words as they are."""
        return self.words

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """Return the event with these words."""
        return cls(text)
