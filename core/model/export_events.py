"""The audit events of exports of the Audit Trail."""

from __future__ import annotations

from dataclasses import dataclass

from core.model.event_text import Count, FreeText, Sha256
from core.model.logged_event import EXPORT, AuditEvent
from core.opendental.permission_types import Permission


@dataclass(frozen=True)
class ExportStarted(AuditEvent):
    """An export of the Audit Trail began."""

    template = "Audit Trail export to {file} begun by {user}: {filter}"
    subject = EXPORT
    permission = Permission.AUDIT_TRAIL

    file: FreeText
    user: FreeText
    filter: FreeText


@dataclass(frozen=True)
class ExportFinished(AuditEvent):
    """An export of the Audit Trail was completed; the SHA-256 is that of the whole file."""

    template = "Audit Trail export to {file} finished by {user}: {entries}, SHA-256 {sha256}"
    subject = EXPORT
    permission = Permission.AUDIT_TRAIL

    file: FreeText
    user: FreeText
    entries: Count
    sha256: Sha256
