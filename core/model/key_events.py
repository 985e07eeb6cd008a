"""The audit events of API keys and of the practice's copy of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from core.model.api_key import GONE, THE_KEY
from core.model.event_text import (
    ClearKey,
    Copy,
    FreeText,
    Grant,
    InReceipt,
    KeyField,
    Label,
    Name,
    NewLabel,
    Permissions,
    Status,
    UndoneEntry,
)
from core.model.event_values import KeyLabel, KeyName
from core.model.key_text import fingerprint, fingerprint_tag, mask
from core.model.logged_event import KEY_COPY, AuditEvent, Edit


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
        """The key that the event is about."""
        return f"The API key {self.key_name}."


@dataclass(frozen=True)
class KeyAdded(KeyEvent):
    """An API key was added from here; its developer and permissions may be unknown while headquarters is asked."""

    template = "New API key {key} added by {user}{grant}"
    happened = "Added"
    changes_practice = True
    undoable_in_session = True

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
        """The key that the event is about."""
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
    changes_copy = True

    change: Copy


def _undone(entry: int) -> str:
    """Return which entry a change undid, as the end of its summary."""
    return f", undoing entry {entry}" if entry else ""
