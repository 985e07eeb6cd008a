"""Customer API keys as values: how they are read from a paste, masked and worded."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import Enum

from core.base.errors import InvalidInput
from core.base.secret import Secret
from core.opendental.key_status import KeyStatus

MAX_KEY_LENGTH = 255
PERMISSIONS = "permissions"
"""The name of that field in audit texts and conflicts."""


class AuthorityName(Enum):
    """Who decides about keys."""

    LOCAL = "local"
    HEADQUARTERS = "headquarters"


@dataclass(frozen=True)
class AuthorityInfo:
    """What an admin has to know about who decides."""

    name: AuthorityName
    label: str
    """A few words for the header of the list."""
    explanation: str
    """Who decides, and what a change here does and does not do."""
    refusal: str = ""
    """Why keys are neither added nor changed from here, short enough for a status line; blank where they are."""
    unknown_key_reason: str = ""
    """Why nothing can be done with a key that stands in the practice's copy only."""
    keeps_contacts: bool = True
    """Whether developers, contacts and permissions are kept here, so that they can be changed here."""

    @property
    def where(self) -> str:
        """Where a status holds, for the end of a sentence."""
        return "at headquarters" if self.name is AuthorityName.HEADQUARTERS else f"in the {self.label}"

    @property
    def may_change(self) -> bool:
        """Whether keys can be added and changed from here."""
        return not self.refusal


@dataclass(frozen=True)
class KeyFields:
    """What the local registry lets an admin change of a key."""

    email: str = ""
    phone: str = ""
    permissions: tuple[str, ...] = ()
    agreement_since: date | None = None
    """Since when a Business Associate Agreement is in place; None when there is none."""


@dataclass(frozen=True)
class LicenseFacts:
    """Which agreement was accepted for a key, by whom and when."""

    title: str
    sha256: str
    accepted_by: str
    accepted_at: datetime


@dataclass(frozen=True)
class ApiKey:
    """One customer key without its text."""

    fingerprint: str
    """SHA-256 of the key in hex: its identity here."""
    masked: str
    """All but the last four characters hidden; with a short fingerprint where two would look the same."""
    developer: str
    status: KeyStatus
    fields: KeyFields
    date_disabled: datetime | None
    added: datetime | None
    license: LicenseFacts | None
    known: bool
    """Whether the authority knows the key; False for a row of `apikey` that it has never heard of."""
    last_known: str = ""
    """For a key whose status is not known now: which one it had, and when."""
    gone: bool = False
    """Whether it has just vanished from the authority's list."""

    @property
    def label(self) -> str:
        """The key as sentences name it."""
        return f"API key {self.masked} ({self.developer})"

    @property
    def audit_label(self) -> str:
        """The key as audit entries name it, told apart from every other for good."""
        return f"{audit_mask(self.masked, self.fingerprint)} ({self.developer})"


@dataclass(frozen=True)
class KeyList:
    """The keys of a practice, and who says so."""

    keys: tuple[ApiKey, ...]
    authority: AuthorityInfo
    differences: Mapping[str, str] = field(default_factory=dict)
    """What is new since the list before, in a few words by the key's fingerprint."""
    notes: tuple[str, ...] = ()
    """What was odd about the authority's answer, a sentence each."""


@dataclass(frozen=True)
class NewKey:
    """A key to be added."""

    key: Secret
    developer: str
    fields: KeyFields = field(default_factory=KeyFields)


@dataclass(frozen=True)
class KeyChange:
    """What a change of a key did, in plain words for the admin."""

    key: ApiKey
    sentence: str
    consequences: tuple[str, ...] = ()
    """What is cut off or let in now, and what is not."""


class PastedKind(Enum):
    """What a pasted text turned out to be."""

    KEY = "a key"
    HEADER = "a whole Authorization header"
    PAIR = "a developer key and a customer key"


@dataclass(frozen=True)
class Pasted:
    """A pasted text, and the customer key in it."""

    kind: PastedKind
    key: str


def format_fields(fields: KeyFields) -> dict[str, str]:
    """Each field's name and value, as audit entries say them."""
    since = fields.agreement_since
    return {
        "e-mail": fields.email or "blank",
        "phone": fields.phone or "blank",
        PERMISSIONS: ", ".join(fields.permissions) or "none",
        "Business Associate Agreement": f"in place since {since:%Y-%m-%d}" if since else "none",
    }


def format_field_changes(read: KeyFields, wanted: KeyFields) -> tuple[str, ...]:
    """What differs, field by field, as audit entries say it."""
    before, after = format_fields(read), format_fields(wanted)
    return tuple(
        f"permissions changed: {_worded_permissions(read.permissions, wanted.permissions)}"
        if name == PERMISSIONS
        else f"{name} changed from {before[name]} to {after[name]}"
        for name in before
        if before[name] != after[name]
    )


def _worded_permissions(read: tuple[str, ...], wanted: tuple[str, ...]) -> str:
    added = [name for name in wanted if name not in read]
    removed = [name for name in read if name not in wanted]
    phrases = [f"added {', '.join(added)}"] if added else []
    phrases += [f"removed {', '.join(removed)}"] if removed else []
    return "; ".join(phrases) or "their order"


def parse_paste(text: str) -> Pasted:
    """Find the customer key in what people paste: the key, `developer/customer`, or a whole header."""
    stripped = text.strip()
    header = re.fullmatch(r"(?:Authorization\s*:\s*)?ODFHIR\s+[^/\s]*/\s*(.*)", stripped, re.IGNORECASE | re.DOTALL)
    if header:
        return Pasted(PastedKind.HEADER, header[1].strip())
    pair = re.fullmatch(r"[^/\s]+/([^/\s]+)", stripped)
    if pair:
        return Pasted(PastedKind.PAIR, pair[1])
    return Pasted(PastedKind.KEY, stripped)


def validate_key(text: str) -> str:
    """The key as it may be added.

    Raises:
        InvalidInput: It cannot be a key; the field is `key`.
    """
    key = text.strip()
    if not key:
        raise InvalidInput("key", "Please enter an API key.")
    if any(character.isspace() for character in key):
        raise InvalidInput("key", "An API key has no blanks inside.", "Paste one key, without anything around it.")
    if not key.isascii() or not key.isprintable():
        raise InvalidInput(
            "key", "This text has characters that no API key has.", "Copy the key again, from its source."
        )
    if len(key) > MAX_KEY_LENGTH:
        raise InvalidInput("key", f"An API key has at most {MAX_KEY_LENGTH} characters; this text has {len(key)}.")
    return key


def fingerprint(key: str) -> str:
    """The identity of a key: SHA-256 of its UTF-8 bytes, in hex."""
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()


def mask(key: str) -> str:
    """The key with all but its last four characters hidden; a key of up to eight characters is hidden whole.

    Eight asterisks stand for the hidden part of a longer one, however long it is.
    """
    if len(key) <= 8:
        return "*" * len(key)
    return "*" * 8 + key[-4:]


def masks(keys: Iterable[str]) -> Mapping[str, str]:
    """The mask of each key by its fingerprint; keys that would look the same get a short fingerprint, too."""
    plain = {fingerprint(key): mask(key) for key in keys}
    seen = Counter(plain.values())
    return {
        identity: audit_mask(masked, identity) if seen[masked] > 1 else masked for identity, masked in plain.items()
    }


def audit_mask(masked: str, identity: str) -> str:
    """A mask with the short fingerprint by which it can be found and told apart: `********Gh78 #3f9a01`."""
    tag = fingerprint_tag(identity)
    return masked if masked.endswith(tag) else f"{masked} {tag}"


def fingerprint_tag(identity: str) -> str:
    """The short form of a fingerprint, as audit entries carry it."""
    return f"#{identity[:6]}"
