"""What is said of a list of headquarters that has changed, and of why nothing is asked of it now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.base.errors import OutcomeUnknown
from core.headquarters.list_diff import NEW
from tui.modals.notice import Notice

if TYPE_CHECKING:
    from core.base.errors import HeadquartersError
    from core.model.api_key import KeyList

NOT_NOW = "Headquarters gave no list, so keys are not added; r asks again."
"""Before the explanation of why it gave none."""


ASKED = "Open Dental's headquarters is asked to do it."
"""In the question before a change of a key."""


def notice_of_failure(error: HeadquartersError | OutcomeUnknown) -> Notice:
    """A notice of what headquarters did not do, or may have done; its words may be longer than the status line."""
    title = "Look before you repeat it" if isinstance(error, OutcomeUnknown) else "Not done"
    return Notice(title, [error.sentence, *(["", error.hint] if error.hint else [])])


def differences_in_words(listed: KeyList) -> str:
    """How many keys are different in a new list, and what was odd about it; blank where nothing is."""
    keys = {key.fingerprint: key for key in listed.keys}
    gone = sum(keys[identity].gone for identity in listed.differences if identity in keys)
    new = sum(words == NEW for words in listed.differences.values())
    other = len(listed.differences) - gone - new
    counts = [f"{number} {word}" for number, word in ((new, "new"), (gone, "gone"), (other, "changed")) if number]
    said = [f"Headquarters' list has changed: {', '.join(counts)}; see *."] if counts else []
    return " ".join([*said, *listed.notes])
