"""Notes on keys: owner, purpose, agreement, review date, and the developer's former names."""

from __future__ import annotations

from collections.abc import Mapping

from core.model.actor import Actor
from core.model.api_key import ApiKey
from core.model.key_note import KeyNote, KeyRecord, NoteSaved


class KeyNotes:
    """Reads and saves the notes on keys. Each change has its entry in the Audit Trail."""

    def all(self) -> Mapping[str, KeyNote]:
        """Return the notes by the keys' fingerprints; keys without notes are left out.

        Raises:
            PracticeUnavailable: The companion can't be read.
        """
        raise NotImplementedError

    def of(self, key: ApiKey) -> KeyRecord:
        """Return everything that is noted about a key.

        Raises:
            PracticeUnavailable: The companion can't be read.
        """
        raise NotImplementedError

    def save(self, actor: Actor, key: ApiKey, read: KeyRecord, wanted: KeyRecord) -> NoteSaved:
        """Save the notes that differ from what was read.

        Args:
            actor: Who saves them.
            key: The key as it was shown.
            read: What was shown.
            wanted: What is to be saved.

        Raises:
            InvalidInput: A value can't be used; the field is `owner`, `purpose`, `agreement_reference`, `review_date`,
                `agreement` or `names`.
            EditConflict: A value was changed meanwhile.
            NotPermitted, PracticeUnavailable: It can't be written.
        """
        raise NotImplementedError
