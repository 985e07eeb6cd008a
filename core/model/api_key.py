"""Customer API keys, who decides about them, and changes of them, as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from core.base.secret import Secret
from core.model.authority_name import AuthorityName
from core.model.key_text import audit_mask, fingerprint_tag, visible_ending
from core.opendental.api_permissions import leaves_entries
from core.opendental.key_status import KeyStatus

PERMISSIONS = "permissions"
"""The name of that field in audit texts and conflicts."""
AGREEMENT = "Business Associate Agreement"
"""The name of that field in audit texts and conflicts."""
THE_KEY = "the key"
"""The name in conflicts of whether a key is in the list."""
GONE = "gone"
"""The value in conflicts of what is no longer there."""
_BLANK, _NONE, _SINCE = "blank", "none", "in place since "


@dataclass(frozen=True)
class AuthorityInfo:
    """The authority over the keys of a practice, as shown to an admin."""

    name: AuthorityName
    label: str
    """A few words for the header of the list."""
    explanation: str
    """An explanation of who decides, and of what a change from here does and doesn't do."""
    refusal: str = ""
    """The reason keys can't be added or changed from here, short enough for a status line; blank if they can."""
    unknown_key_reason: str = ""
    """The reason nothing can be done with a key that only the practice's copy has."""
    keeps_contacts: bool = True
    """True if developers, contacts and permissions are kept here, so that they can be edited."""

    @property
    def where(self) -> str:
        """The place where a status is valid, as the end of a sentence."""
        return "at headquarters" if self.name is AuthorityName.HEADQUARTERS else f"in the {self.label}"

    @property
    def may_change(self) -> bool:
        """True if keys can be added and changed from here."""
        return not self.refusal


@dataclass(frozen=True)
class KeyFields:
    """The fields of a key that the local registry lets an admin edit."""

    email: str = ""
    phone: str = ""
    permissions: tuple[str, ...] = ()
    agreement_since: date | None = None
    """The day on which a Business Associate Agreement came into force; None for no agreement."""


@dataclass(frozen=True)
class AcceptedLicense:
    """The license agreement that was accepted for a key."""

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
    """The key with all but its last four characters hidden, and a short fingerprint if two keys look the same."""
    developer: str
    status: KeyStatus
    fields: KeyFields
    date_disabled: datetime | None
    added: datetime | None
    license: AcceptedLicense | None
    known: bool
    """False for a row of `apikey` that the authority doesn't list."""
    last_known: str = ""
    """The last known status and its time, for a key whose status isn't known now."""
    gone: bool = False
    """True if the newest list of the authority no longer has the key."""
    unusable: str = ""
    """The reason its text can't be a key, so that nothing can be done with it; blank for all others."""
    developer_number: int = 0
    """Headquarters' number of the developer (`FHIRDeveloperNum`); 0 if it isn't known."""

    @property
    def may_write(self) -> bool:
        """True if it is enabled with a permission whose use leaves audit entries: changes, and database queries."""
        return self.status is KeyStatus.ENABLED and not self.gone and any(map(leaves_entries, self.fields.permissions))

    @property
    def only_reads(self) -> bool:
        """True if nothing that is done with it leaves audit entries, by its status or by its known permissions."""
        permissions = self.fields.permissions
        return self.status is KeyStatus.ENABLED_READ_ONLY or (
            bool(permissions) and not any(map(leaves_entries, permissions))
        )

    @property
    def label(self) -> str:
        """The key as sentences name it."""
        return f"API key {self.masked} ({self.developer})"

    @property
    def ending(self) -> str:
        """The text that confirms that this key is meant: its visible end, or else its short fingerprint."""
        return visible_ending(self.masked, fingerprint_tag(self.fingerprint))

    @property
    def audit_label(self) -> str:
        """The key as audit entries name it, with its short fingerprint."""
        return f"{audit_mask(self.masked, self.fingerprint)} ({self.developer})"


@dataclass(frozen=True)
class KeyList:
    """The keys of a practice as their authority lists them."""

    keys: tuple[ApiKey, ...]
    authority: AuthorityInfo
    differences: Mapping[str, str] = field(default_factory=dict)
    """The changes since the list before, in a few words by the key's fingerprint."""
    notes: tuple[str, ...] = ()
    """Remarks on oddities in the authority's answer, one sentence each."""
    as_of: datetime | None = None
    """The practice's time at which headquarters was asked for this list; None for a list that is always current."""


@dataclass(frozen=True)
class NewKey:
    """A key that is to be added."""

    key: Secret
    developer: str
    fields: KeyFields = field(default_factory=KeyFields)


@dataclass(frozen=True)
class KeyChange:
    """The result of a change, in plain words for the admin."""

    key: ApiKey
    sentence: str
    consequences: tuple[str, ...] = ()
    """Sentences that say what is cut off or let in now and what isn't."""


def format_fields(fields: KeyFields) -> dict[str, str]:
    """Return the value of each field as audit entries show it, by the field's name."""
    since = fields.agreement_since
    return {
        "e-mail": fields.email or _BLANK,
        "phone": fields.phone or _BLANK,
        PERMISSIONS: ", ".join(fields.permissions) or _NONE,
        AGREEMENT: f"{_SINCE}{since:%Y-%m-%d}" if since else _NONE,
    }


def with_field(fields: KeyFields, name: str, text: str) -> KeyFields:
    """Return the fields with one of them as `format_fields` writes it; not for permissions.

    Raises:
        ValueError: There is no such field, or the text isn't one of its values.
    """
    if name == "e-mail":
        return replace(fields, email="" if text == _BLANK else text)
    if name == "phone":
        return replace(fields, phone="" if text == _BLANK else text)
    if name != AGREEMENT:
        raise ValueError(name)
    since = None if text == _NONE else date.fromisoformat(text.removeprefix(_SINCE))
    return replace(fields, agreement_since=since)


def format_field_changes(read: KeyFields, wanted: KeyFields) -> tuple[str, ...]:
    """Return one phrase for each field that differs, as status lines show it."""
    before, after = format_fields(read), format_fields(wanted)
    return tuple(
        f"permissions changed: {_format_permissions(read.permissions, wanted.permissions)}"
        if name == PERMISSIONS
        else f"{name} changed from {before[name]} to {after[name]}"
        for name in before
        if before[name] != after[name]
    )


def _format_permissions(read: tuple[str, ...], wanted: tuple[str, ...]) -> str:
    added = [name for name in wanted if name not in read]
    removed = [name for name in read if name not in wanted]
    phrases = [f"added {', '.join(added)}"] if added else []
    phrases += [f"removed {', '.join(removed)}"] if removed else []
    return "; ".join(phrases) or "their order"
