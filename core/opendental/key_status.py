"""Statuses and permissions of customer API keys, and what the office may do with them."""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum


class KeyStatus(IntEnum):
    """The status of a customer API key; the numbers are Open Dental's."""

    UNKNOWN = 0
    ENABLED = 1
    DISABLED_BY_CUSTOMER = 2
    DISABLED_BY_DEVELOPER = 3
    DISABLED_BY_HQ = 4
    ENABLED_READ_ONLY = 5

    @property
    def label(self) -> str:
        """The words that Open Dental shows for the status."""
        return _LABELS[self]

    @property
    def wire_name(self) -> str:
        """The name by which headquarters and Open Dental tell each other the status."""
        return _WIRE_NAMES[self]

    @property
    def enabled(self) -> bool:
        """Whether Open Dental's list marks such a key as enabled."""
        return self in (KeyStatus.ENABLED, KeyStatus.ENABLED_READ_ONLY)

    @property
    def office_may_change_to(self) -> KeyStatus | None:
        """The one status that the office may set from this one; None where it may do nothing."""
        if self.enabled:
            return KeyStatus.DISABLED_BY_CUSTOMER
        if self is KeyStatus.DISABLED_BY_CUSTOMER:
            return KeyStatus.ENABLED
        return None


_LABELS = {
    KeyStatus.UNKNOWN: "Unknown",
    KeyStatus.ENABLED: "Enabled",
    KeyStatus.DISABLED_BY_CUSTOMER: "Disabled by Customer",
    KeyStatus.DISABLED_BY_DEVELOPER: "Disabled by Developer",
    KeyStatus.DISABLED_BY_HQ: "Disabled by Open Dental",
    KeyStatus.ENABLED_READ_ONLY: "Read Enabled",
}

_WIRE_NAMES = {
    KeyStatus.UNKNOWN: "Unknown",
    KeyStatus.ENABLED: "Enabled",
    KeyStatus.DISABLED_BY_CUSTOMER: "DisabledByCustomer",
    KeyStatus.DISABLED_BY_DEVELOPER: "DisabledByDeveloper",
    KeyStatus.DISABLED_BY_HQ: "DisabledByHQ",
    KeyStatus.ENABLED_READ_ONLY: "EnabledReadOnly",
}

WIRE_STATUSES: Mapping[str, KeyStatus] = {name: status for status, name in _WIRE_NAMES.items()} | {
    # What headquarters said in earlier years.
    "ReadEnabled": KeyStatus.ENABLED_READ_ONLY,
    "WritePending": KeyStatus.ENABLED_READ_ONLY,
    "WriteEnabled": KeyStatus.ENABLED,
}
"""The status of each name that headquarters is known to send."""


def status_from_wire(name: str) -> KeyStatus:
    """The status that headquarters names; as in Open Dental, a name that is not known counts as disabled by it."""
    return WIRE_STATUSES.get(name, KeyStatus.DISABLED_BY_HQ)


# In the order of their numbers. Up to CommunicationCreate they are FHIR's, from ApiReadAll on the API's.
API_PERMISSIONS: tuple[str, ...] = tuple(
    """
    AppointmentCreate AppointmentRead AppointmentUpdate AppointmentDelete PatientCreate PatientRead PatientUpdate
    Subscriptions LocationRead OrganizationRead PractitionerRead ScheduleRead CapabilityStatement
    AllergyIntoleranceRead MedicationRead ConditionRead ServiceRequestRead ServiceRequestCreate ProcedureRead
    ProcedureCreate ProcedureUpdate PaymentRead PaymentCreate CommunicationRead CommunicationCreate
    ApiReadAll ApiAllOthers ApiComm ApiDocuments ApiQueries ApiAppointments ApiInsurance ApiPatients ApiPayments
    ApiPayPlans ApiProcedureLogs ApiSetup ApiTextingASAP ApiEnterprise
    """.split()
)
