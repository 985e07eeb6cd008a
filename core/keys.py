"""The service for customer API keys: list, add, edit, enable, disable, and show in full."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from core.actor import Actor
from core.agreement import Acceptance
from core.api_key import (
    ApiKey,
    AuthorityInfo,
    KeyChange,
    KeyFields,
    KeyList,
    NewKey,
    audit_mask,
    checked_key,
    fingerprint,
    fingerprint_tag,
    mask,
    worded_changes,
)
from core.audit import AuditService
from core.audit_entry import AuditEntry
from core.audit_subject import worded_undoing
from core.authority.key_authority import KeyAuthority
from core.errors import ChangedMeanwhile, InvalidInput, NotOursToChange, PracticeUnavailable, Unconfirmed
from core.opendental.api_keys import KeyStatus
from core.opendental.permission_types import Permission
from core.practice import Practice, before_the_change
from core.secrets import Secret


class KeyService:
    """Everything that an admin does with customer API keys."""

    def __init__(self, practice: Practice, authority: KeyAuthority, audit: AuditService) -> None:
        self._practice = practice
        self._authority = authority
        self._audit = audit

    @property
    def authority(self) -> AuthorityInfo:
        """Who decides about keys, in words."""
        return self._authority.info

    def list(self) -> KeyList:
        """All keys, and who says so."""
        return KeyList(self._authority.all_keys(), self._authority.info)

    def check_new(self, text: str) -> Secret:
        """The key that was typed, if it may be added.

        Raises:
            InvalidInput: It is no key, or is in the list already; the field is `key`.
            NotOursToChange: Keys are not added here.
        """
        self._authority.require_change()
        key = checked_key(text)
        self._refuse_known(fingerprint(key))
        return Secret(key)

    def check_fields(self, fields: KeyFields) -> None:
        """Check what was typed of a key.

        Raises:
            InvalidInput: The agreement begins in the future; the field is `agreement`.
        """
        with before_the_change(), self._practice.read() as session:
            today = self._practice.now(session).date()
        if fields.agreement_since is not None and fields.agreement_since > today:
            raise InvalidInput(
                "agreement", "The Business Associate Agreement is not in place yet.", "Give a day up to today."
            )

    def add(self, actor: Actor, new: NewKey, acceptance: Acceptance) -> KeyChange:
        """Add a key after its agreement was accepted.

        Raises:
            InvalidInput: The key or the developer's name cannot be used; the fields are `key` and `developer`.
        """
        self._authority.require_change()
        if not new.developer.strip():
            raise InvalidInput("developer", "Please enter the developer's name.")
        text = checked_key(new.key.reveal())
        identity = fingerprint(text)
        with before_the_change():
            self._refuse_known(identity)
        masked = audit_mask(mask(text), identity)
        entry = f"New API key {masked} ({new.developer}) added by {actor.user_name}"
        outside = self._authority.reaches_outside
        with self._practice.change(actor, Permission.SETUP, entry, reaches_outside=outside) as change:
            self._authority.assign(change, new, acceptance, self._practice.now(change.session))
        key = self._find_changed(identity)
        return KeyChange(key, f"Added and enabled: {key.label}.", (self._authority.info.explanation,))

    def set_status(self, actor: Actor, key: ApiKey, status: KeyStatus, *, undoing: int = 0) -> KeyChange:
        """Disable or enable a key by the rules of Open Dental.

        Args:
            actor: Who does it.
            key: The key as it was shown.
            status: What it shall be.
            undoing: The number of the audit entry that this undoes; 0 for none.

        Raises:
            NotOursToChange: The office may not set this status on this key.
            ChangedMeanwhile: The key has another status than the one shown.
        """
        self._authority.require_change()
        if key.status.office_may_change_to is not status:
            raise NotOursToChange(_why_not(key))
        change_words = worded_status_change(key, key.status.label, status.label)
        entry = f"{change_words}{actor.user_name}{worded_undoing(undoing)}"
        outside = self._authority.reaches_outside
        with (
            self._explaining(key),
            self._practice.change(actor, Permission.SETUP, entry, reaches_outside=outside) as change,
        ):
            self._authority.set_status(change, key, status, self._practice.now(change.session))
        changed = self._find_changed(key.fingerprint)
        return KeyChange(
            changed,
            f"{changed.label} is now {changed.status.label} in the {self._authority.info.label}.",
            self._consequences(changed),
        )

    def why_status_stays(self, key: ApiKey) -> str:
        """Why the office can neither enable nor disable a key; blank where it can."""
        if not self._authority.info.may_change:
            return self._authority.info.refusal
        return "" if key.status.office_may_change_to is not None else _why_not(key)

    def edit(self, actor: Actor, key: ApiKey, fields: KeyFields) -> KeyChange:
        """Change contact, permissions and agreement; each changed field has an audit row of its own.

        Raises:
            ChangedMeanwhile: The fields are not those shown any more.
            NotOursToChange: The authority keeps no such fields for this key.
        """
        self._authority.require_change()
        if not key.known:
            raise NotOursToChange(_why_not(key))
        self.check_fields(fields)
        changes = worded_changes(key.fields, fields)
        if not changes:
            return KeyChange(key, "Nothing was changed.")
        entries = (f"API key {key.audit_label} {change} by {actor.user_name}" for change in changes)
        outside = self._authority.reaches_outside
        with (
            self._explaining(key),
            self._practice.change(actor, Permission.SETUP, *entries, reaches_outside=outside) as change,
        ):
            self._authority.set_fields(change, key, fields)
        return KeyChange(self._find_changed(key.fingerprint), f"Saved: {'; '.join(changes)}.")

    def show(self, actor: Actor, key: ApiKey) -> Secret:
        """The key in full, after that it is shown was logged."""
        masked = audit_mask(key.masked, key.fingerprint)
        return self._revealed(actor, key, f"API key {masked} shown in full to {actor.user_name}")

    def copy(self, actor: Actor, key: ApiKey) -> Secret:
        """The key for the terminal's clipboard, after that it is sent was logged."""
        masked = audit_mask(key.masked, key.fingerprint)
        return self._revealed(actor, key, f"API key {masked} sent to the terminal's clipboard by {actor.user_name}")

    def history(self, key: ApiKey) -> tuple[AuditEntry, ...]:
        """The key's own audit entries, newest first."""
        text = self._authority.clear_text(key.fingerprint)
        return self._audit.of_key(key.fingerprint, text.reveal() if text else "")

    def _revealed(self, actor: Actor, key: ApiKey, entry: str) -> Secret:
        text = self._authority.clear_text(key.fingerprint)
        if text is None:
            raise NotOursToChange("This key is gone from the list.", "Read the list again.")
        with self._practice.change(actor, Permission.SETUP, entry):
            pass
        return text

    @contextmanager
    def _explaining(self, key: ApiKey) -> Iterator[None]:
        """Tell who changed what a change found to be another by now."""
        try:
            yield
        except ChangedMeanwhile as error:
            raise self._audit.explained(error.conflicts, fingerprint_tag(key.fingerprint)) from error

    def _refuse_known(self, identity: str) -> None:
        for known in self._authority.all_keys():
            if known.fingerprint == identity:
                raise InvalidInput(
                    "key",
                    f"This key is in the list already: {known.developer}, {known.status.label}.",
                    "Open it in the list to enable or disable it.",
                )

    def _find_changed(self, identity: str) -> ApiKey:
        """Read a key after its change, which stands whatever becomes of the reading."""
        try:
            return self._find(identity)
        except PracticeUnavailable as error:
            raise Unconfirmed(
                f"The change was made and logged, but the list could not be read after it. {error.sentence}",
                "Do not repeat the change; read the list again.",
            ) from error

    def _find(self, identity: str) -> ApiKey:
        for key in self._authority.all_keys():
            if key.fingerprint == identity:
                return key
        raise NotOursToChange("This key is gone from the list.", "Read the list again.")

    def _consequences(self, key: ApiKey) -> tuple[str, ...]:
        """What a new status means, and what it does not."""
        if key.status.enabled:
            return (f"{key.developer} may use this key again from now on.", self._authority.info.explanation)
        others = [
            other
            for other in self._authority.all_keys()
            if other.developer.casefold() == key.developer.casefold() and other.status.enabled
        ]
        return (
            "Cut off: requests with this key, wherever this registry is asked for its status.",
            _other_keys(key.developer, len(others)),
            "Not cut off: what the developer has already received, and services that remember the key for some hours.",
            self._authority.info.explanation,
        )


def worded_status_change(key: ApiKey, before: str, after: str) -> str:
    """What an audit entry says of a new status, up to the name of who set it."""
    return f"API key {key.audit_label} changed from {before} to {after} by "


def _other_keys(developer: str, count: int) -> str:
    if count == 0:
        return f"{developer} has no other enabled key here."
    keys = "one other enabled key" if count == 1 else f"{count} other enabled keys"
    return f"Not cut off: {keys} of {developer} in this list."


def _why_not(key: ApiKey) -> str:
    if not key.known:
        return "The local registry does not know this key: it stands only in the practice's copy of keys."
    if key.status is KeyStatus.DISABLED_BY_DEVELOPER:
        return f"The developer disabled this key; only {key.developer} can enable it."
    if key.status is KeyStatus.DISABLED_BY_HQ:
        return "Open Dental disabled this key; only Open Dental can enable it."
    return f"The office can do nothing with a key whose status is {key.status.label}."
