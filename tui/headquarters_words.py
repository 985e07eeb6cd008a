"""What is said of a list of headquarters that has changed, and of why nothing is asked of it now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.authority.list_differences import NEW

if TYPE_CHECKING:
    from core.api_key import KeyList

NOT_NOW = "Headquarters did not answer, so keys are not added; r asks again."
"""Before the explanation of why it did not."""


def differences_in_words(listed: KeyList) -> str:
    """How many keys are different in a new list, and what was odd about it; blank where nothing is."""
    keys = {key.fingerprint: key for key in listed.keys}
    gone = sum(keys[identity].gone for identity in listed.differences if identity in keys)
    new = sum(words == NEW for words in listed.differences.values())
    other = len(listed.differences) - gone - new
    counts = [f"{number} {word}" for number, word in ((new, "new"), (gone, "gone"), (other, "changed")) if number]
    said = [f"Headquarters' list has changed: {', '.join(counts)}; see *."] if counts else []
    return " ".join([*said, *listed.notes])
