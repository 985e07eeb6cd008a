"""The audit event of a review's evidence."""

from __future__ import annotations

from dataclasses import dataclass

from core.model.event_text import FreeText, Sha256
from core.model.logged_event import REVIEW, AuditEvent
from core.opendental.permission_types import Permission


@dataclass(frozen=True)
class EvidenceRecorded(AuditEvent):
    """The evidence of a review was written; the SHA-256 is that of its manifest, which has those of all other files."""

    template = "Evidence of API key review {review} recorded by {user} (SHA-256 {sha256})"
    subject = REVIEW
    permission = Permission.AUDIT_TRAIL
    happened = "Evidence recorded"

    review: FreeText
    user: FreeText
    sha256: Sha256
