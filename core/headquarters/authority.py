"""Open Dental's headquarters as the authority over a practice's keys."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from core.base.errors import ApiSetupError, Conflict, EditConflict, OperationNotAllowed, OutcomeUnknown
from core.base.secret import Secret
from core.companion.store import Companion
from core.headquarters.cache import HeadquartersCache, LocalKeyData, listed
from core.headquarters.client import HeadquartersClient
from core.headquarters.listing import KeyListing
from core.headquarters.remote_change import RemoteChange, Reply, open_remote_change, remarks_on
from core.headquarters.requests import redact_secrets
from core.headquarters.responses import HeadquartersKey, HeadquartersList
from core.keys.authority import AuthorityChange, KeyAuthority, read_after_change
from core.model.actor import Actor
from core.model.agreement import Acceptance
from core.model.api_key import ApiKey, AuthorityInfo, KeyFields, KeyList, NewKey
from core.model.event_values import KeyGrant, KeyLabel
from core.model.key_events import KeyAdded, KeyFieldChanged, KeyPermissionsChanged, KeyStatusChanged
from core.model.key_text import fingerprint, mask
from core.practice.practice import Practice
from core.practice.unit_of_work import WriteMode

_logger = logging.getLogger(__name__)

_SIX_HOURS = "An API service at the practice may accept a disabled key for up to six hours."
_BILLED = "Open Dental bills an enabled key whether it is used or not."


class Headquarters(KeyAuthority):
    """Shows headquarters' last list with its age, and has keys added, disabled and enabled there.

    Args:
        practice: The open practice.
        companion: Keeps the last list, and what only this office knows of its keys.
        computer: The computer that asks.
        address: Where headquarters is, instead of the address in the practice's preferences.
    """

    is_remote = True

    def __init__(self, practice: Practice, companion: Companion, computer: str, address: str = "") -> None:
        self._practice = practice
        self._cache = HeadquartersCache(companion)
        self._listing = KeyListing(practice, self._cache, computer, address)

    @property
    def info(self) -> AuthorityInfo:
        """The authority, with the age of the list that was shown last."""
        return self._listing.info

    def all_keys(self) -> KeyList:
        """Return the last list, or the practice's copy without statuses if headquarters did not answer since."""
        return self._listing.keys()

    def clear_text(self, fingerprint_: str) -> Secret | None:
        """Return a key as headquarters told it since the start, or as the practice's copy holds it."""
        return next((Secret(key) for key in self.clear_texts() if fingerprint(key) == fingerprint_), None)

    def clear_texts(self) -> tuple[str, ...]:
        """Return the keys of the practice's copy and of the last answer in clear text."""
        return self._listing.clear_texts()

    def fetch(self) -> FetchedHeadquartersList | None:
        """Ask headquarters for its list; None if a newer answer came meanwhile.

        Raises:
            HeadquartersError: No list came.
        """
        fetched = self._listing.fetch()
        return FetchedHeadquartersList(self._listing, fetched) if fetched is not None else None

    def assign(self, actor: Actor, new: NewKey, acceptance: Acceptance) -> AuthorityChange:
        """Have headquarters assign a key.

        Raises:
            HeadquartersError: The key was not assigned.
            OutcomeUnknown: Nobody knows if it was.
        """
        account, text = self._listing.account(), new.key.reveal()
        client, identity = HeadquartersClient(account.address), fingerprint(text)
        grant = KeyGrant(None, new.fields.agreement_since)
        event = KeyAdded(KeyLabel.of_text(text, developer=""), actor.user_name, grant)
        with open_remote_change(self._practice, actor, event) as change:
            reply = self._send(change, lambda: client.assign(account.credentials, new.key))
            after = self._listing.fetch_after_change(account, retry=reply.lost is not None)
            found = _find(after, identity)
            is_listed = found is not None if after is not None else None
            done = _completed(event, found) if found is not None else event
            failure = change.conclude(reply, done, is_listed=is_listed)
        self._apply_after_change(actor, after, identity, failure)
        with _unkept_after_change("The key was added, but this office's own information about it could not be saved."):
            self._cache.record_added(
                identity, LocalKeyData(self._listing.now(), new.fields.agreement_since, acceptance.number)
            )
        with read_after_change():
            keys = self.all_keys()
            message = redact_secrets(reply.message, {key: mask(key) for key in self.clear_texts()})
        said = (f"Headquarters says: {message}",) if message else ()
        return AuthorityChange(keys, (*said, *remarks_on(reply, is_listed=is_listed), _BILLED))

    def set_status(self, actor: Actor, key: ApiKey, event: KeyStatusChanged) -> AuthorityChange:
        """Have headquarters set the status of a key, if it still is the one that was shown.

        Raises:
            EditConflict: The key has another status there.
            HeadquartersError: The status was not set.
            OutcomeUnknown: Nobody knows if it was.
        """
        account = self._listing.account()
        client, before = HeadquartersClient(account.address), self._listing.fetch_for_change(account)
        held = _find(before, key.fingerprint)
        if held is None or held.status is not key.status:
            self._listing.apply(actor, before)
            label = held.status.label if held is not None else "gone"
            raise EditConflict((Conflict("Key Status", key.status.label, label, event.after.label),))
        with open_remote_change(self._practice, actor, event) as change:
            reply = self._send(change, lambda: client.set_status(account.credentials, held.key, event.after))
            after = self._listing.fetch_after_change(account, retry=reply.lost is not None)
            found = _find(after, key.fingerprint)
            is_listed = (found is not None and found.status is event.after) if after is not None else None
            failure = change.conclude(reply, event, is_listed=is_listed)
        applied = self._apply_after_change(actor, after, key.fingerprint, failure)
        if applied is None:
            with read_after_change():
                applied = self.all_keys()
        return AuthorityChange(applied, remarks_on(reply, is_listed=is_listed))

    def set_fields(
        self,
        actor: Actor,
        key: ApiKey,
        fields: KeyFields,
        events: tuple[KeyFieldChanged | KeyPermissionsChanged, ...],
    ) -> AuthorityChange:
        """Set the agreement, the one field that is kept here."""
        before = key.fields.agreement_since
        if replace(fields, agreement_since=before) != key.fields:
            raise OperationNotAllowed(
                "Headquarters manages a key's contact and permissions. Only the agreement can be changed here.",
                "The developer and Open Dental can change the others.",
            )
        with self._practice.unit_of_work(actor, *events, mode=WriteMode.SPANS_DATABASES) as work:
            self._cache.set_agreement(key, fields.agreement_since)
            work.add_compensation(lambda _connection: self._cache.set_agreement(replace(key, fields=fields), before))
        with read_after_change():
            return AuthorityChange(self.all_keys())

    def consequences(self, key: ApiKey) -> tuple[str, ...]:
        """Return what a status at headquarters means at the practice, and when."""
        if key.status.enabled:
            return (f"{key.developer} may use this key again from now on.", _BILLED)
        return (
            "Cut off: requests with a disabled key, as soon as the service that answers them asks headquarters.",
            f"Not cut off yet: {_SIX_HOURS[0].lower()}{_SIX_HOURS[1:]} To cut it off at once, stop that service.",
            "Not cut off: what the developer has already received.",
        )

    def _send(self, change: RemoteChange, request: Callable[[], str | None]) -> Reply:
        """Ask for a change, and drop answers that were asked for before it and come later: they may not show it."""
        try:
            return change.send(request)
        finally:
            self._listing.drop_older_answers()

    def _apply_after_change(
        self, actor: Actor, after: HeadquartersList | None, identity: str, failure: ApiSetupError | None
    ) -> KeyList | None:
        """Apply the list that was read after a change; then report why the change was not made, if it was not."""
        applied = None
        try:
            if after is not None:
                applied = self._listing.apply(actor, after, identity)
        except ApiSetupError as error:
            _logger.warning("The list after a change could not be kept: %s", error)
            if failure is None:
                raise OutcomeUnknown(
                    "Headquarters made the change, and it is logged, but the new list could not be saved here."
                    f" {error.sentence}",
                    "Don't repeat the change. Reload the list.",
                ) from error
        if failure is not None:
            raise failure
        return applied


@dataclass(frozen=True)
class FetchedHeadquartersList:
    """A list that headquarters answered, and that isn't shown yet."""

    listing: KeyListing
    answer: HeadquartersList

    @property
    def keys(self) -> tuple[ApiKey, ...]:
        """The keys in the list, by developer. Looking at them keeps nothing."""
        return listed(self.answer.keys)

    def apply(self, actor: Actor) -> KeyList:
        """Cache the list, make the practice's copy equal to it, and return it with its differences."""
        return self.listing.apply(actor, self.answer)


def _completed(event: KeyAdded, found: HeadquartersKey) -> KeyAdded:
    """Return the event with what only headquarters' list tells of the new key."""
    since = event.grant.agreement_since if event.grant is not None else None
    label = KeyLabel.of_text(found.key.reveal(), found.developer)
    return replace(event, key=label, grant=KeyGrant(found.permissions, since))


def _find(fetched: HeadquartersList | None, identity: str) -> HeadquartersKey | None:
    keys = fetched.keys if fetched is not None else ()
    return next((each for each in keys if fingerprint(each.key.reveal()) == identity), None)


@contextmanager
def _unkept_after_change(sentence: str) -> Iterator[None]:
    """Say of something that follows a change and fails that the change was made all the same."""
    try:
        yield
    except ApiSetupError as error:
        raise OutcomeUnknown(f"{sentence} {error.sentence}", "Don't repeat the change. Reload the list.") from error
