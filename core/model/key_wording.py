"""How audit entries word what happens to an API key."""

from __future__ import annotations

from core.model.api_key import ApiKey, audit_mask, fingerprint, mask


def worded_new_key(key: str, developer: str, user: str) -> str:
    """A new key.

    Args:
        key: Its text, which is masked.
        developer: Whose it is; empty where that is not known yet.
        user: Who adds it.
    """
    whose = f" ({developer})" if developer else ""
    return f"New API key {audit_mask(mask(key), fingerprint(key))}{whose} added by {user}"


def worded_status_change(key: ApiKey, before: str, after: str) -> str:
    """A new status, up to the name of who set it."""
    return f"API key {key.audit_label} changed from {before} to {after} by "
