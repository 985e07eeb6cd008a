"""How Open Dental's headquarters is asked about keys: its operations, and the documents that are sent."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from xml.etree.ElementTree import Element, SubElement, tostring

from core.base.errors import HeadquartersStep, HeadquartersUnreachable, NoUsableAnswer
from core.base.secret import Secret
from core.headquarters.safe_xml import HostileXml, UnusableXml, child_text, local_name, parsed, whole_text
from core.model.key_text import mask
from core.opendental.key_status import KeyStatus

NAMESPACE = "https://www.opendental.com/OpenDentalWebServiceHQ/"
SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
SERVICE_CODE = "FHIR"
PROGRAM_NAME = "apisetup"
MAX_QUOTE_LENGTH = 300


class Operation(Enum):
    """What headquarters can be asked; the values are its names on the wire."""

    LIST = "GetFHIRAPIKeysForOffice"
    ASSIGN = "AssignFHIRAPIKey"
    SET_STATUS = "UpdateFHIRKeyStatus"

    @property
    def soap_action(self) -> str:
        """The value of the header `SOAPAction`, with its quotation marks."""
        return f'"{NAMESPACE}{self.value}"'


@dataclass(frozen=True)
class Credentials:
    """What a practice says of itself with every question."""

    registration_key: Secret
    practice_title: str
    practice_phone: str
    program_version: str
    """The version of Open Dental that the practice uses."""
    computer_name: str
    program_name: str = PROGRAM_NAME


Hidden = Mapping[str, str]
"""Texts that may not be shown, and what stands in their place."""


def hidden(credentials: Credentials, key: Secret | None = None) -> Hidden:
    """The secrets of one question, which its answer may repeat."""
    secrets = {credentials.registration_key.reveal(): "***"}
    if key is not None:
        secrets[key.reveal()] = mask(key.reveal())
    return secrets


def list_request(credentials: Credentials) -> bytes:
    """The envelope that asks for all keys of the practice.

    Raises:
        HeadquartersUnreachable: The practice has no registration key, or a text that XML cannot hold.
    """
    return _envelope(Operation.LIST, _office_data(credentials))


def assign_request(credentials: Credentials, key: Secret) -> bytes:
    """The envelope that asks for a key to be assigned to the practice.

    Raises:
        HeadquartersUnreachable: As `list_request`.
    """
    return _envelope(Operation.ASSIGN, _office_data(credentials, APIKey=key.reveal()))


def status_request(credentials: Credentials, key: Secret, status: KeyStatus) -> bytes:
    """The envelope that asks for another status of a key.

    Raises:
        HeadquartersUnreachable: As `list_request`.
    """
    data = _office_data(credentials, APIKey=key.reveal(), FHIRKeyStatus=status.wire_name)
    return _envelope(Operation.SET_STATUS, data)


def inner_answer(content: bytes, operation: Operation, hide: Hidden) -> Element:
    """The root of the document that an envelope brings.

    Raises:
        NoUsableAnswer: It is no envelope, one of another operation or with a fault, or what it brings is no document.
    """
    envelope = _parsed(content, "its answer")
    body = envelope.find(f"{{{SOAP}}}Body") if envelope.tag == f"{{{SOAP}}}Envelope" else None
    if body is None:
        raise unusable_answer(f"it is no SOAP envelope but a document called {quoted(local_name(envelope), hide)}")
    fault = body.find(f"{{{SOAP}}}Fault")
    if fault is not None:
        raise _fault(fault, hide)
    result = body.find(f"{{{NAMESPACE}}}{operation.value}Response/{{{NAMESPACE}}}{operation.value}Result")
    if result is None:
        raise unusable_answer(f"it has no {operation.value}Result")
    return _parsed("".join(result.itertext()).strip(), f"its {operation.value}Result")


def fault_in(content: bytes, hide: Hidden) -> NoUsableAnswer | None:
    """The fault that an envelope brings; None where the content is anything else."""
    try:
        envelope = parsed(content)
    except UnusableXml:
        return None
    fault = envelope.find(f"{{{SOAP}}}Body/{{{SOAP}}}Fault")
    return _fault(fault, hide) if fault is not None else None


def unusable_answer(what: str, *, passing: bool = False) -> NoUsableAnswer:
    """The error for an answer that is not what the protocol says.

    Args:
        what: What is wrong with it, in words that begin with "it" or name a part of it.
        passing: Whether the next answer may be better.
    """
    return NoUsableAnswer(
        f"The answer from Open Dental's headquarters cannot be used: {what}.",
        "Try again later. If it stays so, check the address in the preference WebServiceHQServerURL.",
        passing=passing,
    )


def quoted(text: str, hide: Hidden) -> str:
    """What somebody else wrote, fit for a sentence: printable, on one line, not too long, without secrets."""
    clean = redact_secrets(" ".join("".join(each if each.isprintable() else " " for each in text).split()), hide)
    return clean if len(clean) <= MAX_QUOTE_LENGTH else clean[: MAX_QUOTE_LENGTH - 1].rstrip() + "…"


def redact_secrets(text: str, hide: Hidden) -> str:
    """A text with what stands for its secrets, in whatever letters they are written."""
    folded = text.casefold()
    for secret, shown in hide.items():
        if secret and secret.casefold() in folded:
            text = re.sub(re.escape(secret), shown.replace("\\", r"\\"), text, flags=re.IGNORECASE)
    return text


def _office_data(credentials: Credentials, **payload: str) -> str:
    """The inner document; each item of the payload is one string."""
    if not credentials.registration_key.reveal().strip():
        raise HeadquartersUnreachable(
            HeadquartersStep.CREDENTIALS,
            "This practice has no registration key, without which headquarters answers nothing.",
            "Enter it in Open Dental; it is kept in the preference RegistrationKey.",
        )
    said = {
        "RegistrationKey": credentials.registration_key.reveal(),
        "PracticeTitle": credentials.practice_title,
        "PracticePhone": credentials.practice_phone,
        "ProgramVersion": credentials.program_version,
        "ServiceCode": SERVICE_CODE,
        "ComputerName": credentials.computer_name,
        "ProgramName": credentials.program_name,
    }
    request = Element("Request")
    element = SubElement(request, "Credentials")
    for name, text in said.items():
        SubElement(element, name).text = _sendable(name, text)
    if payload:
        items = SubElement(request, "Payload")
        for name, text in payload.items():
            SubElement(SubElement(items, name), "string").text = _sendable(name, text)
    return tostring(request, encoding="unicode")


def _envelope(operation: Operation, office_data: str) -> bytes:
    # Prefixes are written as they are, since registering them would hold for the whole program.
    envelope = Element("soap:Envelope", {"xmlns:soap": SOAP})
    asked = SubElement(SubElement(envelope, "soap:Body"), operation.value, {"xmlns": NAMESPACE})
    SubElement(asked, "officeData").text = office_data
    written: bytes = tostring(envelope, encoding="utf-8", xml_declaration=True)
    return written


_NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def _sendable(name: str, text: str) -> str:
    if _NOT_IN_XML.search(text):
        raise HeadquartersUnreachable(
            HeadquartersStep.CREDENTIALS,
            f"Headquarters was not asked: {name} has a character that cannot be sent.",
            "Enter it again where it comes from, without what was pasted along with it.",
        )
    return text


def _parsed(content: bytes | str, what: str) -> Element:
    try:
        return parsed(content)
    except UnusableXml as error:
        raise unusable_answer(f"{what} is not readable ({error})", passing=not isinstance(error, HostileXml)) from error


def _fault(fault: Element, hide: Hidden) -> NoUsableAnswer:
    words = child_text(fault, "faultstring") or whole_text(fault)
    return NoUsableAnswer(
        f"Open Dental's headquarters could not work on the request: {quoted(words, hide) or 'it did not say why'}",
        "Try again later, or ask Open Dental's support.",
        # The other code, Client, means that the same request will never be understood.
        passing=(child_text(fault, "faultcode") or "").rpartition(":")[2].startswith("Server"),
    )
