"""Texts about headquarters: changes in its key list, and requests that it refused or may have carried out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.base.errors import OutcomeUnknown

if TYPE_CHECKING:
    from core.base.errors import HeadquartersError
    from core.model.api_key import KeyList
    from tui.modals.notice import Notice

CANNOT_ADD = "There is no list from headquarters. Press r to ask again."
"""Shown before the authority's own explanation when keys can't be added."""

ASKING = "Asking headquarters…"
"""Shown until headquarters has answered."""

ASKS_HEADQUARTERS = "This asks Open Dental's headquarters to make the change."
"""Shown in the question before a change that headquarters carries out."""


def failure_notice(error: HeadquartersError | OutcomeUnknown) -> Notice:
    """Return a notice that headquarters refused a change or may have made it.

    A notice, because the quoted answer may be longer than the status line.
    """
    from tui.modals.notice import Notice

    title = "Check before you repeat it" if isinstance(error, OutcomeUnknown) else "Not done"
    return Notice(title, [error.sentence, *(["", error.hint] if error.hint else [])])


def format_differences(key_list: KeyList) -> str:
    """Return how many keys are new, gone or changed in a new list, and its remarks; empty if there are none."""
    from core.headquarters.list_diff import NEW

    keys = {key.fingerprint: key for key in key_list.keys}
    gone = sum(keys[fingerprint].gone for fingerprint in key_list.differences if fingerprint in keys)
    new = sum(difference == NEW for difference in key_list.differences.values())
    other = len(key_list.differences) - gone - new
    counts = [f"{number} {word}" for number, word in ((new, "new"), (gone, "gone"), (other, "changed")) if number]
    sentences = [f"Headquarters' list has changed: {', '.join(counts)}; see *."] if counts else []
    return " ".join([*sentences, *key_list.notes])
