"""Permissions of customer API keys."""

from __future__ import annotations

from core.opendental.key_status import parse_wire_number

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
"""The names of all known permissions; a name's index is its number in Open Dental.

Numbers 0 (AppointmentCreate) to 24 (CommunicationCreate) belong to FHIR, and 25 (ApiReadAll) to 38 (ApiEnterprise) to
the API.
"""


def permission_from_wire(text: str) -> str:
    """Return the name of a permission for a text sent by headquarters; a text that isn't known stays as it is.

    Open Dental's own window takes a number as the permission of that number.
    """
    number = parse_wire_number(text)
    known = number is not None and 0 <= number < len(API_PERMISSIONS)
    return API_PERMISSIONS[number] if number is not None and known else text
