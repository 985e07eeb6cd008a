"""The interface of an authority: whoever decides about a practice's API keys."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from core.base.errors import OperationNotAllowed, OutcomeUnknown, PracticeUnavailable

if TYPE_CHECKING:
    from core.base.secret import Secret
    from core.model.actor import Actor
    from core.model.agreement import Acceptance
    from core.model.api_key import ApiKey, AuthorityInfo, KeyFields, KeyList, NewKey
    from core.model.key_events import KeyFieldChanged, KeyPermissionsChanged, KeyRemoved, KeyStatusChanged


class FetchedList(Protocol):
    """A list that a remote authority answered, and that isn't shown yet."""

    @property
    def keys(self) -> tuple[ApiKey, ...]:
        """The keys in the list, by developer. Looking at them keeps nothing."""

    def apply(self, actor: Actor) -> KeyList:
        """Cache the list, make the practice's copy equal to it, and return it with its differences.

        Args:
            actor: Who asked for the list.
        """


@dataclass(frozen=True)
class AuthorityChange:
    """The result of a change."""

    keys: KeyList
    """The keys after the change."""
    remarks: tuple[str, ...] = ()
    """Remarks for the admin, one sentence each."""


class KeyAuthority(ABC):
    """Lists keys, adds them and sets their status; each change is one unit of work."""

    is_remote = False
    """True if the authority answers over a network, so that a list may be old."""

    @property
    @abstractmethod
    def info(self) -> AuthorityInfo:
        """The authority and its present state."""

    @abstractmethod
    def all_keys(self) -> KeyList:
        """Return all keys that are known now, by developer, without asking anybody over a network."""

    @abstractmethod
    def clear_text(self, fingerprint: str) -> Secret | None:
        """Return a key in clear text, or None if it's gone."""

    @abstractmethod
    def clear_texts(self) -> tuple[str, ...]:
        """Return all keys in clear text, to mask them wherever a text names them."""

    def fetch(self) -> FetchedList | None:
        """Ask a remote authority for a new list and write nothing; None if there is nothing new to apply.

        Raises:
            HeadquartersError: No list came; `info` says so from now on.
        """
        return None

    def require_change(self) -> None:
        """Refuse if this authority accepts no changes from here now.

        Raises:
            OperationNotAllowed: With the reason.
        """
        info = self.info
        if not info.may_change:
            raise OperationNotAllowed(info.refusal)

    def require_assignable(self) -> None:  # noqa: B027 - nothing to refuse, unless the list is kept here
        """Refuse if a new key can't be kept, before the license agreement is accepted for it.

        Raises:
            EncryptionKeyUnavailable: Its text can't be encrypted.
        """

    @abstractmethod
    def assign(self, actor: Actor, new: NewKey, acceptance: Acceptance) -> AuthorityChange:
        """Add a key, enabled."""

    @abstractmethod
    def set_status(self, actor: Actor, key: ApiKey, event: KeyStatusChanged) -> AuthorityChange:
        """Set the status of a key, if it still has the status it was shown with.

        Args:
            actor: Who makes the change.
            key: The key as it was shown.
            event: The change.

        Raises:
            EditConflict: The key has another status by now.
        """

    @abstractmethod
    def set_fields(
        self,
        actor: Actor,
        key: ApiKey,
        fields: KeyFields,
        events: tuple[KeyFieldChanged | KeyPermissionsChanged, ...],
    ) -> AuthorityChange:
        """Set the fields that are kept here, if they still are what was shown.

        Args:
            actor: Who makes the change.
            key: The key as it was shown.
            fields: The new fields.
            events: The changes, one for each field.

        Raises:
            EditConflict: A field has another value by now.
            OperationNotAllowed: A changed field is kept elsewhere.
        """

    can_remove = False
    """True if a key can be removed from the authority's list from here."""

    def remove(self, actor: Actor, key: ApiKey, event: KeyRemoved) -> AuthorityChange:  # noqa: ARG002 - for authorities that keep a list here
        """Remove a key from the list and from the practice's copy, if it still is what was shown.

        Args:
            actor: Who makes the change.
            key: The key as it was shown.
            event: The change.

        Raises:
            EditConflict: The key has another status or other fields by now, or is gone.
            OperationNotAllowed: Keys can't be removed from this authority's list.
        """
        raise OperationNotAllowed("Headquarters manages this key. It can't be removed here.", "Disable it instead.")

    @property
    def can_adopt(self) -> bool:
        """True if a key that only the practice's copy has can be taken into the authority's list from here."""
        return False

    def reconcile_copy(self, actor: Actor) -> AuthorityChange:  # noqa: ARG002 - for authorities that keep a list here
        """Make the practice's copy equal to this authority's list, as a change of its own.

        Raises:
            OperationNotAllowed: The copy follows the authority's list without being asked.
        """
        raise OperationNotAllowed(
            "The practice's copy of keys follows headquarters' list.", "Reload the list to update the copy."
        )

    @abstractmethod
    def consequences(self, key: ApiKey) -> tuple[str, ...]:
        """Return what the status that a key was just given means and what it doesn't, one sentence each."""


@contextmanager
def read_after_change() -> Iterator[None]:
    """Read the list after a change, which stands whatever becomes of the reading.

    Raises:
        OutcomeUnknown: The list can't be read; the change must not be repeated.
    """
    try:
        yield
    except PracticeUnavailable as error:
        raise OutcomeUnknown(
            f"The change was made and logged, but the list could not be reloaded. {error.sentence}",
            "Don't repeat the change. Reload the list.",
        ) from error
