"""The check of the API's settings."""

from __future__ import annotations

from core.audit.service import AuditService
from core.check.result import CheckResult, CheckStatus
from core.practice.practice import Practice
from core.settings.service import SettingsService


def check_settings(practice: Practice) -> CheckResult:
    """Report whether the API is on. That it's off is only noted: it may be off on purpose."""
    enabled = SettingsService(practice, AuditService(practice, tuple)).load().values.enabled
    if enabled:
        return CheckResult("api", CheckStatus.OK, "The API is on.")
    if enabled is None:
        return CheckResult("api", CheckStatus.NOTE, "The practice has no setting for the API, so no API key works.")
    return CheckResult(
        "api",
        CheckStatus.NOTE,
        "The API is off, so no API key works.",
        "Turn it on in API Setup if the practice uses the API.",
    )
