"""Answers of Open Dental's headquarters, read from the XML documents inside its envelopes."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from xml.etree.ElementTree import Element

from core.base.errors import HeadquartersRefused, InvalidInput
from core.base.secret import Secret
from core.headquarters.requests import Redactions, quote_text, redact_secrets, unusable_answer
from core.headquarters.safe_xml import child_text, find_first, full_text, local_name
from core.model.key_text import BLANK_KEY, MAX_KEY_LENGTH, audit_mask, fingerprint, mask, validate_key
from core.opendental.api_permissions import permission_from_wire
from core.opendental.key_status import KeyStatus, parse_wire_status, status_from_wire
from core.opendental.log_hash import NO_DATE

FIRST_YEAR = 1880
"""Dates before this year mean no date."""
MAX_TEXT_LENGTH = 255
"""The length of `apikey.DevName`, to which all texts of an answer are cut."""


@dataclass(frozen=True)
class HeadquartersKey:
    """A key of the practice, as listed by headquarters."""

    key: Secret
    number: int
    """`FHIRAPIKeyNum`; 0 if it's missing."""
    status: KeyStatus
    date_disabled: datetime | None
    """In whole seconds; None for a key that isn't disabled, or a date that can't be read."""
    developer: str
    email: str
    phone: str
    developer_number: int
    """`FHIRDeveloperNum`; 0 if it's missing."""
    permissions: tuple[str, ...]
    """Names of permissions; unknown names are kept as received."""
    unusable: str = ""
    """The reason the text can't be a key; blank for a key that can be used."""


@dataclass(frozen=True)
class HeadquartersList:
    """All keys of the practice, in the order of the answer."""

    keys: tuple[HeadquartersKey, ...]
    notes: tuple[str, ...]
    """A sentence for each irregularity in the answer; keys in it are masked."""
    question: int = 0
    """The number of the request that it answers, counted from the program's start; 0 if it isn't counted."""
    asked_at: datetime = NO_DATE
    """The time of the request, by the practice's clock; `NO_DATE` if it isn't recorded."""


def read_list(answer: Element, redactions: Redactions) -> HeadquartersList:
    """Read the list of keys from an answer. As in Open Dental, a `Response` without a list is an empty list.

    Raises:
        HeadquartersRefused: The answer is an error.
        NoUsableAnswer: The answer is neither a list nor a response that could have one.
    """
    _refuse_error(answer, redactions)
    members = find_first(answer, "ListAPIKeys")
    if members is None:
        _require_empty_response(answer, redactions)
        return HeadquartersList((), ())
    notes: list[str] = []
    keys = [_read_key(member, notes, redactions) for member in members]
    return HeadquartersList(_merge_duplicates(keys, notes), tuple(notes))


def read_message(answer: Element, redactions: Redactions) -> str:
    """Read the message from the answer to an assignment. It may be empty.

    Raises:
        HeadquartersRefused: The answer is an error.
        NoUsableAnswer: The answer has no message.
    """
    _refuse_error(answer, redactions)
    message = child_text(answer, "string") if local_name(answer) == "Response" else None
    if message is None:
        raise unusable_answer("it isn't a Response with a message")
    return quote_text(message, redactions)


def require_done(answer: Element, redactions: Redactions) -> None:
    """Check the answer to a change of status. Any XML document without an error counts as success.

    Raises:
        HeadquartersRefused: The answer is an error.
        NoUsableAnswer: The answer is an HTML page.
    """
    _refuse_error(answer, redactions)
    if local_name(answer).lower() == "html":
        raise unusable_answer("it is a web page")


def read_date(text: str) -> datetime | None:
    """Parse a date in one of .NET's formats: ISO 8601 or `11/5/2024 10:11:12 AM`.

    A date with a UTC offset is converted to this computer's local time, as Open Dental's window does.

    Returns:
        The date in whole seconds; None for a blank text and for years before `FIRST_YEAR`.

    Raises:
        ValueError: The text isn't a date in one of these formats.
    """
    normalized = " ".join(text.split())
    if not normalized:
        return None
    us_format = _US_DATE.fullmatch(normalized)
    moment = _parse_us_date(us_format) if us_format else datetime.fromisoformat(normalized)
    if moment.year < FIRST_YEAR:
        return None
    try:
        local = moment.astimezone() if moment.tzinfo is not None else moment
    except (OverflowError, OSError) as error:
        raise ValueError("a time outside the range of this computer's time zone") from error
    return local.replace(tzinfo=None, microsecond=0)


_US_DATE = re.compile(
    r"(?P<month>\d{1,2})/(?P<day>\d{1,2})/(?P<year>\d{4})"
    r"(?: (?P<hour>\d{1,2}):(?P<minute>\d\d)(?::(?P<second>\d\d)(?:\.\d+)?)?(?: ?(?P<half>[AP]M))?)?",
    re.ASCII | re.IGNORECASE,
)


def _parse_us_date(match: re.Match[str]) -> datetime:
    number = {name: int(text or 0) for name, text in match.groupdict().items() if name != "half"}
    hour, half = number["hour"], (match["half"] or "").upper()
    if half:
        if not 1 <= hour <= 12:
            raise ValueError("not an hour of a 12-hour clock")
        hour = hour % 12 + (12 if half == "PM" else 0)
    return datetime(number["year"], number["month"], number["day"], hour, number["minute"], number["second"])


def _refuse_error(answer: Element, redactions: Redactions) -> None:
    error = find_first(answer, "Error")
    if error is not None:
        raise HeadquartersRefused(quote_text(full_text(error), redactions))


def _require_empty_response(answer: Element, redactions: Redactions) -> None:
    """Refuse a document that can't be an empty list. An empty list takes all keys away, so nothing else may be one."""
    if local_name(answer) != "Response":
        raise unusable_answer(f"it isn't a Response but a document named {quote_text(local_name(answer), redactions)}")
    words = child_text(answer, "string") or " ".join((answer.text or "").split())
    if words:
        raise unusable_answer(f"it has a message instead of ListAPIKeys: {quote_text(words, redactions)}")


def _unusable_reason(key: str) -> str:
    """Return why a text can't be a key, as a clause with the verb first; blank if it can be one."""
    if not key:
        return "is blank"
    try:
        validate_key(key)
    except InvalidInput:
        if len(key) > MAX_KEY_LENGTH:
            return f"is longer than {MAX_KEY_LENGTH} characters"
        return "contains a space" if " " in key else "contains characters that aren't allowed in a key"
    return ""


def _read_key(member: Element, notes: list[str], redactions: Redactions) -> HeadquartersKey:
    key = child_text(member, "APIKeyValue") or ""
    unusable = _unusable_reason(key)
    masked = audit_mask(mask(key) or BLANK_KEY, fingerprint(key))
    if unusable:
        notes.append(f"API key {masked} {unusable}. It can't be used, and can't be changed here.")
    redactions = {**redactions, key: mask(key)}
    return HeadquartersKey(
        key=Secret(key),
        number=_read_number(member, "FHIRAPIKeyNum"),
        status=_read_status(child_text(member, "KeyStatus") or "", masked, notes, redactions),
        date_disabled=_read_date_disabled(child_text(member, "DateDisabled") or "", masked, notes),
        developer=_clean_text(child_text(member, "DeveloperName"), redactions),
        email=_clean_text(child_text(member, "DeveloperEmail"), redactions),
        phone=_clean_text(child_text(member, "DeveloperPhone"), redactions),
        developer_number=_read_number(member, "FHIRDeveloperNum"),
        permissions=_read_permissions(member, redactions),
        unusable=unusable,
    )


def _read_status(name: str, masked: str, notes: list[str], redactions: Redactions) -> KeyStatus:
    if not name:
        notes.append(f"Headquarters gave no status for API key {masked}.")
        return KeyStatus.UNKNOWN
    status = status_from_wire(name)
    if parse_wire_status(name) is None:
        notes.append(
            f"Headquarters gave an unknown status for API key {masked}: {quote_text(name, redactions)}. As in Open"
            f" Dental, it counts as {status.label}."
        )
    return status


def _read_date_disabled(text: str, masked: str, notes: list[str]) -> datetime | None:
    try:
        return read_date(text)
    except ValueError:
        notes.append(f"The date when API key {masked} was disabled can't be read from headquarters' response.")
        return None


def _read_number(member: Element, name: str) -> int:
    text = child_text(member, name) or ""
    return int(text) if re.fullmatch(r"-?\d{1,19}", text, re.ASCII) else 0


def _clean_text(text: str | None, redactions: Redactions) -> str:
    """Return a received text without secrets, cut to `MAX_TEXT_LENGTH`."""
    return redact_secrets(text or "", redactions)[:MAX_TEXT_LENGTH].strip()


def _read_permissions(member: Element, redactions: Redactions) -> tuple[str, ...]:
    elements = next((each for each in member if local_name(each) == "ListAPIPermissions"), None)
    if elements is None:
        return ()
    names = (permission_from_wire(_clean_text(full_text(each), redactions)) for each in elements)
    return tuple(dict.fromkeys(name for name in names if name))


def _merge_duplicates(keys: Iterable[HeadquartersKey], notes: list[str]) -> tuple[HeadquartersKey, ...]:
    """Return each key once. If its entries differ, its status is unknown."""
    unique: dict[Secret, HeadquartersKey] = {}
    contradictory: set[Secret] = set()
    for each in keys:
        if unique.setdefault(each.key, each) != each:
            contradictory.add(each.key)
    for key in unique:
        if key not in contradictory:
            continue
        unique[key] = replace(unique[key], status=KeyStatus.UNKNOWN, date_disabled=None)
        masked = audit_mask(mask(key.reveal()), fingerprint(key.reveal()))
        notes.append(
            f"Headquarters lists API key {masked} more than once, with entries that differ. Its status is unknown."
        )
    return tuple(unique.values())
