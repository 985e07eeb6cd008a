"""Permissions of customer API keys."""

from __future__ import annotations

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
