"""The outcome of a change that failed or whose answer was lost."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from core.base.errors import ApiSetupError


class Outcome(Enum):
    """The outcome of a change that failed; the values are sentences for the admin."""

    NOTHING = "Nothing was changed."
    COMPENSATED = "Nothing was changed. The Audit Trail records that."
    MADE = "The change was made anyway."
    LEFT = "It is unknown whether the change was made. Others have made changes since, so nothing was rolled back."
    UNKNOWN = "It is unknown whether the change was made."


_NOTHING_DONE = (Outcome.COMPENSATED.value, Outcome.NOTHING.value, "Nothing was saved.")


def cause_of(error: ApiSetupError) -> str:
    """Return the sentence of an error without `Nothing was changed.`, for a change of which a part was made."""
    sentence = error.sentence
    for ending in _NOTHING_DONE:
        sentence = sentence.removesuffix(f" {ending}")
    return sentence


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
