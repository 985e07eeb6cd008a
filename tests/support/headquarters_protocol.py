"""The protocol of headquarters as its server in the tests speaks it, written from the facts alone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from xml.etree.ElementTree import Element, ParseError
from xml.sax.saxutils import escape

from defusedxml.ElementTree import fromstring

NAMESPACE = "https://www.opendental.com/OpenDentalWebServiceHQ/"
SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
PATH = "/OpenDentalWebServiceHQ/ServiceMainHQ.asmx"
NOW = datetime(2024, 11, 6, 14, 30, 15)
"""When headquarters says that a key was disabled."""

LIST, ASSIGN, SET_STATUS = "GetFHIRAPIKeysForOffice", "AssignFHIRAPIKey", "UpdateFHIRKeyStatus"
PAYLOADS: dict[str, list[str]] = {LIST: [], ASSIGN: ["APIKey"], SET_STATUS: ["APIKey", "FHIRKeyStatus"]}
CREDENTIALS = [
    "RegistrationKey",
    "PracticeTitle",
    "PracticePhone",
    "ProgramVersion",
    "ServiceCode",
    "ComputerName",
    "ProgramName",
]


@dataclass(frozen=True)
class PracticeCredentials:
    """What the practice has to say of itself; a blank computer name stands for any."""

    registration_key: str = "REG7-KEY2-0042-ABCD"
    title: str = "Smile & Sons <Dental>"
    phone: str = "5035551234"
    version: str = "24.3.10.0"
    computer: str = ""
    program: str = "apisetup"


@dataclass(frozen=True)
class HeldKey:
    """One key as headquarters keeps it; every text as it goes over the wire."""

    key: str
    status: str = "Enabled"
    developer: str = "Appointment Bridge"
    email: str = "support@bridge.example"
    phone: str = "(555) 123-4567"
    permissions: tuple[str, ...] = ("ApiReadAll", "ApiComm")
    number: int = 1
    developer_number: int = 7
    date_disabled: str = "0001-01-01T00:00:00"


class Violation(Exception):
    """A request that is not as the protocol has it."""


@dataclass(frozen=True)
class Asked:
    """One request as headquarters understood it."""

    operation: str
    key: str = ""
    status: str = ""
    computer: str = ""


def opened(content: bytes) -> tuple[str, str]:
    """The operation and the officeData of an envelope.

    Raises:
        Violation: It is not as the protocol has it.
    """
    envelope = _parsed(content, "envelope")
    require(envelope.tag == f"{{{SOAP}}}Envelope", f"envelope is {envelope.tag}")
    body = _only(envelope, f"{{{SOAP}}}Body")
    require(len(body) == 1, f"{len(body)} elements in the body")
    asked = body[0]
    operation = str(asked.tag).removeprefix(f"{{{NAMESPACE}}}")
    require(operation in PAYLOADS, f"operation {asked.tag}")
    data = _only(asked, f"{{{NAMESPACE}}}officeData")
    require(len(data) == 0 and not data.attrib, "officeData is no string")
    return operation, data.text or ""


def read_office_data(operation: str, office_data: str, practice: PracticeCredentials) -> Asked:
    """What the inner document asks for, if the practice asks for it.

    Raises:
        Violation: It is not as the protocol has it.
    """
    request = _parsed(office_data.encode(), "officeData")
    require(request.tag == "Request", f"officeData is {request.tag}")
    payload = PAYLOADS[operation]
    _require_names(request, ["Credentials", "Payload"] if payload else ["Credentials"])
    said = _texts(request[0], CREDENTIALS)
    expected = {
        "RegistrationKey": practice.registration_key,
        "PracticeTitle": practice.title,
        "PracticePhone": practice.phone,
        "ProgramVersion": practice.version,
        "ServiceCode": "FHIR",
        "ComputerName": practice.computer or said["ComputerName"],
        "ProgramName": practice.program,
    }
    require(said == expected, f"credentials {said}")
    require(said["ComputerName"] != "", "no ComputerName")
    if not payload:
        return Asked(operation, computer=said["ComputerName"])
    _require_names(request[1], payload)
    key, status = (*(_texts(item, ["string"])["string"] for item in request[1]), "")[:2]
    require(key != "", "no key")
    require(operation != SET_STATUS or status in ("Enabled", "DisabledByCustomer"), f"status {status}")
    return Asked(operation, key, status, said["ComputerName"])


def _parsed(content: bytes, what: str) -> Element:
    try:
        root: Element = fromstring(content, forbid_dtd=True)
    except (ParseError, ValueError) as error:
        raise Violation(f"{what} is no XML") from error
    return root


def _texts(element: Element, names: list[str]) -> dict[str, str]:
    """The texts of an element's children, which must be these and have no children of their own."""
    _require_names(element, names)
    require(all(len(child) == 0 for child in element), f"elements below those of {element.tag}")
    return {str(child.tag): child.text or "" for child in element}


def _require_names(element: Element, names: list[str]) -> None:
    found = [str(child.tag) for child in element]
    require(found == names, f"{element.tag} has {found}")
    around = [element.text, *(child.tail for child in element)]
    require(not "".join(text or "" for text in around).strip(), f"text between the elements of {element.tag}")
    require(not element.attrib, f"attributes of {element.tag}")


def _only(element: Element, name: str) -> Element:
    _require_names(element, [name])
    return element[0]


def require(holds: bool, otherwise: str) -> None:
    """Refuse a request of which something does not hold.

    Raises:
        Violation: With what is the case otherwise.
    """
    if not holds:
        raise Violation(otherwise)


def envelope(operation: str, inner: str) -> str:
    """An answer that brings an inner document."""
    return (
        '<?xml version="1.0" encoding="utf-8"?>'
        f'<soap:Envelope xmlns:soap="{SOAP}" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
        f'<soap:Body><{operation}Response xmlns="{NAMESPACE}">'
        f"<{operation}Result>{escape(inner)}</{operation}Result>"
        f"</{operation}Response></soap:Body></soap:Envelope>"
    )


def fault(code: str, words: str) -> str:
    """An answer that says why there is none."""
    return (
        f'<?xml version="1.0" encoding="utf-8"?><soap:Envelope xmlns:soap="{SOAP}"><soap:Body><soap:Fault>'
        f"<faultcode>{code}</faultcode><faultstring>{escape(words)}</faultstring><detail />"
        "</soap:Fault></soap:Body></soap:Envelope>"
    )


def error(words: str) -> str:
    """The inner document of a refusal."""
    return f"<Response><Error>{escape(words)}</Error></Response>"


def date_disabled(*, disabled: bool) -> str:
    """The day on which a key was disabled, or what stands for none."""
    return f"{NOW:%Y-%m-%dT%H:%M:%S}" if disabled else "0001-01-01T00:00:00"


def member(key: HeldKey) -> str:
    """One key of a list."""
    permissions = "".join(f"<APIPermission>{escape(name)}</APIPermission>" for name in key.permissions)
    return (
        "<APIKey>"
        f"<APIKeyValue>{escape(key.key)}</APIKeyValue><FHIRAPIKeyNum>{key.number}</FHIRAPIKeyNum>"
        f"<KeyStatus>{escape(key.status)}</KeyStatus><DateDisabled>{escape(key.date_disabled)}</DateDisabled>"
        f"<DeveloperName>{escape(key.developer)}</DeveloperName><DeveloperEmail>{escape(key.email)}</DeveloperEmail>"
        f"<DeveloperPhone>{escape(key.phone)}</DeveloperPhone>"
        f"<FHIRDeveloperNum>{key.developer_number}</FHIRDeveloperNum>"
        f"<ListAPIPermissions>{permissions}</ListAPIPermissions>"
        "</APIKey>"
    )
