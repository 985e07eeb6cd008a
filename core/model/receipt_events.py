"""The audit event of a receipt; import it from `core.model.audit_events`."""

from __future__ import annotations

from dataclasses import dataclass

from core.model.event_text import FreeText, ReceiptNumber, Sha256
from core.model.logged_event import AuditEvent


@dataclass(frozen=True)
class ReceiptRecorded(AuditEvent):
    """The receipt of a change in several offices was written; anybody who has the file can compare its hash."""

    template = "Receipt {receipt} for {developer} in several offices recorded by {user} (SHA-256 {sha256})"
    subject = "The receipt of a change in several offices."
    happened = "Receipt recorded"

    receipt: ReceiptNumber
    developer: FreeText
    user: FreeText
    sha256: Sha256
