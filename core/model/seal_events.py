"""The audit events of seals of the Audit Trail."""

from __future__ import annotations

from dataclasses import dataclass

from core.model.event_text import Count, FreeText, Number, Sha256
from core.model.logged_event import SEAL, AuditEvent
from core.opendental.permission_types import Permission


@dataclass(frozen=True)
class TrailSealed(AuditEvent):
    """All entries since the seal before were sealed; the SHA-256 is the root of their Merkle tree."""

    template = "Audit Trail sealed by {user}: seal {number}, {entries}, SHA-256 {root}"
    subject = SEAL
    permission = Permission.AUDIT_TRAIL

    user: FreeText
    number: Number
    entries: Count
    root: Sha256


@dataclass(frozen=True)
class SealKeyChanged(AuditEvent):
    """All entries since the seal before were sealed, and the key of later seals was changed with it."""

    template = "Audit Trail sealed by {user} with a change of the seal key: seal {number}, {entries}, SHA-256 {root}"
    subject = SEAL
    permission = Permission.AUDIT_TRAIL

    user: FreeText
    number: Number
    entries: Count
    root: Sha256
