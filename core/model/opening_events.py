"""The audit event of opening API Setup. A start needs it, and none of the others."""

from __future__ import annotations

from dataclasses import dataclass

from core.model.logged_event import AuditEvent


@dataclass(frozen=True)
class ApiSetupOpened(AuditEvent):
    """API Setup was opened here, or closed in Open Dental."""

    template = "API/FHIR"
    subject = "Opening API Setup."
