"""The service for customer API keys: list, add, edit, enable, disable, and show in full.

Listing is part of every start, so what only a change needs is imported when one is made.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from core.base.errors import (
    EditConflict,
    EncryptionKeyUnavailable,
    InvalidInput,
    OperationNotAllowed,
    OutcomeUnknown,
)
from core.keys.consequences import other_keys
from core.keys.refusals import change_refusal, status_refusal
from core.model.api_key import (
    ApiKey,
    AuthorityInfo,
    KeyChange,
    KeyFields,
    KeyList,
    NewKey,
    format_field_changes,
)
from core.model.key_text import fingerprint, fingerprint_tag, validate_key
from core.opendental.key_status import KeyStatus
from core.practice.practice import Practice, unchanged_on_error

if TYPE_CHECKING:
    from core.audit.service import AuditService
    from core.base.secret import Secret
    from core.keys.authority import FetchedList, KeyAuthority
    from core.model.actor import Actor
    from core.model.agreement import Acceptance
    from core.model.audit_entry import AuditEntry
    from core.model.key_events import KeyCopied, KeyShown

_NO_ENTRIES: Mapping[str, int] = {}


class KeyService:
    """Lists, adds, edits, enables, disables and shows customer API keys."""

    def __init__(self, practice: Practice, authority: KeyAuthority, audit: AuditService) -> None:
        self._practice = practice
        self._authority = authority
        self._audit = audit
        self._adopted: set[str] = set()

    @property
    def authority(self) -> AuthorityInfo:
        """The authority that decides about the keys."""
        return self._authority.info

    def list(self) -> KeyList:
        """Return all keys that are known now."""
        return self._authority.all_keys()

    @property
    def is_remote(self) -> bool:
        """True if the authority answers over a network, so that the list may be old."""
        return self._authority.is_remote

    def fetch(self) -> FetchedList | None:
        """Ask a remote authority for a new list and write nothing; None if there is nothing new to apply.

        Raises:
            HeadquartersError: No list came; what is listed says so from now on.
        """
        return self._authority.fetch()

    def apply_list(self, actor: Actor, fetched: FetchedList) -> KeyList:
        """Cache a new list, make the practice's copy equal to it, and return it with its differences."""
        return fetched.apply(actor)

    def check_new(self, text: str) -> Secret:
        """Return the customer key in a text that was pasted or typed, if it may be added.

        Raises:
            InvalidInput: The text has no key in it, or one that is in the list already; the field is `key`.
            OperationNotAllowed: Keys can't be added from here.
        """
        from core.keys.pasted_key import find_key

        self._authority.require_change()
        key = find_key(text).key
        self._refuse_known(fingerprint(key.reveal()))
        return key

    def require_addable(self, new: NewKey) -> None:
        """Check that a key isn't in the list, apart from the practice's copy.

        Raises:
            InvalidInput: It is; the field is `key`.
            EncryptionKeyUnavailable: Its text couldn't be kept.
        """
        self._refuse_known(fingerprint(validate_key(new.key.reveal())))
        self._authority.require_assignable()

    def check_details(self, new: NewKey) -> None:
        """Check everything about a new key but the key itself.

        Raises:
            InvalidInput: A value can't be used; the field is `developer`, `email`, `phone` or `agreement`.
        """
        from core.keys.pasted_key import refuse_keys_in

        self._require_developer(new)
        refuse_keys_in(_texts(new), new.key.reveal())
        self.check_fields(new.fields)

    def check_fields(self, fields: KeyFields) -> None:
        """Check the fields of a key.

        Raises:
            InvalidInput: The agreement comes into force in the future, or a text has an API key in it; the field is
                `agreement`, `email` or `phone`.
        """
        from core.keys.pasted_key import refuse_keys_in

        refuse_keys_in({"email": fields.email, "phone": fields.phone})
        with unchanged_on_error(), self._practice.read() as connection:
            today = self._practice.now(connection).date()
        if fields.agreement_since is not None and fields.agreement_since > today:
            raise InvalidInput(
                "agreement",
                "The date of the Business Associate Agreement is in the future.",
                "Enter a date up to today.",
            )

    def add(self, actor: Actor, new: NewKey, acceptance: Acceptance) -> KeyChange:
        """Add a key, after the license agreement was accepted.

        Raises:
            InvalidInput: The key or the developer's name can't be used; the fields are `key` and `developer`.
        """
        from core.keys.pasted_key import refuse_keys_in

        self._authority.require_change()
        self._require_developer(new)
        refuse_keys_in(_texts(new), new.key.reveal())
        text = validate_key(new.key.reveal())
        identity = fingerprint(text)
        with unchanged_on_error():
            is_copied = self._refuse_known(identity)
        done = self._authority.assign(actor, new, acceptance)
        if is_copied:
            self._adopted.add(identity)
        key = _find(done.keys, identity)
        if key is None:
            remarks = " ".join(done.remarks)
            raise OutcomeUnknown(
                f"The key was added and logged, but the list could not be reloaded. {remarks}",
                "Don't add it again. Reload the list.",
            )
        unknown = key.status is KeyStatus.UNKNOWN and not done.keys.authority.may_change
        how = "enabled" if key.status is KeyStatus.ENABLED or unknown else f"now {key.status.label}"
        return KeyChange(key, f"Added and {how}: {key.label}.", done.remarks)

    def can_adopt(self, key: ApiKey) -> bool:
        """Return True if the key is only in the practice's copy and the authority can take it into its list."""
        return self._authority.can_adopt and not key.known and not key.gone

    def was_adopted(self, key: ApiKey) -> bool:
        """Return True if a key was added from the practice's copy since the office was opened."""
        return key.fingerprint in self._adopted

    def to_adopt(self, key: ApiKey, developer: str) -> NewKey:
        """Return a key that only the practice's copy has, to be added to the authority's list.

        Args:
            key: The key as it was shown.
            developer: The developer's name, if the copy has none.

        Raises:
            OperationNotAllowed: It is in the list already, or gone.
        """
        self._authority.require_change()
        text, present = self._authority.clear_text(key.fingerprint), _find(self.list(), key.fingerprint)
        if text is None or present is None or not self.can_adopt(present):
            raise OperationNotAllowed("This key can't be adopted: it is already in the list, or no longer in the copy.")
        return NewKey(text, developer)

    def reconcile_copy(self, actor: Actor) -> KeyList:
        """Make the practice's copy equal to the list, with an entry of its own, and return the list."""
        self._authority.require_change()
        return self._authority.reconcile_copy(actor).keys

    def set_status(
        self, actor: Actor, key: ApiKey, status: KeyStatus, *, undoing: int = 0, receipt: str = ""
    ) -> KeyChange:
        """Disable or enable a key, by Open Dental's rules.

        Args:
            actor: Who does it.
            key: The key as it was shown.
            status: The new status.
            undoing: The number of the audit entry that this undoes; 0 for none.
            receipt: The number of the receipt that lists this change; empty for none.

        Raises:
            OperationNotAllowed: The key has this status already, or the office may not set it on this key.
            EditConflict: The key has another status by now.
        """
        from core.keys.rights import rights_remarks
        from core.model.event_values import KeyLabel
        from core.model.key_events import KeyStatusChanged

        self._authority.require_change()
        refusal = self._why_not_to(key, status)
        if refusal:
            raise OperationNotAllowed(refusal)
        event = KeyStatusChanged(KeyLabel.of(key), key.status, status, actor.user_name, undoing, receipt)
        with self._with_attribution(key):
            done = self._authority.set_status(actor, key, event)
        found, keys = _find(done.keys, key.fingerprint), done.keys
        # A list that could not be read after the change says nothing about it.
        changed = found if found is not None and keys.authority.may_change else replace(found or key, status=status)
        return KeyChange(
            changed,
            f"{changed.label} is now {changed.status.label} {keys.authority.where}.",
            (
                *done.remarks,
                *rights_remarks(self._audit, key, event, is_remote=self.is_remote),
                *self._consequences(changed, keys),
            ),
        )

    def status_refusal(self, key: ApiKey, status: KeyStatus | None = None) -> str:
        """Return why the office can't give a key this status; blank if it can.

        Args:
            key: The key.
            status: The status. None asks why the office can neither enable nor disable the key.
        """
        if not self._authority.info.may_change:
            return self._authority.info.refusal
        if status is not None:
            return self._why_not_to(key, status)
        return self._why_not(key) if key.gone or key.unusable or key.status.office_may_change_to is None else ""

    def removal_refusal(self, key: ApiKey) -> str:
        """Return why a key can't be removed from the list; blank if it can.

        A key that its developer or Open Dental disabled stays, since it could be added again as an enabled one.
        """
        if not self._authority.can_remove:
            return "Headquarters manages the keys. They can't be removed here. Disable the key instead."
        if key.known and not key.gone and not key.unusable and key.status.office_may_change_to is not None:
            return ""
        return self._why_not(key)

    def remove(self, actor: Actor, key: ApiKey, *, undoing: int = 0) -> KeyChange:
        """Remove a key that was added by mistake from the local registry and the practice's copy.

        Args:
            actor: Who does it.
            key: The key as it was shown.
            undoing: The number of the audit entry that this undoes; 0 for none.

        Raises:
            OperationNotAllowed: The authority doesn't let go of this key.
            EditConflict: The key has another status or other fields by now, or is gone.
        """
        from core.model.event_values import KeyLabel
        from core.model.key_events import KeyRemoved

        self._authority.require_change()
        refusal = self.removal_refusal(key)
        if refusal:
            raise OperationNotAllowed(refusal)
        event = KeyRemoved(KeyLabel.of(key), actor.user_name, key.status, undoing)
        with self._with_attribution(key):
            done = self._authority.remove(actor, key, event)
        return KeyChange(replace(key, gone=True), f"Removed: {key.label}.", done.remarks)

    def edit(
        self, actor: Actor, key: ApiKey, fields: KeyFields, *, undoing: Mapping[str, int] = _NO_ENTRIES
    ) -> KeyChange:
        """Change contact, permissions and agreement, with an audit row for each changed field.

        Args:
            actor: Who does it.
            key: The key as it was shown.
            fields: The new fields.
            undoing: The numbers of the audit entries that this undoes, by the names of their fields.

        Raises:
            EditConflict: A field has another value by now.
            OperationNotAllowed: The authority keeps no such fields for this key.
        """
        from core.keys.field_events import field_events

        self._authority.require_change()
        if not key.known or key.unusable:
            raise OperationNotAllowed(self._why_not(key))
        self.check_fields(fields)
        events = field_events(key, fields, actor.user_name, undoing)
        if not events:
            return KeyChange(key, "No changes to save.")
        with self._with_attribution(key):
            done = self._authority.set_fields(actor, key, fields, events)
        changes = "; ".join(format_field_changes(key.fields, fields))
        return KeyChange(_find(done.keys, key.fingerprint) or replace(key, fields=fields), f"Saved: {changes}.")

    def show(self, actor: Actor, key: ApiKey) -> Secret:
        """Return the key in clear text, after logging that it is shown."""
        from core.model.event_values import KeyName
        from core.model.key_events import KeyShown

        return self._reveal(actor, key, KeyShown(KeyName.of(key), actor.user_name))

    def copy(self, actor: Actor, key: ApiKey) -> Secret:
        """Return the key for the terminal's clipboard, after logging that it is sent there."""
        from core.model.event_values import KeyName
        from core.model.key_events import KeyCopied

        return self._reveal(actor, key, KeyCopied(KeyName.of(key), actor.user_name))

    def history(self, key: ApiKey) -> tuple[AuditEntry, ...]:
        """Return the audit entries that name a key, newest first."""
        text = None
        # Without the text, these are the entries that name its fingerprint, as this program's do.
        with suppress(EncryptionKeyUnavailable):
            text = self._authority.clear_text(key.fingerprint)
        return self._audit.of_key(key.fingerprint, text.reveal() if text else "")

    def _require_developer(self, new: NewKey) -> None:
        if self._authority.info.keeps_contacts and not new.developer.strip():
            raise InvalidInput("developer", "Please enter the developer's name.")

    def _why_not(self, key: ApiKey) -> str:
        return change_refusal(key, self._authority.info.unknown_key_reason)

    def _why_not_to(self, key: ApiKey, status: KeyStatus) -> str:
        return status_refusal(key, status, self._authority.info.unknown_key_reason)

    def _reveal(self, actor: Actor, key: ApiKey, event: KeyShown | KeyCopied) -> Secret:
        if key.unusable:
            raise OperationNotAllowed(self._why_not(key))
        text = self._authority.clear_text(key.fingerprint)
        if text is None:
            raise OperationNotAllowed("This key is no longer in the list.", "Reload the list.")
        with self._practice.unit_of_work(actor, event):
            pass
        return text

    @contextmanager
    def _with_attribution(self, key: ApiKey) -> Iterator[None]:
        """Add to an edit conflict who changed the value."""
        try:
            yield
        except EditConflict as error:
            raise self._audit.with_attributions(error.conflicts, fingerprint_tag(key.fingerprint)) from error

    def _refuse_known(self, identity: str) -> bool:
        """Refuse a key that is in the list; return True if only the practice's copy has it."""
        known = _find(self.list(), identity)
        if known is None or known.gone:
            return False
        if not self.can_adopt(known):
            raise InvalidInput(
                "key",
                f"This key is already in the list: {known.developer}, {known.status.label}.",
                "Open it in the list to enable or disable it.",
            )
        return True

    def _consequences(self, key: ApiKey, keys: KeyList) -> tuple[str, ...]:
        """Return what a new status means and what it doesn't, one sentence each."""
        first, *others = self._authority.consequences(key)
        if key.status.enabled or not keys.authority.may_change:
            return (first, *others)
        enabled = [
            other
            for other in keys.keys
            if other.developer.casefold() == key.developer.casefold() and other.status.enabled
        ]
        return (first, other_keys(key.developer, len(enabled)), *others)


def _find(keys: KeyList, identity: str) -> ApiKey | None:
    return next((key for key in keys.keys if key.fingerprint == identity), None)


def _texts(new: NewKey) -> dict[str, str]:
    return {"developer": new.developer, "email": new.fields.email, "phone": new.fields.phone}
