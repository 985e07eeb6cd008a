"""Open Dental's headquarters as the authority over the keys of a practice; everything here is a copy of its list."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import count

from core.base.errors import (
    ApiSetupError,
    Conflict,
    EditConflict,
    HeadquartersError,
    HeadquartersRefused,
    NotPermitted,
    OperationNotAllowed,
    OutcomeUnknown,
    PracticeUnavailable,
)
from core.base.secret import Secret
from core.companion.store import Companion
from core.headquarters import messages as words
from core.headquarters.account import Account, read_account
from core.headquarters.cache import CachedList, HeadquartersCache, LocalKeyData, listed
from core.headquarters.client import HeadquartersClient
from core.headquarters.list_diff import NO_DIFFERENCES, Differences, differences
from core.headquarters.remote_change import RemoteChange, RemoteChangeLog, RemoteOutcome, execute
from core.headquarters.requests import redact_secrets
from core.headquarters.responses import HeadquartersKey, HeadquartersList
from core.keys.authority import KeyAuthority
from core.keys.practice_copy import copied_key, copied_keys, has_copy, replace_copy
from core.model.actor import Actor
from core.model.agreement import Acceptance
from core.model.api_key import ApiKey, AuthorityInfo, KeyFields, KeyList, NewKey, fingerprint, mask, masks
from core.model.key_wording import worded_new_key
from core.opendental.key_status import KeyStatus
from core.opendental.log_hash import NO_DATE
from core.opendental.permission_types import Permission
from core.practice.practice import Practice

_logger = logging.getLogger(__name__)

_SIX_HOURS = "An API service at the practice may accept a disabled key for up to six hours."
_BILLED = "Open Dental bills an enabled key whether it is used or not."


class Headquarters(KeyAuthority):
    """Shows headquarters' last list with its age, asks for a new one, and has keys added, disabled and enabled there.

    Args:
        practice: The open practice.
        companion: Remembers the last list.
        computer: Which computer asks.
        address: Where headquarters is, instead of the practice's own preference.
    """

    is_remote = True

    def __init__(
        self,
        practice: Practice,
        companion: Companion,
        computer: str,
        address: str = "",
    ) -> None:
        self._practice = practice
        self._memory = HeadquartersCache(companion)
        self._computer = computer
        self._address = address
        # Replaced as wholes, since several threads read them.
        self._state = _State()
        self._questions = count(1)
        self._newest_answer = 0
        self._log = RemoteChangeLog(practice)
        self._latest_moment = NO_DATE
        self._info = self._worded_info(self._state, self._memory.read())

    # -- what is shown ---------------------------------------------------------

    @property
    def info(self) -> AuthorityInfo:
        """Who decides, and how old that is what was listed last."""
        return self._info

    def all_keys(self) -> KeyList:
        """The last list; when headquarters could not be reached since, the practice's copy without statuses."""
        state, remembered = self._state, self._last()
        self._info = self._worded_info(state, remembered)
        if state.failure is not None or remembered is None:
            return KeyList(self._copied(remembered), self._info)
        keys = tuple(sorted((*remembered.keys, *state.differences.gone), key=_by_developer))
        return KeyList(keys, self._info, state.differences.words, state.notes)

    def clear_text(self, fingerprint_: str) -> Secret | None:
        """The key as headquarters told it since the start, or as the practice's copy holds it."""
        for key in self.clear_texts():
            if fingerprint(key) == fingerprint_:
                return Secret(key)
        return None

    def clear_texts(self) -> tuple[str, ...]:
        """The keys as the copy holds them, and as headquarters told them since the start."""
        told = (each.reveal() for each in self._state.texts.values())
        return tuple(dict.fromkeys((*copied_keys(self._practice), *told)))

    def _copied(self, remembered: CachedList | None) -> tuple[ApiKey, ...]:
        """The practice's copy with what was last known of each key; every status is unknown."""
        known = {key.fingerprint: _unknown(key, remembered.asked_at) for key in remembered.keys} if remembered else {}
        if not has_copy(self._practice):
            return tuple(sorted(known.values(), key=_by_developer))
        copied = copied_keys(self._practice)
        masked = masks(copied)
        keys = (
            replace(known[identity], masked=masked[identity])
            if (identity := fingerprint(text)) in known
            else copied_key(text, developer, masked[identity])
            for text, developer in copied.items()
        )
        return tuple(sorted(keys, key=_by_developer))

    # -- asking ------------------------------------------------------------------

    def fetch(self) -> HeadquartersList | None:
        """Ask headquarters for its list; None where a newer answer came meanwhile.

        Raises:
            HeadquartersError: No list came.
        """
        question = next(self._questions)
        try:
            return self._fetch(self._account(), question)
        except HeadquartersError:
            if question < self._newest_answer:
                return None
            raise

    def apply_list(self, actor: Actor, fetched: HeadquartersList) -> None:
        """Remember headquarters' list, and make the practice's copy equal to it, where that can be written.

        A list that is older than what is known already, from here or from another program, is dropped.
        """
        self._apply_list(actor, fetched)

    def _apply_list(self, actor: Actor, fetched: HeadquartersList, own: str = "") -> None:
        """Take over a list.

        Args:
            actor: Who asked.
            fetched: The list.
            own: The key that was changed from here, by its fingerprint, if one was; the others show as they did.
        """
        before, keys = self._last(), listed(fetched.keys)
        if fetched.question < self._newest_answer or (before is not None and before.asked_at > fetched.asked_at):
            return
        self._newest_answer = fetched.question
        different = differences(before.keys, keys) if before else NO_DIFFERENCES
        if own or self._state.failure is not None:
            different = different.after(self._state.differences, own)
        unkept, notes = None, fetched.notes
        try:
            self._memory.keep(keys, fetched.asked_at)
        except (PracticeUnavailable, NotPermitted) as error:
            unkept = CachedList(fetched.asked_at, keys)
            notes = (*notes, f"This list could not be kept for the next start. {error.sentence}")
        texts = {fingerprint(each.key.reveal()): each.key for each in fetched.keys}
        self._state = _State(answered=True, texts=texts, differences=different, notes=notes, unkept=unkept)
        if not self._practice.read_only:
            self._renew_copy(actor, fetched)

    def _renew_copy(self, actor: Actor, fetched: HeadquartersList) -> None:
        """Make the practice's copy equal to a list, and write what is owed; a list is shown though that fails."""
        try:
            self._log.flush()
            replace_copy(self._practice, actor, {each.key.reveal(): each.developer for each in fetched.keys})
        except (PracticeUnavailable, NotPermitted) as error:
            _logger.warning("The practice's copy of the keys could not be renewed: %s", error)
            note = f"The practice's copy of the keys could not be made equal to it. {error.sentence}"
            self._state = replace(self._state, notes=(*self._state.notes, note))

    def _last(self) -> CachedList | None:
        """The last list; None where headquarters never answered here."""
        unkept = self._state.unkept
        return replace(unkept, keys=self._memory.completed(unkept.keys)) if unkept else self._memory.read()

    def _account(self) -> Account:
        return read_account(self._practice, self._computer, self._address)

    def _fetch(self, account: Account, question: int, *, retry: bool = True) -> HeadquartersList:
        asked_at = self._asked_at()
        try:
            answer = HeadquartersClient(account.address).list(account.credentials, retry=retry)
        except HeadquartersError as error:
            failure = self._without_keys(error)
            if question > self._newest_answer:
                self._state = replace(self._state, answered=False, failure=failure)
            raise failure from error
        return replace(answer, question=question, asked_at=asked_at)

    def _without_keys(self, error: HeadquartersError) -> HeadquartersError:
        """A refusal without the keys that its words may name: it goes to the screen and into the log."""
        if isinstance(error, HeadquartersRefused):
            with suppress(PracticeUnavailable):
                return HeadquartersRefused(redact_secrets(error.words, {key: mask(key) for key in self.clear_texts()}))
        return error

    def _asked_at(self) -> datetime:
        """The practice's time; the last one that it told, where it cannot be asked just now."""
        try:
            return self._now()
        except PracticeUnavailable:
            return self._latest_moment

    # -- changing ----------------------------------------------------------------

    def assign(self, actor: Actor, new: NewKey, acceptance: Acceptance) -> tuple[str, ...]:
        """Have headquarters assign a key.

        Raises:
            HeadquartersError: It was not assigned, and why.
            OutcomeUnknown: Nobody knows whether it was.
        """
        account, text = self._account(), new.key.reveal()
        line, identity = HeadquartersClient(account.address), fingerprint(text)
        change = RemoteChange(
            entry=lambda after: worded_new_key(text, _developer(after, identity), actor.user_name),
            ask=lambda: line.assign(account.credentials, new.key),
            shown_in=lambda after: _found(after, identity) is not None,
        )
        outcome = self._execute(actor, change, account, identity)
        with _unkept_after_change("The key was added, but what only this office knows of it could not be kept."):
            facts = LocalKeyData(self._now(), new.fields.agreement_since, acceptance.number)
            self._memory.record_added(identity, facts)
        said = (f"Headquarters says: {outcome.message}",) if outcome.message else ()
        return (*said, *outcome.remarks, _BILLED)

    def set_status(self, actor: Actor, key: ApiKey, status: KeyStatus, entry: str) -> tuple[str, ...]:
        """Have headquarters set the status of a key, after looking that it still is the one that was shown.

        Raises:
            EditConflict: It is another there.
            HeadquartersError: It was not set, and why.
            OutcomeUnknown: Nobody knows whether it was.
        """
        account = self._account()
        # Once: nothing was asked for yet, and somebody waits.
        line, now = HeadquartersClient(account.address), self._fetch(account, next(self._questions), retry=False)
        there = _found(now, key.fingerprint)
        if there is None or there.status is not key.status:
            self.apply_list(actor, now)
            label = there.status.label if there is not None else "gone"
            raise EditConflict((Conflict("Key Status", key.status.label, label, status.label),))

        def ask() -> str:
            line.set_status(account.credentials, there.key, status)
            return ""

        change = RemoteChange(
            entry=lambda _after: entry, ask=ask, shown_in=lambda after: _status(after, key.fingerprint) is status
        )
        return self._execute(actor, change, account, key.fingerprint).remarks

    def set_fields(self, actor: Actor, key: ApiKey, fields: KeyFields, entries: tuple[str, ...]) -> None:
        """Set the agreement, the one field that is kept here."""
        if replace(fields, agreement_since=key.fields.agreement_since) != key.fields:
            raise OperationNotAllowed(
                "Contact and permissions of a key are kept by headquarters; only the agreement can be changed here.",
                "The developer and Open Dental can change the others.",
            )
        with self._practice.change(actor, Permission.SETUP, *entries, spans_databases=True) as change:
            self._memory.set_agreement(key, fields.agreement_since)
            before = key.fields.agreement_since
            change.add_compensation(lambda _session: self._memory.set_agreement(replace(key, fields=fields), before))

    def consequences(self, key: ApiKey) -> tuple[str, ...]:
        """What headquarters' word about a key means at the practice, and when."""
        if key.status.enabled:
            return (f"{key.developer} may use this key again from now on.", _BILLED)
        return (
            "Cut off: requests with this key, as soon as whoever answers them asks headquarters.",
            f"Not cut off yet: {_SIX_HOURS[0].lower()}{_SIX_HOURS[1:]} To cut it off at once, stop that service.",
            "Not cut off: what the developer has already received.",
        )

    def _execute(self, actor: Actor, change: RemoteChange, account: Account, identity: str) -> RemoteOutcome:
        def fetch(retry: bool) -> HeadquartersList:
            return self._fetch(account, next(self._questions), retry=retry)

        try:
            outcome = execute(self._log, actor, change, fetch)
        finally:
            # Lists that were asked for before, and come later, know nothing of this.
            self._newest_answer = next(self._questions)
        if outcome.after is not None:
            self._keep_after(actor, replace(outcome.after, question=self._newest_answer), identity, outcome)
        if outcome.failure is not None:
            raise outcome.failure
        return outcome

    def _keep_after(self, actor: Actor, after: HeadquartersList, identity: str, outcome: RemoteOutcome) -> None:
        try:
            self._apply_list(actor, after, identity)
        except ApiSetupError as error:
            _logger.warning("The list after a change could not be kept: %s", error)
            if outcome.failure is None:
                raise OutcomeUnknown(
                    f"Headquarters did it, and that is logged; its new list could not be kept here. {error.sentence}",
                    "Do not repeat the change; read the list again.",
                ) from error

    def _now(self) -> datetime:
        with self._practice.read() as session:
            self._latest_moment = self._practice.now(session)
        return self._latest_moment

    def _worded_info(self, state: _State, remembered: CachedList | None) -> AuthorityInfo:
        otherwise = "the practice's copy, which has no statuses" if has_copy(self._practice) else "its last list"
        if state.failure is not None:
            return words.no_list(state.failure, remembered.asked_at if remembered else None, otherwise)
        if remembered is None:
            return words.never_answered(otherwise)
        if state.answered:
            return words.answered_now(remembered.asked_at)
        return words.answered_before(remembered.asked_at, self._now())


@dataclass(frozen=True)
class _State:
    """What is known since the start.

    Attributes:
        answered: Headquarters answered the last time it was asked.
        failure: Why it did not; None where it did, or was not asked yet.
        texts: The keys of its answer, by fingerprint.
        differences: How that answer differs from the one before.
        notes: What was odd about it.
        unkept: The list itself, where it could not be kept in the companion.
    """

    answered: bool = False
    failure: HeadquartersError | None = None
    texts: Mapping[str, Secret] = field(default_factory=dict)
    differences: Differences = NO_DIFFERENCES
    notes: tuple[str, ...] = ()
    unkept: CachedList | None = None


def _unknown(key: ApiKey, at: datetime) -> ApiKey:
    return replace(key, status=KeyStatus.UNKNOWN, last_known=f"{key.status.label} on {at:%Y-%m-%d %H:%M}")


def _by_developer(key: ApiKey) -> tuple[str, str]:
    return key.developer.casefold(), key.fingerprint


def _found(fetched: HeadquartersList, identity: str) -> HeadquartersKey | None:
    return next((each for each in fetched.keys if fingerprint(each.key.reveal()) == identity), None)


def _status(fetched: HeadquartersList, identity: str) -> KeyStatus | None:
    found = _found(fetched, identity)
    return found.status if found is not None else None


def _developer(fetched: HeadquartersList | None, identity: str) -> str:
    found = _found(fetched, identity) if fetched is not None else None
    return found.developer if found is not None else ""


@contextmanager
def _unkept_after_change(sentence: str) -> Iterator[None]:
    """Say of something that follows a change, and fails, that the change stands all the same."""
    try:
        yield
    except ApiSetupError as error:
        raise OutcomeUnknown(
            f"{sentence} {error.sentence}", "Do not repeat the change; read the list again."
        ) from error
