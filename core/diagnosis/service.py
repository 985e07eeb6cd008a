"""The service that says why the API doesn't work. It reads and writes nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime

from core.audit.entry_mapper import EntryMapper
from core.audit.filter import Users
from core.base.errors import HeadquartersError
from core.diagnosis.evaluation import evaluate, find_headline
from core.diagnosis.facts import Facts, KeyFacts, ListFacts, Maybe, NotRead, PortProbe, PracticeFacts
from core.diagnosis.key_causes import CACHE_TIME
from core.diagnosis.key_target import KeyTarget, find_by_developer, find_by_ending
from core.diagnosis.life_signs import read_life_signs
from core.diagnosis.port_probe import probe_service
from core.diagnosis.practice_reader import (
    econnector_computers,
    read_alerts,
    read_econnector,
    read_last_update,
    read_preferences,
    read_program,
    read_workstations,
    registration,
    shorten,
)
from core.diagnosis.table_reader import TableReader
from core.diagnosis.trail_reader import read_calls_since, read_hidden_since, read_logged_switch
from core.keys.practice_copy import copied_keys, has_copy
from core.keys.service import KeyService
from core.model.api_key import ApiKey, KeyList
from core.model.diagnosis import Diagnosis, Symptom
from core.model.key_text import fingerprint
from core.model.settings import SettingsPage
from core.model.subscription import ApiSubscription
from core.opendental.key_status import KeyStatus
from core.opendental.optional_tables import API_SUBSCRIPTION
from core.practice.practice import Practice
from core.settings.service import SettingsService
from core.subscriptions.service import SubscriptionService

_JUST_ASKED = "headquarters, asked just now"
_UNKNOWN = "unknown: "
_NOT_LOOKED_AT = NotRead("it was not looked at")


@dataclass(frozen=True)
class DiagnosisRequest:
    """The subject and the scope of a diagnosis."""

    symptom: Symptom = field(default_factory=Symptom)
    target: KeyTarget | None = None
    """The key; None for the whole practice."""
    ask_headquarters: bool = False
    """True to ask headquarters for its list first. Nothing of it is kept."""
    probe: bool = False
    """True to ask whether the port of the API service answers."""


class DiagnosisService:
    """Finds out why the API doesn't work, for one key or for the practice.

    Args:
        practice: The open practice.
        keys: Lists the keys.
        settings: Reads the API's settings.
        subscriptions: Lists what developers are sent.
        known_keys: Returns the keys, in clear text, that are masked in texts of other programs.
    """

    def __init__(
        self,
        practice: Practice,
        keys: KeyService,
        settings: SettingsService,
        subscriptions: SubscriptionService,
        known_keys: Callable[[], Iterable[str]],
    ) -> None:
        self._practice = practice
        self._keys = keys
        self._settings = settings
        self._subscriptions = subscriptions
        self._known_keys = known_keys

    def diagnose(self, request: DiagnosisRequest) -> Diagnosis:
        """Look at the practice and the key, and return what is wrong. Blocks, also for headquarters if it is asked.

        Raises:
            PracticeUnavailable: The practice can't be read.
        """
        keys, failure = self._list(ask=request.ask_headquarters)
        clear_texts = tuple(self._known_keys())
        key = _find(keys, request.target)
        practice = self._read_practice(clear_texts, request.target)
        probe = _probe(practice.update_server) if request.probe else None
        facts = Facts(
            practice,
            self._list_facts(keys, failure),
            self._key_facts(request.target, key, practice) if request.target is not None else None,
            probe,
        )
        mask = EntryMapper(Users({}), clear_texts).mask_keys
        return evaluate(facts, replace(request.symptom, text=mask(request.symptom.text)))

    def headline(self) -> str:
        """Return a few words about what is certainly wrong with the practice; empty if nothing is known to be.

        It's one short statement, for a screen that looks once a minute.

        Raises:
            PracticeUnavailable: The practice can't be read, or a right was taken away since it was opened.
        """
        facts = self.life_signs()
        authority = self._keys.authority
        lists = ListFacts(authority, self._keys.is_remote, "", 0, 0, None)
        return find_headline(evaluate(Facts(facts, lists), Symptom()))

    def life_signs(self) -> PracticeFacts:
        """Return what every call depends on: whether the API is on, and the state of the eConnector; one statement.

        Raises:
            PracticeUnavailable: The practice can't be read, or a right was taken away since it was opened.
        """
        profile = self._practice.profile
        with self._practice.read() as connection:
            # A server tells its time in the same statement.
            now = None if profile.host else self._practice.now(connection)
            return read_life_signs(connection, profile, now)

    def target(self, *, developer: str = "", ending: str = "") -> KeyTarget:
        """Return the key of a developer, or with an ending, in the list as it is known now.

        Raises:
            InvalidInput: Several keys match.
        """
        keys = self._keys.list().keys
        return find_by_developer(keys, developer) if developer else find_by_ending(keys, ending)

    def workstations(self) -> tuple[str, ...]:
        """Return the names of the computers on which Open Dental ever ran, the one seen last first."""
        with self._practice.read() as connection:
            found = read_workstations(TableReader(connection, self._practice.profile))
        return () if isinstance(found, NotRead) else tuple(each.name for each in found)

    def _list(self, *, ask: bool) -> tuple[KeyList, str]:
        """Return the keys, and why their statuses aren't known; an empty text if they are."""
        if not self._keys.is_remote:
            return self._keys.list(), ""
        if ask:
            try:
                fetched = self._keys.fetch()
            except HeadquartersError as error:
                return self._keys.list(), error.sentence
            if fetched is not None:
                known = self._keys.list()
                just_asked = replace(known.authority, label=_JUST_ASKED, refusal="")
                return replace(known, keys=fetched.keys, authority=just_asked), ""
        listed = self._keys.list()
        if listed.authority.refusal:
            return listed, "headquarters gave no list the last time it was asked."
        never_asked = bool(listed.keys) and all(key.status is KeyStatus.UNKNOWN for key in listed.keys)
        return listed, "headquarters hasn't answered yet." if never_asked else ""

    def _read_practice(self, clear_texts: tuple[str, ...], target: KeyTarget | None) -> PracticeFacts:
        page = self._settings.load()
        mask = EntryMapper(Users({}), clear_texts).mask_keys
        names = {user.number: user.name for user in self._practice.user_names.get()}
        chosen = next((each for each in page.payment_types if each.number == page.values.payment_type), None)
        subscriptions = self._read_subscriptions(target)
        with self._practice.read() as connection:
            reader, now = TableReader(connection, self._practice.profile), self._practice.now(connection)
            facts = self._read_signs(reader, page, mask, now)
            hidden = chosen is not None and chosen.hidden and chosen.known
            return replace(
                facts,
                workstations=read_workstations(reader),
                last_update=read_last_update(reader),
                payment_type_hidden=read_hidden_since(connection, chosen.name) if hidden and chosen else None,
                logged_switch=read_logged_switch(connection, lambda number: names.get(number, f"user {number}")),
                subscriptions=subscriptions,
            )

    def _read_subscriptions(self, target: KeyTarget | None) -> Maybe[tuple[ApiSubscription, ...]]:
        """Return the subscriptions of the key that was asked for, or of all keys."""
        page = self._subscriptions.load()
        # A version without the table has no subscriptions, which is known.
        unread = [line for line in page.unknown if API_SUBSCRIPTION.name in line and line.startswith(_UNKNOWN)]
        if unread:
            return NotRead(unread[0].removeprefix(_UNKNOWN))
        if target is None:
            return page.subscriptions
        return tuple(each for each in page.subscriptions if each.fingerprint == target.fingerprint)

    def _read_signs(
        self, reader: TableReader, page: SettingsPage, mask: Callable[[str], str], now: datetime
    ) -> PracticeFacts:
        """Read what every call depends on, and leave out what only explains single failures."""
        found = read_preferences(reader)
        return PracticeFacts(
            now=now,
            title=shorten(found.get("PracticeTitle", "")),
            version=found.get("ProgramVersion") or found.get("DataBaseVersion", ""),
            program=read_program(reader, page.values.enabled, mask),
            registration=registration(found),
            update_server=shorten(found.get("WebServiceServerName", "")),
            econnector=read_econnector(reader, now, mask),
            econnector_computers=econnector_computers(found),
            alerts=read_alerts(reader, mask),
            workstations=_NOT_LOOKED_AT,
            last_update=_NOT_LOOKED_AT,
            payment_types=page.payment_types,
            payment_type=page.values.payment_type,
            payment_type_hidden=None,
            logged_switch=None,
            subscriptions=_NOT_LOOKED_AT,
        )

    def _list_facts(self, keys: KeyList, failure: str) -> ListFacts:
        usable = {key.fingerprint for key in keys.keys if key.known and not key.gone and not key.unusable}
        matches: bool | None = None
        if not failure and has_copy(self._practice):
            copied = {fingerprint(text) for text in copied_keys(self._practice)}
            matches = copied == usable if self._keys.is_remote else not keys.notes
        return ListFacts(
            keys.authority,
            self._keys.is_remote,
            failure,
            enabled=sum(key.status.enabled for key in keys.keys if not key.gone),
            total=sum(not key.gone for key in keys.keys),
            copy_matches=matches,
        )

    def _key_facts(self, target: KeyTarget, key: ApiKey | None, practice: PracticeFacts) -> KeyFacts:
        in_copy: bool | None = None
        calls = None
        if key is not None and has_copy(self._practice):
            in_copy = key.fingerprint in {fingerprint(text) for text in copied_keys(self._practice)}
        if key is not None and key.status.disabled and key.date_disabled is not None:
            until = key.date_disabled + CACHE_TIME
            if key.developer and key.date_disabled <= practice.now < until:
                with self._practice.read() as connection:
                    calls = read_calls_since(connection, key.developer, key.date_disabled, practice.now)
        return KeyFacts(target.wanted, key, in_copy, calls)


def _probe(host: str) -> PortProbe:
    return probe_service(host) if host else PortProbe("", answered=False)


def _find(keys: KeyList, target: KeyTarget | None) -> ApiKey | None:
    if target is None or target.fingerprint is None:
        return None
    return next((key for key in keys.keys if key.fingerprint == target.fingerprint), None)
