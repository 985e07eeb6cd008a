"""The protocol of headquarters as the fake one speaks it, written from its documentation and not from our client."""

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
"""The time at which headquarters says that a key was disabled."""

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
    """The credentials that the practice must send; with a blank computer name, any name is accepted."""

    registration_key: str = "REG7-KEY2-0042-ABCD"
    title: str = "Smile & Sons <Dental>"
    phone: str = "5035551234"
    version: str = "24.3.10.0"
    computer: str = ""
    program: str = "apisetup"


@dataclass(frozen=True)
class HeldKey:
    """A key at headquarters, with every text as it is sent."""

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
    """The request violates the protocol."""


@dataclass(frozen=True)
class Request:
    """A request as headquarters understood it."""

    operation: str
    key: str = ""
    status: str = ""
    computer: str = ""


def parse_envelope(content: bytes) -> tuple[str, str]:
    """Return the operation and the officeData of an envelope.

    Raises:
        Violation: It violates the protocol.
    """
    envelope = _parsed(content, "envelope")
    require(envelope.tag == f"{{{SOAP}}}Envelope", f"envelope is {envelope.tag}")
    body = _only(envelope, f"{{{SOAP}}}Body")
    require(len(body) == 1, f"{len(body)} elements in the body")
    request = body[0]
    operation = str(request.tag).removeprefix(f"{{{NAMESPACE}}}")
    require(operation in PAYLOADS, f"operation {request.tag}")
    data = _only(request, f"{{{NAMESPACE}}}officeData")
    require(len(data) == 0 and not data.attrib, "officeData is no string")
    return operation, data.text or ""


def read_office_data(operation: str, office_data: str, practice: PracticeCredentials) -> Request:
    """Parse the officeData of an operation, and check that the practice sent it.

    Raises:
        Violation: It violates the protocol.
    """
    request = _parsed(office_data.encode(), "officeData")
    require(request.tag == "Request", f"officeData is {request.tag}")
    payload = PAYLOADS[operation]
    _require_names(request, ["Credentials", "Payload"] if payload else ["Credentials"])
    sent = _texts(request[0], CREDENTIALS)
    expected = {
        "RegistrationKey": practice.registration_key,
        "PracticeTitle": practice.title,
        "PracticePhone": practice.phone,
        "ProgramVersion": practice.version,
        "ServiceCode": "FHIR",
        "ComputerName": practice.computer or sent["ComputerName"],
        "ProgramName": practice.program,
    }
    require(sent == expected, f"credentials {sent}")
    require(sent["ComputerName"] != "", "no ComputerName")
    if not payload:
        return Request(operation, computer=sent["ComputerName"])
    _require_names(request[1], payload)
    key, status = (*(_texts(item, ["string"])["string"] for item in request[1]), "")[:2]
    require(key != "", "no key")
    require(operation != SET_STATUS or status in ("Enabled", "DisabledByCustomer"), f"status {status}")
    return Request(operation, key, status, sent["ComputerName"])


def _parsed(content: bytes, what: str) -> Element:
    try:
        root: Element = fromstring(content, forbid_dtd=True)
    except (ParseError, ValueError) as error:
        raise Violation(f"{what} is no XML") from error
    return root


def _texts(element: Element, names: list[str]) -> dict[str, str]:
    """Return the texts of an element's children, which must have these names and no children of their own."""
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
    """Refuse a request that does not meet a requirement.

    Raises:
        Violation: With the text of `otherwise`.
    """
    if not holds:
        raise Violation(otherwise)


def envelope(operation: str, inner: str) -> str:
    """Return an answer that contains an inner document."""
    return (
        '<?xml version="1.0" encoding="utf-8"?>'
        f'<soap:Envelope xmlns:soap="{SOAP}" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
        f'<soap:Body><{operation}Response xmlns="{NAMESPACE}">'
        f"<{operation}Result>{escape(inner)}</{operation}Result>"
        f"</{operation}Response></soap:Body></soap:Envelope>"
    )


def fault(code: str, words: str) -> str:
    """Return a SOAP fault."""
    return (
        f'<?xml version="1.0" encoding="utf-8"?><soap:Envelope xmlns:soap="{SOAP}"><soap:Body><soap:Fault>'
        f"<faultcode>{code}</faultcode><faultstring>{escape(words)}</faultstring><detail />"
        "</soap:Fault></soap:Body></soap:Envelope>"
    )


def error(words: str) -> str:
    """Return the inner document of a refusal."""
    return f"<Response><Error>{escape(words)}</Error></Response>"


def date_disabled(*, disabled: bool) -> str:
    """Return the date on which a key was disabled, or the date that means none."""
    return f"{NOW:%Y-%m-%dT%H:%M:%S}" if disabled else "0001-01-01T00:00:00"


def member(key: HeldKey) -> str:
    """Return one key of a list."""
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
