"""The key that an audit entry is about, as it is in the list now."""

from __future__ import annotations

from core.base.errors import OperationNotAllowed
from core.keys.service import KeyService
from core.model.api_key import ApiKey
from core.model.event_values import KeyLabel
from core.model.key_events import KeyEvent
from core.model.key_text import fingerprint_tag
from core.undo.recorded import Recorded


def listed_key(keys: KeyService, recorded: Recorded[KeyEvent], what: str) -> ApiKey:
    """Return the key of a change as it is now.

    Args:
        keys: The keys.
        recorded: The change.
        what: What its entries must say without doubt, such as `The earlier status`, to begin a sentence.

    Raises:
        OperationNotAllowed: The key is no longer in the list, or what was changed can't be determined.
    """
    event = recorded.event
    found = [key for key in keys.list().keys if fingerprint_tag(key.fingerprint) == event.key_tag]
    if len(found) != 1:
        raise OperationNotAllowed("This API key is no longer in the list.", "Reload the list.")
    (key,) = found
    sentence = f"{what} can't be determined from this entry's text."
    recorded.require_exact(sentence)
    # Versions before 0.2 wrote a developer's name without quotes, and it may hold words that look like a change.
    if isinstance(event.key, KeyLabel) and event.key.developer not in ("", key.developer):
        raise OperationNotAllowed(sentence, "Change it manually if needed.")
    return key
