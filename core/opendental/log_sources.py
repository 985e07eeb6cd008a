"""Sources of audit entries: Open Dental's enum `LogSources`."""

from __future__ import annotations

from core.opendental.numbered_names import NumberedNames

# Numbers 0 to 25. The column is a signed tinyint.
LOG_SOURCES = NumberedNames(
    """
None WebSched InsPlanImport834 HL7 DBM FHIR PatientPortal WebSchedNewPatAppt AutoConfirmations Diagnostic
MobileWeb CanadaEobAutoImport WebSchedASAP OpenDentalService BroadcastMonitor AutoLogOff ODMobile TextMessaging
CareCredit WebSchedExistingPatient eRx SignupPortal EmployerImport834 API ClaimReceiveAutomatic PaymentPortal
""".split(),
    largest=127,
)

AUTO_LOG_OFF = 15
"""The source of the entry written when a user is signed out for inactivity."""

API = 23
"""The source of entries about changes that a developer's program made through the API, since version 21.1."""
