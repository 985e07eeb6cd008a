"""Permissions of customer API keys: names, groups, what each allows, and the risky ones.

The methods behind each permission are those of Open Dental's page *API Permissions* (November 2025).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from core.opendental.key_status import parse_wire_number


class PermissionGroup(Enum):
    """The subject of a permission, in the order in which a list shows the groups."""

    READING = "Reading"
    TREATMENT = "Patients, treatment"
    MONEY = "Money"
    MESSAGES = "Messages, documents"
    OFFICE = "Office"
    FHIR_READING = "FHIR, reading"
    FHIR_WRITING = "FHIR, writing"
    UNKNOWN = "Unknown"


@dataclass(frozen=True)
class ApiPermission:
    """A permission of a key.

    Args:
        name: Its name in Open Dental and in the protocol with headquarters.
        group: What it is about.
        explanation: What a key with it may do, as a sentence.
        risk: Why to think twice before granting it, in a few words; blank for most.
    """

    name: str
    group: PermissionGroup
    explanation: str
    risk: str = ""


_FHIR_READING, _FHIR_WRITING = PermissionGroup.FHIR_READING, PermissionGroup.FHIR_WRITING
_MONEY, _MESSAGES = PermissionGroup.MONEY, PermissionGroup.MESSAGES
_TREATMENT = PermissionGroup.TREATMENT

# In the order of their numbers: FHIR's are 0 to 24, the API's 25 to 38.
_KNOWN = (
    ApiPermission("AppointmentCreate", _FHIR_WRITING, "Create appointments."),
    ApiPermission("AppointmentRead", _FHIR_READING, "Read appointments."),
    ApiPermission("AppointmentUpdate", _FHIR_WRITING, "Change appointments."),
    ApiPermission("AppointmentDelete", _FHIR_WRITING, "Delete appointments."),
    ApiPermission("PatientCreate", _FHIR_WRITING, "Create patients."),
    ApiPermission("PatientRead", _FHIR_READING, "Read patients."),
    ApiPermission("PatientUpdate", _FHIR_WRITING, "Change patients."),
    ApiPermission("Subscriptions", _FHIR_READING, "Subscribe to changes, which are sent to the developer's address."),
    ApiPermission("LocationRead", _FHIR_READING, "Read locations."),
    ApiPermission("OrganizationRead", _FHIR_READING, "Read organizations."),
    ApiPermission("PractitionerRead", _FHIR_READING, "Read practitioners."),
    ApiPermission("ScheduleRead", _FHIR_READING, "Read schedules."),
    ApiPermission("CapabilityStatement", _FHIR_READING, "Read the capabilities of the FHIR interface."),
    ApiPermission("AllergyIntoleranceRead", _FHIR_READING, "Read allergies."),
    ApiPermission("MedicationRead", _FHIR_READING, "Read medications."),
    ApiPermission("ConditionRead", _FHIR_READING, "Read conditions."),
    ApiPermission("ServiceRequestRead", _FHIR_READING, "Read service requests."),
    ApiPermission("ServiceRequestCreate", _FHIR_WRITING, "Create service requests."),
    ApiPermission("ProcedureRead", _FHIR_READING, "Read procedures."),
    ApiPermission("ProcedureCreate", _FHIR_WRITING, "Create procedures."),
    ApiPermission("ProcedureUpdate", _FHIR_WRITING, "Change procedures."),
    ApiPermission("PaymentRead", _FHIR_READING, "Read payments."),
    ApiPermission("PaymentCreate", _FHIR_WRITING, "Create payments.", "enters payments"),
    ApiPermission("CommunicationRead", _FHIR_READING, "Read communications."),
    ApiPermission("CommunicationCreate", _FHIR_WRITING, "Create communications."),
    ApiPermission(
        "ApiReadAll",
        PermissionGroup.READING,
        "Read everything but queries, patients' data included, and subscribe to changes.",
    ),
    ApiPermission(
        "ApiAllOthers",
        _TREATMENT,
        "Change what no other permission covers: tasks, recalls, allergies, medications, fees, sheets, adjustments.",
    ),
    ApiPermission(
        "ApiComm", _MESSAGES, "Confirm or break appointments, and write notes, popups and the communications log."
    ),
    ApiPermission("ApiDocuments", _MESSAGES, "Upload documents and images."),
    ApiPermission(
        "ApiQueries",
        PermissionGroup.READING,
        "Run any SQL query that reads, on every table of the database.",
        "reads the whole database",
    ),
    ApiPermission("ApiAppointments", _TREATMENT, "Create and change appointments."),
    ApiPermission(
        "ApiInsurance",
        _MONEY,
        "Change insurance plans, benefits and claims, and enter insurance payments.",
        "enters insurance payments",
    ),
    ApiPermission("ApiPatients", _TREATMENT, "Create and change patients."),
    ApiPermission("ApiPayments", _MONEY, "Enter payments and change them.", "enters payments"),
    ApiPermission("ApiPayPlans", _MONEY, "Create and change payment plans.", "changes what patients owe"),
    ApiPermission("ApiProcedureLogs", _TREATMENT, "Create and change procedures."),
    ApiPermission(
        "ApiSetup",
        PermissionGroup.OFFICE,
        "Change clinics, providers and definitions, and create users of Open Dental.",
        "creates users",
    ),
    ApiPermission("ApiTextingASAP", _MESSAGES, "Text patients on the ASAP list."),
    ApiPermission(
        "ApiEnterprise",
        PermissionGroup.OFFICE,
        "Send more requests and read larger pages; no other data.",
    ),
)

_BY_NAME: Mapping[str, ApiPermission] = {permission.name: permission for permission in _KNOWN}

API_PERMISSIONS: tuple[str, ...] = tuple(permission.name for permission in _KNOWN)
"""The names of all known permissions; a name's index is its number in Open Dental.

Numbers 0 (AppointmentCreate) to 24 (CommunicationCreate) belong to FHIR, and 25 (ApiReadAll) to 38 (ApiEnterprise) to
the API.
"""


def describe_permission(name: str) -> ApiPermission:
    """Return what is known about a permission; a name that isn't known has a group of its own."""
    unknown = ApiPermission(name, PermissionGroup.UNKNOWN, "A permission that this version of apisetup doesn't know.")
    return _BY_NAME.get(name, unknown)


def permission_from_wire(text: str) -> str:
    """Return the name of a permission for a text sent by headquarters; a text that isn't known stays as it is.

    Open Dental's own window takes a number as the permission of that number.
    """
    number = parse_wire_number(text)
    known = number is not None and 0 <= number < len(API_PERMISSIONS)
    return API_PERMISSIONS[number] if number is not None and known else text
