"""What Open Dental's headquarters answers about keys, read from the documents inside its envelopes."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from xml.etree.ElementTree import Element

from core.base.errors import HeadquartersRefused, InvalidInput
from core.base.secret import Secret
from core.headquarters.requests import Hidden, quoted, redact_secrets, unusable_answer
from core.headquarters.safe_xml import child_text, first, local_name, whole_text
from core.model.key_text import audit_mask, fingerprint, mask, validate_key
from core.opendental.key_status import WIRE_STATUSES, KeyStatus, status_from_wire
from core.opendental.log_hash import NO_DATE

FIRST_YEAR = 1880
"""A date before this year stands for none."""
MAX_TEXT_LENGTH = 255
"""What the practice's own table holds of a developer's name; contacts and permissions are no longer either."""


@dataclass(frozen=True)
class HeadquartersKey:
    """One key of the practice, as headquarters tells of it."""

    key: Secret
    number: int
    """`FHIRAPIKeyNum`; 0 where it was not told."""
    status: KeyStatus
    date_disabled: datetime | None
    developer: str
    email: str
    phone: str
    developer_number: int
    """`FHIRDeveloperNum`; 0 where it was not told."""
    permissions: tuple[str, ...]
    """By name; names that are not known here stand as they came."""


@dataclass(frozen=True)
class HeadquartersList:
    """All keys of the practice, in the order of the answer, and what was odd about it."""

    keys: tuple[HeadquartersKey, ...]
    notes: tuple[str, ...]
    """One plain sentence each; keys are masked in them."""
    question: int = 0
    """Which question it answers, counted since the start."""
    asked_at: datetime = NO_DATE
    """When it was asked for, by the practice's clock."""


def read_list(answer: Element, hide: Hidden) -> HeadquartersList:
    """The keys that an answer lists.

    Raises:
        HeadquartersRefused: The answer is an error.
        NoUsableAnswer: It is no list, or lists something that is no key.
    """
    _refuse_error(answer, hide)
    members = first(answer, "ListAPIKeys")
    if members is None:
        raise unusable_answer("it has no ListAPIKeys")
    notes: list[str] = []
    keys = [_key(member, notes, hide) for member in members]
    return HeadquartersList(_without_duplicates(keys, notes), tuple(notes))


def read_message(answer: Element, hide: Hidden) -> str:
    """What headquarters says after it assigned a key; may be empty.

    Raises:
        HeadquartersRefused: The answer is an error.
        NoUsableAnswer: It is no message.
    """
    _refuse_error(answer, hide)
    message = child_text(answer, "string") if local_name(answer) == "Response" else None
    if message is None:
        raise unusable_answer("it is no Response with a message")
    return quoted(message, hide)


def require_done(answer: Element, hide: Hidden) -> None:
    """Check that a change of a status was made: such an answer has nothing in it but no error.

    Raises:
        HeadquartersRefused: The answer is an error.
        NoUsableAnswer: It is a page for people.
    """
    _refuse_error(answer, hide)
    if local_name(answer).lower() == "html":
        raise unusable_answer("it is a web page")


def read_date(text: str) -> datetime | None:
    """A date as .NET writes it, in whole seconds; None for a date that stands for none.

    A date with an offset is told in this computer's local time, as Open Dental's window tells it.

    Raises:
        ValueError: It is no such date.
    """
    written = " ".join(text.split())
    if not written:
        return None
    american = _AMERICAN.fullmatch(written)
    moment = _american(american) if american else datetime.fromisoformat(written)
    if moment.year < FIRST_YEAR:
        return None
    try:
        local = moment.astimezone() if moment.tzinfo is not None else moment
    except (OverflowError, OSError) as error:
        raise ValueError("a time that this computer cannot tell") from error
    return local.replace(tzinfo=None, microsecond=0)


_AMERICAN = re.compile(
    r"(?P<month>\d{1,2})/(?P<day>\d{1,2})/(?P<year>\d{4})"
    r"(?: (?P<hour>\d{1,2}):(?P<minute>\d\d)(?::(?P<second>\d\d)(?:\.\d+)?)?(?: ?(?P<half>[AP]M))?)?",
    re.ASCII | re.IGNORECASE,
)


def _american(written: re.Match[str]) -> datetime:
    number = {name: int(text or 0) for name, text in written.groupdict().items() if name != "half"}
    hour, half = number["hour"], (written["half"] or "").upper()
    if half:
        if not 1 <= hour <= 12:
            raise ValueError("no hour of half a day")
        hour = hour % 12 + (12 if half == "PM" else 0)
    return datetime(number["year"], number["month"], number["day"], hour, number["minute"], number["second"])


def _refuse_error(answer: Element, hide: Hidden) -> None:
    error = first(answer, "Error")
    if error is not None:
        raise HeadquartersRefused(quoted(whole_text(error), hide))


def _key(member: Element, notes: list[str], hide: Hidden) -> HeadquartersKey:
    try:
        key = validate_key(child_text(member, "APIKeyValue") or "")
    except InvalidInput as error:
        raise unusable_answer("it lists a key without an APIKeyValue, or with one that is no key") from error
    masked = audit_mask(mask(key), fingerprint(key))
    hide = {**hide, key: mask(key)}
    return HeadquartersKey(
        key=Secret(key),
        number=_number(member, "FHIRAPIKeyNum"),
        status=_status(child_text(member, "KeyStatus") or "", masked, notes, hide),
        date_disabled=_date_disabled(child_text(member, "DateDisabled") or "", masked, notes),
        developer=_told(child_text(member, "DeveloperName"), hide),
        email=_told(child_text(member, "DeveloperEmail"), hide),
        phone=_told(child_text(member, "DeveloperPhone"), hide),
        developer_number=_number(member, "FHIRDeveloperNum"),
        permissions=_permissions(member, hide),
    )


def _status(name: str, masked: str, notes: list[str], hide: Hidden) -> KeyStatus:
    if not name:
        notes.append(f"Headquarters gave no status for API key {masked}.")
        return KeyStatus.UNKNOWN
    status = status_from_wire(name)
    if name not in WIRE_STATUSES:
        notes.append(
            f"Headquarters gave a status that is not known here for API key {masked}: {quoted(name, hide)}."
            f" As in Open Dental, it counts as {status.label}."
        )
    return status


def _date_disabled(text: str, masked: str, notes: list[str]) -> datetime | None:
    try:
        return read_date(text)
    except ValueError:
        notes.append(f"The day on which API key {masked} was disabled cannot be read from headquarters' answer.")
        return None


def _number(member: Element, name: str) -> int:
    text = child_text(member, name) or ""
    return int(text) if re.fullmatch(r"-?\d{1,19}", text, re.ASCII) else 0


def _told(text: str | None, hide: Hidden) -> str:
    """What somebody else wrote, as it came but for secrets in it and for its length."""
    return redact_secrets(text or "", hide)[:MAX_TEXT_LENGTH].strip()


def _permissions(member: Element, hide: Hidden) -> tuple[str, ...]:
    names = next((each for each in member if local_name(each) == "ListAPIPermissions"), None)
    return (
        tuple(dict.fromkeys(name for each in names if (name := _told(whole_text(each), hide))))
        if names is not None
        else ()
    )


def _without_duplicates(keys: Iterable[HeadquartersKey], notes: list[str]) -> tuple[HeadquartersKey, ...]:
    """Each key once; where its entries contradict each other, nobody knows its status."""
    once: dict[Secret, HeadquartersKey] = {}
    contradicted: set[Secret] = set()
    for each in keys:
        if once.setdefault(each.key, each) != each:
            contradicted.add(each.key)
    for key in once:
        if key not in contradicted:
            continue
        once[key] = replace(once[key], status=KeyStatus.UNKNOWN, date_disabled=None)
        masked = audit_mask(mask(key.reveal()), fingerprint(key.reveal()))
        notes.append(
            f"Headquarters lists API key {masked} more than once, with entries that differ; its status is not known."
        )
    return tuple(once.values())
