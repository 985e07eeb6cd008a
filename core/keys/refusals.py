"""The reasons why an office can't change a key, as sentences for its admin."""

from __future__ import annotations

from core.model.api_key import ApiKey
from core.opendental.key_status import KeyStatus


def change_refusal(key: ApiKey, unknown_key_reason: str) -> str:
    """Return why the office can do nothing with a key.

    Args:
        key: The key.
        unknown_key_reason: The authority's reason for a key that only the practice's copy has.
    """
    if key.gone:
        return "This key is no longer in the list."
    if key.unusable:
        return f"This text can't be used as an API key: it {key.unusable}. Ask Open Dental support to correct it."
    if not key.known:
        return unknown_key_reason
    if key.status is KeyStatus.DISABLED_BY_DEVELOPER:
        contact = ", ".join(filter(None, (key.fields.email, key.fields.phone)))
        return (
            f"The developer disabled this key; only {key.developer} can enable it{f': {contact}' if contact else ''}."
        )
    if key.status is KeyStatus.DISABLED_BY_HQ:
        return "Open Dental disabled this key; only Open Dental support can enable it."
    return f"The office can't change a key whose status is {key.status.label}."


def status_refusal(key: ApiKey, status: KeyStatus, unknown_key_reason: str) -> str:
    """Return why the office can't give a key a status, whether or not keys can be changed now; blank if it can.

    Args:
        key: The key.
        status: The status.
        unknown_key_reason: The authority's reason for a key that only the practice's copy has.
    """
    if key.status.office_may_change_to is status and not (key.gone or key.unusable):
        return ""
    if key.gone or key.unusable or not key.known:
        return change_refusal(key, unknown_key_reason)
    if key.status is status or (key.status.enabled and status.enabled):
        return _already_has(key.status)
    if status is KeyStatus.DISABLED_BY_CUSTOMER and key.status.disabled:
        return _already_has(key.status)
    return change_refusal(key, unknown_key_reason)


def _already_has(status: KeyStatus) -> str:
    detail = "" if status in (KeyStatus.ENABLED, KeyStatus.DISABLED_BY_CUSTOMER) else f" ({status.label})"
    return f"Already {'enabled' if status.enabled else 'disabled'}{detail}; nothing to do."
