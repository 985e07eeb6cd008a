"""The events that API Setup writes to the Audit Trail, and those of Open Dental's own window that it recognizes.

Each event is a frozen dataclass with `text()` and `parse()`, and no other module knows the sentences. The two are
inverse to each other whatever names an event holds (`core.model.event_text` quotes names that would make a sentence
ambiguous). A text that can't be read in full - it was shortened, or an earlier version wrote it with an ambiguous
name - lacks the uncertain values or becomes an `UnreadableEvent`; then `LoggedEvent.is_exact` is false.

To add an event, define its class here; a text is tried on the events in their order. To add a setting, add it to
`core.model.event_text.Setting`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from core.model import (  # noqa: F401 - define events, and are thus needed to parse them
    payment_type_events,
    receipt_events,
    sign_in_events,
    subscription_events,
)
from core.model.event_text import (
    Changes,
    ClearKey,
    Copy,
    Count,
    ForKey,
    FreeText,
    Grant,
    InReceipt,
    KeyField,
    Label,
    Name,
    NewLabel,
    Permissions,
    Sha256,
    Sha256Start,
    Status,
    UndoneEntry,
    VendorText,
)
from core.model.event_values import GONE, THE_KEY, KeyLabel, KeyName
from core.model.key_text import fingerprint, fingerprint_tag, mask
from core.model.logged_event import EXPORT, KEY_COPY, SETTINGS, AuditEvent, Edit, LoggedEvent, Stage, known_events
from core.opendental.permission_types import Permission

_LICENSE = "The license agreement that comes before a new API key."


@dataclass(frozen=True)
class ApiSetupOpened(AuditEvent):
    """API Setup was opened here, or closed in Open Dental."""

    template = "API/FHIR"
    subject = "Opening API Setup."


@dataclass(frozen=True)
class SettingsChanged(AuditEvent):
    """Settings of the API were saved."""

    template = "API Setup: {changes}{undoes}"
    subject = SETTINGS
    changes_practice = True

    changes: Changes
    undoes: UndoneEntry = 0

    @property
    def edits(self) -> tuple[Edit, ...]:
        """The settings before and after."""
        return tuple(Edit(each.setting.value, each.before, each.after) for each in self.changes)

    @property
    def values_after(self) -> Mapping[str, str | None]:
        """The settings after."""
        return {each.setting.value: each.after for each in self.changes}

    @property
    def undone_entry(self) -> int:
        """The entry that the save undid."""
        return self.undoes


@dataclass(frozen=True)
class KeyEvent(AuditEvent):
    """An event about one API key."""

    key: KeyName | KeyLabel

    @property
    def key_name(self) -> KeyName:
        """The key without its developer."""
        return self.key.name if isinstance(self.key, KeyLabel) else self.key

    @property
    def key_tag(self) -> str:
        """The short fingerprint of the key."""
        return self.key_name.tag

    @property
    def description(self) -> str:
        """Which key the event is about."""
        return f"The API key {self.key_name}."


@dataclass(frozen=True)
class KeyAdded(KeyEvent):
    """An API key was added from here; its developer and permissions may be unknown while headquarters is asked."""

    template = "New API key {key} added by {user}{grant}"
    happened = "Added"
    changes_practice = True

    key: NewLabel
    user: FreeText
    grant: Grant = None

    @property
    def values_after(self) -> Mapping[str, str | None]:
        """That the key is in the list."""
        return {THE_KEY: "in the list"}


@dataclass(frozen=True)
class KeyRemoved(KeyEvent):
    """An API key was removed from the local registry, with its status before."""

    template = "API key {key} removed from the local registry by {user}; its status was {before}{undoes}"
    changes_practice = True

    key: Label
    user: FreeText
    before: Status
    undoes: UndoneEntry = 0

    @property
    def values_after(self) -> Mapping[str, str | None]:
        """That the key, and with it its status, is gone."""
        return {THE_KEY: GONE, "Key Status": GONE}

    @property
    def undone_entry(self) -> int:
        """The entry that the removal undid."""
        return self.undoes


@dataclass(frozen=True)
class KeyStatusChanged(KeyEvent):
    """An API key was enabled or disabled."""

    template = "API key {key} changed from {before} to {after} by {user}{undoes}{receipt}"
    changes_practice = True

    key: Label
    before: Status
    after: Status
    user: FreeText
    undoes: UndoneEntry = 0
    receipt: InReceipt = ""

    @property
    def edits(self) -> tuple[Edit, ...]:
        """The status before and after."""
        return (Edit("status", self.before.label, self.after.label),)

    @property
    def values_after(self) -> Mapping[str, str | None]:
        """The status after."""
        return {"Key Status": self.after.label}

    @property
    def undone_entry(self) -> int:
        """The entry that the change undid."""
        return self.undoes

    @property
    def summary(self) -> str:
        """The change of the key, in a word or two."""
        return f"{self.before.label} → {self.after.label}{_undone(self.undoes)}"


@dataclass(frozen=True)
class KeyFieldChanged(KeyEvent):
    """A contact or the Business Associate Agreement of an API key was edited."""

    template = "API key {key} {field} changed from {before} to {after} by {user}{undoes}"
    changes_practice = True

    key: Label
    field: KeyField
    before: FreeText
    after: FreeText
    user: FreeText
    undoes: UndoneEntry = 0

    @property
    def edits(self) -> tuple[Edit, ...]:
        """The field before and after."""
        return (Edit(self.field, self.before, self.after),)

    @property
    def values_after(self) -> Mapping[str, str | None]:
        """The field after."""
        return {self.field: self.after}

    @property
    def undone_entry(self) -> int:
        """The entry that the change undid."""
        return self.undoes

    @property
    def summary(self) -> str:
        """The change of the key, in a word or two."""
        return f"{self.field}: {self.before} → {self.after}{_undone(self.undoes)}"


@dataclass(frozen=True)
class KeyPermissionsChanged(KeyEvent):
    """The permissions of an API key were edited."""

    template = "API key {key} permissions changed: {change} by {user}{undoes}"
    changes_practice = True

    key: Label
    change: Permissions
    user: FreeText
    undoes: UndoneEntry = 0

    @property
    def is_undoable(self) -> bool:
        """True unless only the order of the permissions changed, which the text doesn't tell."""
        return bool(self.change.added or self.change.removed)

    @property
    def undo_lines(self) -> tuple[str, ...]:
        """The permissions that undoing takes away, and those that it gives back."""
        parts = ((self.change.added, "removes"), (self.change.removed, "adds"))
        return tuple(f"permissions: {verb} {', '.join(names)} again" for names, verb in parts if names)

    @property
    def undone_entry(self) -> int:
        """The entry that the change undid."""
        return self.undoes

    @property
    def values_after(self) -> Mapping[str, str | None]:
        """That the permissions changed; the text doesn't list all of them."""
        return {"permissions": None}

    @property
    def summary(self) -> str:
        """The change of the key, in a word or two."""
        parts = ((self.change.added, "added"), (self.change.removed, "removed"))
        changes = "; ".join(f"{', '.join(names)} {verb}" for names, verb in parts if names)
        return f"Permissions: {changes}{_undone(self.undoes)}"


@dataclass(frozen=True)
class KeyShown(KeyEvent):
    """An API key was shown in full."""

    template = "API key {key} shown in full to {user}"
    happened = "Shown in full"

    key: Name
    user: FreeText


@dataclass(frozen=True)
class KeyCopied(KeyEvent):
    """An API key was sent to the terminal's clipboard."""

    template = "API key {key} sent to the terminal's clipboard by {user}"
    happened = "Sent to the terminal's clipboard"

    key: Name
    user: FreeText


@dataclass(frozen=True)
class VendorKeyAdded(AuditEvent):
    """An API key was added in Open Dental's own window, whose text holds the whole key."""

    template = "New API key {key} added by {user}"
    happened = "Added in Open Dental's own window"
    changes_practice = True

    key: ClearKey = field(repr=False)
    user: FreeText

    @property
    def key_tag(self) -> str:
        """The short fingerprint of the key."""
        return fingerprint_tag(fingerprint(self.key))

    @property
    def description(self) -> str:
        """Which key the event is about."""
        return f"The API key {mask(self.key)} {self.key_tag}, added in Open Dental's own window."


@dataclass(frozen=True)
class KeyCopyChanged(AuditEvent):
    """The practice's copy of the API keys was made equal to headquarters' list."""

    template = "API keys: copy made equal to headquarters' list: {change}"
    subject = KEY_COPY

    change: Copy


@dataclass(frozen=True)
class KeyCopyReconciled(AuditEvent):
    """The practice's copy of the API keys was made equal to the local registry."""

    template = "API keys: copy made equal to the local registry: {change}"
    subject = KEY_COPY

    change: Copy


@dataclass(frozen=True)
class LicenseEvent(AuditEvent):
    """An event about a license agreement for one API key; the fingerprint is the start of its text's SHA-256."""

    subject = _LICENSE
    permission = Permission.LICENSE_ACCEPT

    title: FreeText
    user: FreeText
    fingerprint: Sha256Start
    key: ForKey = None

    @property
    def key_tag(self) -> str:
        """The short fingerprint of the key that the agreement was for; empty if an earlier version wrote the entry."""
        return self.key.name.tag if self.key is not None else ""


@dataclass(frozen=True)
class LicenseAccepted(LicenseEvent):
    """A license agreement was accepted."""

    template = "{title}{key} accepted by {user} (SHA-256 {fingerprint})"
    happened = "License accepted"


@dataclass(frozen=True)
class LicenseDeclined(LicenseEvent):
    """A license agreement was declined."""

    template = "{title}{key} declined by {user} (SHA-256 {fingerprint})"
    happened = "License declined"


@dataclass(frozen=True)
class VendorLicenseAccepted(AuditEvent):
    """Open Dental's own license agreement was accepted in its own window."""

    template = "Open Dental API End User License accepted by {user}"
    subject = _LICENSE
    permission = Permission.LICENSE_ACCEPT

    user: VendorText


@dataclass(frozen=True)
class ExportStarted(AuditEvent):
    """An export of the Audit Trail began."""

    template = "Audit Trail export to {file} begun by {user}: {filter}"
    subject = EXPORT
    permission = Permission.AUDIT_TRAIL

    file: FreeText
    user: FreeText
    filter: FreeText


@dataclass(frozen=True)
class ExportFinished(AuditEvent):
    """An export of the Audit Trail was completed; the SHA-256 is that of the whole file."""

    template = "Audit Trail export to {file} finished by {user}: {entries}, SHA-256 {sha256}"
    subject = EXPORT
    permission = Permission.AUDIT_TRAIL

    file: FreeText
    user: FreeText
    entries: Count
    sha256: Sha256


def parse_entry(text: str) -> LoggedEvent | None:
    """Return the event of an entry that API Setup wrote, here or in Open Dental; None for all others."""
    logged = LoggedEvent.parse(text)
    return logged if logged is not None and logged.event.ours else None


def _undone(entry: int) -> str:
    """Return which entry a change undid, as the end of its summary."""
    return f", undoing entry {entry}" if entry else ""


def _like(event: type[AuditEvent]) -> str:
    """Return a pattern for SQL's LIKE that matches every text of an event."""
    if event.like:
        return event.like
    fixed, _, variable = event.template.partition("{")
    if fixed:
        return f"{fixed}%" if variable else fixed
    return re.sub(r"\{\w+\}", "%", event.template)


_EVENTS = known_events()
_OURS = [event for event in _EVENTS if event.ours]

OUR_PATTERNS = tuple(dict.fromkeys(f"{stage.value}{_like(event)}" for stage in Stage for event in _OURS))
"""Patterns for SQL's LIKE that match the texts of API Setup, of whatever stage."""

OUR_KINDS = tuple(sorted({Permission.SETUP, *(event.permission for event in _OURS)}))
"""The permission types of API Setup's entries. Sign-ins are left out: every window writes the same ones."""

CHANGE_KINDS = tuple(sorted({Permission.SETUP, *(event.permission for event in _EVENTS if event.changes_practice)}))
"""The permission types of changes that were made; older versions of Open Dental record all of them as Setup."""

CHANGE_PATTERNS = tuple(dict.fromkeys(_like(event) for event in _EVENTS if event.changes_practice))
"""Patterns for SQL's LIKE that match the texts of changes that were made."""
