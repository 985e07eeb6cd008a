"""The effect of enabling a key on its rights, in sentences."""

from __future__ import annotations

import logging

from core.audit.service import AuditService
from core.base.errors import PracticeUnavailable
from core.keys.status_history import changes_made
from core.model.api_key import ApiKey
from core.model.key_events import KeyStatusChanged
from core.opendental.key_status import KeyStatus

_logger = logging.getLogger(__name__)


def rights_remarks(audit: AuditService, key: ApiKey, event: KeyStatusChanged, *, is_remote: bool) -> tuple[str, ...]:
    """Return a remark on a key that was enabled, and had or may have been read-only before it was disabled.

    Enabling always asks for Enabled, and nobody documents what headquarters makes of that for such a key.

    Args:
        audit: The Audit Trail, which has the earlier status.
        key: The key.
        event: The change of its status.
        is_remote: True if headquarters made the change.
    """
    if event.after is not KeyStatus.ENABLED:
        return ()
    before = _status_before_disabled(audit, key)
    if before is KeyStatus.ENABLED_READ_ONLY:
        condition = f"This key was {before.label} before it was disabled."
    elif before is None and is_remote:
        condition = f"If this key was {KeyStatus.ENABLED_READ_ONLY.label} before it was disabled:"
    else:
        return ()
    return (
        f"{condition} {KeyStatus.ENABLED.label} may give it more rights than before; compare its status and"
        " permissions with what its developer should have.",
    )


def _status_before_disabled(audit: AuditService, key: ApiKey) -> KeyStatus | None:
    """Return the status that the key had before it was last disabled; None if the Audit Trail doesn't say it."""
    try:
        entries = audit.of_key(key.fingerprint, "")
    except PracticeUnavailable as error:
        # The change was made; only a remark on it is less precise.
        _logger.warning("The status of a key before it was disabled could not be read: %s", error)
        return None
    return next((event.before for _number, event in changes_made(entries) if not event.after.enabled), None)
