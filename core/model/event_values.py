"""The values of audit events that are more than a text or a number: keys, settings and lists."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import Enum

from core.model.api_key import ApiKey
from core.model.key_text import fingerprint, fingerprint_tag, mask, visible_ending


@dataclass(frozen=True)
class KeyName:
    """An API key as audit texts name it without its developer: `********Gh78 #3f9a01`."""

    masked: str
    tag: str
    """The short fingerprint that tells the key from every other one."""

    @classmethod
    def of(cls, key: ApiKey) -> KeyName:
        """Return the name of a listed key."""
        tag = fingerprint_tag(key.fingerprint)
        return KeyName(key.masked.removesuffix(f" {tag}"), tag)

    @property
    def ending(self) -> str:
        """The end of the key as it is shown, as in `ApiKey.ending` unless another key ends like it now."""
        return visible_ending(self.masked, self.tag)

    def __str__(self) -> str:
        return f"{self.masked} {self.tag}"


@dataclass(frozen=True)
class KeyLabel:
    """An API key as audit texts name it: `********Gh78 #3f9a01 (Clear Pay)`."""

    name: KeyName
    developer: str

    @classmethod
    def of(cls, key: ApiKey) -> KeyLabel:
        """Return the label of a listed key."""
        return KeyLabel(KeyName.of(key), key.developer)

    @classmethod
    def of_text(cls, key: str, developer: str) -> KeyLabel:
        """Return the label of a key in clear text."""
        return KeyLabel(KeyName(mask(key), fingerprint_tag(fingerprint(key))), developer)


class Setting(Enum):
    """The API's settings; the values are their names in audit texts and conflicts."""

    ENABLED = "Enabled"
    INTERVAL = "subscription interval"
    PAYMENT_TYPE = "payment type"


@dataclass(frozen=True)
class SettingChange:
    """One setting before and after, as text."""

    setting: Setting
    before: str
    after: str


class PaymentTypeField(Enum):
    """The attributes of a payment type that can be changed; the values are their names in audit texts and conflicts."""

    NAME = "name"
    DEPOSIT_SLIPS = "deposit slips"
    ORDER = "order"
    HIDDEN = "hidden"


@dataclass(frozen=True)
class PaymentTypeChange:
    """One value of a payment type before and after, as text."""

    setting: PaymentTypeField
    before: str
    after: str


class NoteField(Enum):
    """The fields of a note on a key; the values are their names in audit texts and conflicts.

    The date of the Business Associate Agreement and former names have events of their own: the date belongs to the
    fields of a key, and a developer's former names belong to all of its keys.
    """

    OWNER = "owner"
    PURPOSE = "purpose"
    AGREEMENT_REFERENCE = "BAA reference"
    REVIEW_DATE = "review date"


@dataclass(frozen=True)
class NoteChange:
    """One field of a note before and after, as text."""

    setting: NoteField
    before: str
    after: str


@dataclass(frozen=True)
class ListChange:
    """Names that were added to a list and removed from it."""

    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()


@dataclass(frozen=True)
class KeyGrant:
    """The rights of a new key, and its agreement."""

    permissions: tuple[str, ...] | None
    """The names of its permissions; None if they aren't known yet."""
    agreement_since: date | None
    """The day on which the Business Associate Agreement came into force; None for none."""


@dataclass(frozen=True)
class KeyNames:
    """Some keys by name, and the number of others that are left out."""

    named: tuple[KeyName, ...] = ()
    more: int = 0


@dataclass(frozen=True)
class CopyChange:
    """Keys that were added to the practice's copy of a list and removed from it."""

    added: KeyNames
    removed: KeyNames
