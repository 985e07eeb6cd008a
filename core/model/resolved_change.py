"""The outcome of a change that failed or whose answer was lost."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Outcome(Enum):
    """The outcome of a change that failed; the values are sentences for the admin."""

    NOTHING = "Nothing was changed."
    COMPENSATED = "Nothing was changed. The Audit Trail records that."
    MADE = "The change was made anyway."
    LEFT = "It is unknown whether the change was made. Others have made changes since, so nothing was rolled back."
    UNKNOWN = "It is unknown whether the change was made."


@dataclass(frozen=True)
class ResolvedChange:
    """A change whose answer was lost, and what is known of it since."""

    texts: tuple[str, ...]
    """The texts of its audit entries."""
    outcome: Outcome

    @property
    def sentence(self) -> str:
        """The outcome as one sentence for the admin."""
        texts = "; ".join(self.texts)
        if self.outcome is Outcome.LEFT:
            return f"{self.outcome.value} Check the values and the Audit Trail: {texts}"
        made = "was made" if self.outcome is Outcome.MADE else "was not made"
        return f"The change whose response was lost {made}: {texts}"
