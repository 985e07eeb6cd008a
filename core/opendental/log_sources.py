"""Where an audit entry came from: Open Dental's `LogSources`."""

from __future__ import annotations

from core.opendental.numbered_names import NumberedNames

# 0 to 25; the column is a signed tinyint.
LOG_SOURCES = NumberedNames(
    """
None WebSched InsPlanImport834 HL7 DBM FHIR PatientPortal WebSchedNewPatAppt AutoConfirmations Diagnostic
MobileWeb CanadaEobAutoImport WebSchedASAP OpenDentalService BroadcastMonitor AutoLogOff ODMobile TextMessaging
CareCredit WebSchedExistingPatient eRx SignupPortal EmployerImport834 API ClaimReceiveAutomatic PaymentPortal
""".split(),
    largest=127,
)

AUTO_LOG_OFF = 15
"""The source of the entry that a user was logged off for inactivity."""
