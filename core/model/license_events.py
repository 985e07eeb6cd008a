"""The audit events of license agreements."""

from __future__ import annotations

from dataclasses import dataclass

from core.model.event_text import ForKey, FreeText, Sha256Start, VendorText
from core.model.logged_event import AuditEvent
from core.opendental.permission_types import Permission

_LICENSE = "The license agreement that comes before a new API key."


@dataclass(frozen=True)
class LicenseEvent(AuditEvent):
    """An event about a license agreement for one API key; the fingerprint is the start of its text's SHA-256."""

    subject = _LICENSE
    permission = Permission.LICENSE_ACCEPT

    title: FreeText
    user: FreeText
    fingerprint: Sha256Start
    key: ForKey = None

    @property
    def key_tag(self) -> str:
        """The short fingerprint of the key that the agreement was for; empty if an earlier version wrote the entry."""
        return self.key.name.tag if self.key is not None else ""


@dataclass(frozen=True)
class LicenseAccepted(LicenseEvent):
    """A license agreement was accepted."""

    template = "{title}{key} accepted by {user} (SHA-256 {fingerprint})"
    happened = "License accepted"


@dataclass(frozen=True)
class LicenseDeclined(LicenseEvent):
    """A license agreement was declined."""

    template = "{title}{key} declined by {user} (SHA-256 {fingerprint})"
    happened = "License declined"


@dataclass(frozen=True)
class VendorLicenseAccepted(AuditEvent):
    """Open Dental's own license agreement was accepted in its own window."""

    template = "Open Dental API End User License accepted by {user}"
    subject = _LICENSE
    permission = Permission.LICENSE_ACCEPT

    user: VendorText
