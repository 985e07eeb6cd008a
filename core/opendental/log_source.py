"""Where an audit entry came from: Open Dental's `LogSources`."""

from __future__ import annotations


def log_source_name(number: int) -> str:
    """Open Dental's name for a log source; the number itself where it is not known here."""
    if 0 <= number < len(_NAMES):
        return _NAMES[number]
    return str(number)


# In the order of their numbers, 0 to 25.
_NAMES = """
None WebSched InsPlanImport834 HL7 DBM FHIR PatientPortal WebSchedNewPatAppt AutoConfirmations Diagnostic
MobileWeb CanadaEobAutoImport WebSchedASAP OpenDentalService BroadcastMonitor AutoLogOff ODMobile TextMessaging
CareCredit WebSchedExistingPatient eRx SignupPortal EmployerImport834 API ClaimReceiveAutomatic PaymentPortal
""".split()
