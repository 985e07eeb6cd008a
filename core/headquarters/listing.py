"""Headquarters' list of keys as this program knows it: fetched, cached, and shown with its age."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime

from core.base.errors import (
    HeadquartersError,
    HeadquartersRefused,
    NotAuthorized,
    NotPermitted,
    NoUsableAnswer,
    PracticeUnavailable,
)
from core.base.secret import Secret
from core.headquarters import messages
from core.headquarters.account import Account, read_account
from core.headquarters.cache import CachedList, HeadquartersCache, listed
from core.headquarters.client import HeadquartersClient
from core.headquarters.list_diff import NO_DIFFERENCES, Differences, differences
from core.headquarters.requests import redact_secrets
from core.headquarters.responses import HeadquartersList
from core.keys.practice_copy import copied_key, copied_keys, has_copy, replace_copy
from core.model.actor import Actor
from core.model.api_key import ApiKey, AuthorityInfo, KeyList
from core.model.key_events import KeyCopyChanged
from core.model.key_text import fingerprint, mask, masks
from core.opendental.key_status import KeyStatus
from core.opendental.log_hash import NO_DATE
from core.practice.practice import Practice

_logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class _State:
    """The answers since the start; replaced as a whole, since several threads read it.

    Attributes:
        answered: Headquarters answered the last time it was asked.
        failure: Why it did not; None if it did, or was not asked yet.
        texts: The keys of its answer in clear text, by fingerprint.
        differences: How that answer differs from the one before.
        notes: What was odd about it, one sentence each.
        uncached: The list itself, if it could not be written to the companion.
    """

    answered: bool = False
    failure: HeadquartersError | None = None
    texts: Mapping[str, Secret] = field(default_factory=dict)
    differences: Differences = NO_DIFFERENCES
    notes: tuple[str, ...] = ()
    uncached: CachedList | None = None


class KeyListing:
    """Fetches headquarters' list, caches it, and says how old it is.

    Args:
        practice: The open practice, whose copy of the keys follows the list.
        cache: Keeps the last list between starts.
        computer: The computer that asks.
        address: Where headquarters is, instead of the address in the practice's preferences.
    """

    def __init__(self, practice: Practice, cache: HeadquartersCache, computer: str, address: str) -> None:
        self._practice = practice
        self._cache = cache
        self._computer = computer
        self._address = address
        self._state = _State()
        self._last_question = 0
        self._newest_answer = 0
        self._latest_moment = NO_DATE
        self._info = self._describe(self._state, cache.read())

    @property
    def info(self) -> AuthorityInfo:
        """The authority, with the age of the list that was shown last."""
        return self._info

    def keys(self) -> KeyList:
        """Return the last list, or the practice's copy without statuses if headquarters did not answer since."""
        return self._show(self._last())

    def clear_texts(self) -> tuple[str, ...]:
        """Return the keys of the practice's copy and of the last answer in clear text."""
        answered = (each.reveal() for each in self._state.texts.values())
        return tuple(dict.fromkeys(filter(None, (*copied_keys(self._practice), *answered))))

    def account(self) -> Account:
        """Return where headquarters is asked, and as whom."""
        return read_account(self._practice, self._computer, self._address)

    def now(self) -> datetime:
        """Return the practice's time."""
        with self._practice.read() as connection:
            self._latest_moment = self._practice.now(connection)
        return self._latest_moment

    def fetch(self, account: Account | None = None, *, retry: bool = True) -> HeadquartersList | None:
        """Ask headquarters for its list; None if a newer answer came meanwhile.

        Args:
            account: Where and as whom, if that was read already.
            retry: Ask again if the failure may pass.

        Raises:
            HeadquartersError: No list came; `info` says so from now on.
        """
        question = self._next_question()
        try:
            return self._fetch(account or self.account(), question, retry=retry)
        except HeadquartersError:
            if question < self._newest_answer:
                return None
            raise

    def fetch_for_change(self, account: Account) -> HeadquartersList:
        """Ask headquarters once for its list, before something is changed there.

        Raises:
            HeadquartersError: No list came.
        """
        return self._fetch(account, self._next_question(), retry=False)

    def fetch_after_change(self, account: Account, *, retry: bool) -> HeadquartersList | None:
        """Ask headquarters for its list after a change; None if no list comes.

        Args:
            account: Where and as whom.
            retry: Ask again if the failure may pass.
        """
        try:
            return self._fetch(account, self._next_question(), retry=retry)
        except HeadquartersError as error:
            _logger.warning("The list after a change could not be read: %s", error)
            return None

    def drop_older_answers(self) -> None:
        """Drop the answers to all questions so far, since they may not show a change; those to later ones are kept."""
        self._newest_answer = self._next_question()

    def apply(self, actor: Actor, fetched: HeadquartersList, changed: str = "") -> KeyList:
        """Cache a list, make the practice's copy equal to it, and return it with its differences.

        A list that was asked for before the one that is known already, from here or from another program, is dropped.
        The order is that of the requests' numbers, and no clock matters.

        Args:
            actor: Who asked.
            fetched: The list.
            changed: The fingerprint of the key that was just changed from here; its difference is no news.
        """
        before, keys = self._last(), listed(fetched.keys)
        is_older = fetched.question < self._newest_answer or (before is not None and before.question > fetched.question)
        if is_older and not changed:
            return self._show(before)
        self._newest_answer = fetched.question
        found = differences(before.keys, keys) if before else NO_DIFFERENCES
        if changed or self._state.failure is not None:
            found = found.after(self._state.differences, changed)
        texts = {fingerprint(each.key.reveal()): each.key for each in fetched.keys}
        new, uncached = CachedList(fetched.asked_at, fetched.question, keys), None
        notes = (*fetched.notes, *messages.clock_set_back(before.asked_at if before else None, fetched.asked_at))
        try:
            if not self._cache.replace(new):
                return self._show(self._last())
        except (PracticeUnavailable, NotPermitted) as error:
            uncached = new
            notes = (*notes, f"The list could not be saved for the next start. {error.sentence}")
        self._state = _State(answered=True, texts=texts, differences=found, notes=notes, uncached=uncached)
        if not self._practice.read_only:
            self._renew_copy(actor, fetched)
        return self._show(self._last())

    def _next_question(self) -> int:
        """Number a request. If the companion can't be written, the numbers are in order within this program only."""
        number = 0
        try:
            number = self._cache.next_question()
        except (PracticeUnavailable, NotPermitted) as error:
            _logger.warning("A request to headquarters could not be numbered in the companion: %s", error)
            last = self._last()
            number = last.question + 1 if last is not None else 0
        self._last_question = max(number, self._last_question + 1)
        return self._last_question

    def _fetch(self, account: Account, question: int, *, retry: bool) -> HeadquartersList:
        asked_at = self._asked_at()
        try:
            answer = HeadquartersClient(account.address).list(account.credentials, retry=retry)
        except HeadquartersError as error:
            failure = self._redact(error)
            if question > self._newest_answer:
                self._state = replace(self._state, answered=False, failure=failure)
            if failure is error:
                raise
            # The error itself is no cause to keep: the log would show the keys that `failure` doesn't name.
            raise failure from error.__cause__
        return replace(answer, question=question, asked_at=asked_at)

    def _redact(self, error: HeadquartersError) -> HeadquartersError:
        """Return an error without the keys that an answer may name, since it goes to the screen and into the log."""
        with suppress(PracticeUnavailable):
            redactions = {key: mask(key) for key in self.clear_texts()}
            if isinstance(error, HeadquartersRefused):
                return HeadquartersRefused(redact_secrets(error.words, redactions))
            if isinstance(error, NoUsableAnswer):
                sentence = redact_secrets(error.sentence, redactions)
                return NoUsableAnswer(sentence, error.hint, passing=error.passing, arrived=error.arrived)
        return error

    def _asked_at(self) -> datetime:
        """Return the practice's time, or the last one it gave if it can't be asked now."""
        try:
            return self.now()
        except PracticeUnavailable:
            return self._latest_moment

    def _last(self) -> CachedList | None:
        """Return the last list; None if headquarters never answered here."""
        uncached = self._state.uncached
        return replace(uncached, keys=self._cache.completed(uncached.keys)) if uncached else self._cache.read()

    def _show(self, last: CachedList | None) -> KeyList:
        state = self._state
        self._info = self._describe(state, last)
        if state.failure is not None or last is None:
            return KeyList(self._copied(last), self._info, as_of=last.asked_at if last is not None else None)
        keys = tuple(sorted((*last.keys, *state.differences.gone), key=_by_developer))
        return KeyList(keys, self._info, state.differences.words, state.notes, as_of=last.asked_at)

    def _copied(self, last: CachedList | None) -> tuple[ApiKey, ...]:
        """Return the practice's copy with what was last known of each key; every status is unknown."""
        known = {key.fingerprint: _without_status(key, last.asked_at) for key in last.keys} if last else {}
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

    def _renew_copy(self, actor: Actor, fetched: HeadquartersList) -> None:
        """Make the practice's copy equal to a list. The list is shown even if that fails."""
        try:
            self._practice.flush_outcomes()
            usable = {each.key.reveal(): each.developer for each in fetched.keys if not each.unusable}
            unusable = [each.key.reveal() for each in fetched.keys if each.unusable]
            replace_copy(
                self._practice, actor, lambda: self._newest(fetched, usable), KeyCopyChanged, untouched=unusable
            )
        except (PracticeUnavailable, NotPermitted, NotAuthorized) as error:
            _logger.warning("The practice's copy of the keys could not be renewed: %s", error)
            note = f"The practice's copy of keys could not be synchronized with it. {error.sentence}"
            self._state = replace(self._state, notes=(*self._state.notes, note))

    def _newest(self, fetched: HeadquartersList, usable: dict[str, str]) -> dict[str, str]:
        """Return the keys of a list, or those of the copy as it is if another program has a newer list by now."""
        last = self._cache.read()
        is_older = last is not None and last.question > fetched.question
        return copied_keys(self._practice) if is_older else usable

    def _describe(self, state: _State, last: CachedList | None) -> AuthorityInfo:
        otherwise = (
            "the practice's copy, which has no status information" if has_copy(self._practice) else "its last list"
        )
        if state.failure is not None:
            return messages.no_list(state.failure, last.asked_at if last else None, otherwise)
        if last is None:
            return messages.never_answered(otherwise)
        if state.answered:
            return messages.answered_now(last.asked_at)
        return messages.answered_before(last.asked_at, self.now())


def _without_status(key: ApiKey, at: datetime) -> ApiKey:
    return replace(key, status=KeyStatus.UNKNOWN, last_known=f"{key.status.label} on {at:%Y-%m-%d %H:%M}")


def _by_developer(key: ApiKey) -> tuple[str, str]:
    return key.developer.casefold(), key.fingerprint
