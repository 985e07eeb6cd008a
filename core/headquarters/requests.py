"""Requests to Open Dental's headquarters and their SOAP envelopes, and the redaction of secrets in its answers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from xml.etree.ElementTree import Element, SubElement, tostring

from core.base.errors import HeadquartersStep, HeadquartersUnreachable, NoUsableAnswer
from core.base.secret import Secret
from core.headquarters.safe_xml import HostileXml, UnusableXml, child_text, full_text, local_name, parse_xml
from core.model.key_text import mask
from core.opendental.key_status import KeyStatus

NAMESPACE = "https://www.opendental.com/OpenDentalWebServiceHQ/"
SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
SERVICE_CODE = "FHIR"
PROGRAM_NAME = "apisetup"
MAX_QUOTE_LENGTH = 300
"""The largest number of characters that are quoted from an answer."""


class Operation(Enum):
    """The operations of headquarters' service that this program uses; the values are their names in the protocol."""

    LIST = "GetFHIRAPIKeysForOffice"
    ASSIGN = "AssignFHIRAPIKey"
    SET_STATUS = "UpdateFHIRKeyStatus"

    @property
    def soap_action(self) -> str:
        """The value of the header `SOAPAction`, including its quotation marks."""
        return f'"{NAMESPACE}{self.value}"'


@dataclass(frozen=True)
class Credentials:
    """The data about a practice that is sent with every request."""

    registration_key: Secret
    practice_title: str
    practice_phone: str
    program_version: str
    """The practice's version of Open Dental."""
    computer_name: str
    program_name: str = PROGRAM_NAME


Redactions = Mapping[str, str]
"""Secrets that must never be shown, each with the text to show instead."""


def redactions_for(credentials: Credentials, key: Secret | None = None) -> Redactions:
    """Return the secrets of a request, which its answer may repeat."""
    secrets = {credentials.registration_key.reveal(): "***"}
    if key is not None:
        secrets[key.reveal()] = mask(key.reveal())
    return secrets


def list_request(credentials: Credentials) -> bytes:
    """Return the envelope of a request for all keys of the practice.

    Raises:
        HeadquartersUnreachable: The practice has no registration key, or a text has a character that XML can't hold.
    """
    return _envelope(Operation.LIST, _office_data(credentials))


def assign_request(credentials: Credentials, key: Secret) -> bytes:
    """Return the envelope of a request to assign a key to the practice.

    Raises:
        HeadquartersUnreachable: As for `list_request`.
    """
    return _envelope(Operation.ASSIGN, _office_data(credentials, APIKey=key.reveal()))


def status_request(credentials: Credentials, key: Secret, status: KeyStatus) -> bytes:
    """Return the envelope of a request to set the status of a key.

    Raises:
        HeadquartersUnreachable: As for `list_request`.
    """
    data = _office_data(credentials, APIKey=key.reveal(), FHIRKeyStatus=status.wire_name)
    return _envelope(Operation.SET_STATUS, data)


def parse_envelope(content: bytes, operation: Operation, redactions: Redactions) -> Element:
    """Return the root of the XML document inside an answer's envelope.

    Raises:
        NoUsableAnswer: The content isn't an envelope, belongs to another operation or has a fault, or the document
            inside can't be parsed.
    """
    envelope = _parse(content, "its response")
    body = envelope.find(f"{{{SOAP}}}Body") if envelope.tag == f"{{{SOAP}}}Envelope" else None
    if body is None:
        name = quote_text(local_name(envelope), redactions)
        raise unusable_answer(f"it isn't a SOAP envelope but a document named {name}")
    fault = body.find(f"{{{SOAP}}}Fault")
    if fault is not None:
        raise _fault_error(fault, redactions)
    result = body.find(f"{{{NAMESPACE}}}{operation.value}Response/{{{NAMESPACE}}}{operation.value}Result")
    if result is None:
        raise unusable_answer(f"it has no {operation.value}Result")
    return _parse("".join(result.itertext()).strip(), f"its {operation.value}Result")


def find_fault(content: bytes, redactions: Redactions) -> NoUsableAnswer | None:
    """Return the error for the SOAP fault in an envelope; None if the content isn't an envelope with a fault."""
    try:
        envelope = parse_xml(content)
    except UnusableXml:
        return None
    fault = envelope.find(f"{{{SOAP}}}Body/{{{SOAP}}}Fault")
    return _fault_error(fault, redactions) if fault is not None else None


def unusable_answer(what: str, *, passing: bool = False) -> NoUsableAnswer:
    """Return the error for an answer that doesn't follow the protocol.

    Args:
        what: The problem, as a clause that begins with "it" or names a part of the answer.
        passing: True if repeating the request may help.
    """
    return NoUsableAnswer(
        f"The response from Open Dental's headquarters can't be used: {what}.",
        "Try again later. If this persists, check the address in the preference WebServiceHQServerURL.",
        passing=passing,
    )


def quote_text(text: str, redactions: Redactions) -> str:
    """Return untrusted text so that a sentence can quote it: printable, in one line, shortened, without secrets."""
    printable = "".join(each if each.isprintable() else " " for each in text)
    clean = redact_secrets(" ".join(printable.split()), redactions)
    return clean if len(clean) <= MAX_QUOTE_LENGTH else clean[: MAX_QUOTE_LENGTH - 1].rstrip() + "…"


def redact_secrets(text: str, redactions: Redactions) -> str:
    """Replace all secrets in a text, ignoring case, and whatever breaks them up without being seen as a part of them.

    A registration key is written with or without its dashes, and a line break, spaces or invisible characters inside a
    secret don't keep anybody from reading it.
    """
    bare = _bare(text)
    for secret, replacement in redactions.items():
        characters = _bare(secret)
        if not characters and secret:
            # It consists of dashes only, which may stand anywhere.
            text = text.replace(secret, replacement)
        if not characters or characters not in bare:
            continue
        text = _broken_up(secret).sub(replacement.replace("\\", r"\\"), text)
        bare = _bare(text)
        if characters in bare and characters not in _bare(replacement):
            # Some letters are folded to several, which the expression can't match.
            return "***"
    return text


_SEPARATORS = (
    r"\x00-\x20\x2d\x7f-\xa0\xad\u034f\u058a\u05be\u0600-\u0605\u061c\u06dd\u070f\u0890-\u0891\u08e2\u115f-\u1160"
    r"\u1400\u1680\u17b4-\u17b5\u1806\u180b-\u180f\u2000-\u2015\u2028-\u202f\u205f-\u206f\u2212\u2800\u2e17\u2e1a"
    r"\u2e3a-\u2e3b\u2e40\u2e5d\u3000\u301c\u3030\u30a0\u3164\ufe00-\ufe0f\ufe31-\ufe32\ufe58\ufe63\ufeff\uff0d"
    r"\uffa0\ufff0-\ufffb\U00010d6e\U00010ead\U000110bd\U000110cd\U00013430-\U0001343f\U0001bca0-\U0001bca3"
    r"\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
"""White space, dashes, and control, format and other invisible characters of Unicode 16, for a character class.

They're listed because each version of Python knows another version of Unicode.
"""
_SEPARATOR = re.compile(f"[{_SEPARATORS}]+")


def _bare(text: str) -> str:
    return _SEPARATOR.sub("", text).casefold()


def _broken_up(secret: str) -> re.Pattern[str]:
    """Return an expression for a secret with any separators between its characters.

    None of these characters is a separator, so there is one way to match, and no backtracking.
    """
    characters = _SEPARATOR.sub("", secret)
    return re.compile(f"[{_SEPARATORS}]*".join(map(re.escape, characters)), re.IGNORECASE)


def _office_data(credentials: Credentials, **payload: str) -> str:
    """Return the document inside a request. Each item of the payload becomes an element with one string."""
    if not credentials.registration_key.reveal().strip():
        raise HeadquartersUnreachable(
            HeadquartersStep.CREDENTIALS,
            "This practice has no registration key, which headquarters requires.",
            "Enter it in Open Dental. It is stored in the preference RegistrationKey.",
        )
    texts = {
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
    for name, text in texts.items():
        SubElement(element, name).text = _require_xml_text(name, text)
    if payload:
        items = SubElement(request, "Payload")
        for name, text in payload.items():
            SubElement(SubElement(items, name), "string").text = _require_xml_text(name, text)
    return tostring(request, encoding="unicode")


def _envelope(operation: Operation, office_data: str) -> bytes:
    # Namespace prefixes are written literally, because ElementTree's registry of prefixes is global to the process.
    envelope = Element("soap:Envelope", {"xmlns:soap": SOAP})
    call = SubElement(SubElement(envelope, "soap:Body"), operation.value, {"xmlns": NAMESPACE})
    SubElement(call, "officeData").text = office_data
    content: bytes = tostring(envelope, encoding="utf-8", xml_declaration=True)
    return content


_NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def _require_xml_text(name: str, text: str) -> str:
    """Return the text, or refuse it if it has a character that XML can't represent."""
    if _NOT_IN_XML.search(text):
        raise HeadquartersUnreachable(
            HeadquartersStep.CREDENTIALS,
            f"Headquarters wasn't contacted: {name} has a character that can't be sent.",
            "Enter it again in its original place, without extra characters.",
        )
    return text


def _parse(content: bytes | str, what: str) -> Element:
    try:
        return parse_xml(content)
    except UnusableXml as error:
        raise unusable_answer(f"{what} is not readable ({error})", passing=not isinstance(error, HostileXml)) from error


def _fault_error(fault: Element, redactions: Redactions) -> NoUsableAnswer:
    reason = quote_text(child_text(fault, "faultstring") or full_text(fault), redactions)
    return NoUsableAnswer(
        f"Open Dental's headquarters could not process the request: {reason or 'it gave no reason'}",
        "Try again later, or contact Open Dental support.",
        # SOAP 1.1: the code Client means that the request itself is wrong, so repeating it can't help.
        passing=(child_text(fault, "faultcode") or "").rpartition(":")[2].startswith("Server"),
    )
