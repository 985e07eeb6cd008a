"""The offices of the configuration file as a fleet: read in the background, and signed in to many at once."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from threading import Event, Lock
from typing import TYPE_CHECKING

from core.base.errors import (
    ApiSetupError,
    ConfigurationError,
    OperationNotAllowed,
    SignInRefused,
    WrongNameOrPassword,
)
from core.base.secret import Secret
from core.fleet.answers import differences
from core.fleet.cut_off_plan import make_receipt_number
from core.fleet.office_reading import reach_of, read_answer
from core.fleet.parallel import for_each
from core.fleet.sign_outs import SignOut
from core.fleet.store import FleetStore
from core.model.actor import Actor
from core.model.fleet import OfficeAnswer, OfficeState, Reach
from core.offices.open_request import OpenRequest

if TYPE_CHECKING:
    from core.office.inspected_database import InspectedDatabase
    from core.office.office import Office
    from core.users.service import SignedIn

READERS = 24
"""The number of offices that are read at a time: nearly all of the time is spent waiting for their servers."""
_SAVED_TOGETHER = 16
"""Answers are kept in groups, since each time the disk is waited for."""
_PROMPTS = "Its password must be typed. Open the office by itself."
_logger = logging.getLogger(__name__)

OnState = Callable[[OfficeState], None]


@dataclass(frozen=True)
class Credentials:
    """An Open Dental user and password for many offices."""

    user: str
    password: Secret


SignInWith = Credentials | Mapping[str, Credentials | ApiSetupError] | None
"""One user for all offices, one for each by its name, or each office's own user in the configuration. An error instead
of a user says why there is none for that office."""


class Fleet:
    """Many offices. Each is opened for as long as it is read or changed; no connection stays open.

    Args:
        requests: The requests to open the offices.
        store: Remembers the last answers.
        clock: The local time.
        dry_run: True if the offices are opened read-only because nothing is to be changed now. What could be changed is
            found out all the same.

    Attributes:
        store: Remembers the last answers, and what was changed in several offices.
        clock: The local time.
    """

    def __init__(
        self,
        requests: Sequence[OpenRequest],
        store: FleetStore,
        clock: Callable[[], datetime],
        *,
        dry_run: bool = False,
    ) -> None:
        self.store = store
        self._dry_run = dry_run
        self.clock = clock
        self._requests = {request.office.name: request for request in requests}
        self._states = {name: OfficeState(name, request.office.tags) for name, request in self._requests.items()}
        self._before: dict[str, OfficeAnswer] = {}
        self._actors: dict[str, Actor] = {}
        self._sign_outs: dict[str, SignOut] = {}
        self._refused: dict[tuple[str, str], list[Secret]] = {}
        self._known: dict[str, InspectedDatabase] = {}
        self._lock = Lock()
        self._unsaved: dict[str, OfficeAnswer] = {}

    def use_requests(self, requests: Sequence[OpenRequest]) -> None:
        """Use the offices of a configuration file that was read again. Those that it still has stay signed in."""
        with self._lock:
            before = self._requests
            self._requests = {request.office.name: request for request in requests}
            kept = {name: each for name, each in self._states.items() if before[name] == self._requests.get(name)}
            self._actors = {name: actor for name, actor in self._actors.items() if name in kept}
            self._known = {name: known for name, known in self._known.items() if name in kept}
            self._states = {
                name: kept.get(name) or OfficeState(name, request.office.tags)
                for name, request in self._requests.items()
            }

    @property
    def states(self) -> tuple[OfficeState, ...]:
        """The known state of each office, in the order of the configuration file."""
        return tuple(self._states.values())

    @property
    def now(self) -> datetime:
        """The local time, from which ages are counted."""
        return self.clock()

    def new_receipt_number(self) -> str:
        """Return a new number for a receipt."""
        random = next(iter(self._requests.values())).context.runtime.random
        return make_receipt_number(self.clock(), random)

    def load(self) -> None:
        """Load the last answers, which later ones are compared with.

        Raises:
            PracticeUnavailable: They can't be read.
        """
        for office, (answered_at, answer) in self.store.answers().items():
            if office in self._states:
                self._before.setdefault(office, answer)
                kept = self._states[office]
                if kept.answer is None:
                    self._states[office] = replace(kept, answer=answer, answered_at=answered_at)

    def read(self, on_state: OnState, stopped: Event, offices: Iterable[str] | None = None) -> None:
        """Read offices, a few at a time, and report each. Nothing is written to them. Blocks.

        Args:
            on_state: Called in several threads with the new state of an office.
            stopped: Set it to begin no further office.
            offices: The names of the offices; None for all.
        """

        def read_one(name: str) -> None:
            on_state(self._set(name, reach=Reach.READING))
            on_state(self._read(name))

        names = self._requests if offices is None else [name for name in offices if name in self._requests]
        try:
            for_each(names, read_one, READERS, stopped)
        finally:
            self._save(0)

    def sign_in(
        self, credentials: SignInWith, on_state: OnState, stopped: Event, offices: Iterable[str] | None = None
    ) -> None:
        """Sign in to offices, once in each, and read them in full. Blocks.

        A password that an office refused isn't tried there again, so that nobody is locked out. The first office is
        tried alone: if it refuses the password, which may be a typing error, no other is tried.

        Args:
            credentials: The user for all offices on servers, or for each of them by its name; None for each office's
                own user in the configuration.
            on_state: Called in several threads with the new state of an office.
            stopped: Set it to begin no further office.
            offices: The names of the offices; None for all.

        Raises:
            WrongNameOrPassword: The first office refused the user or the password. No other office was tried.
        """
        wanted = self._requests if offices is None else offices
        waiting = [name for name in wanted if name in self._requests and name not in self._actors]

        def sign_in_one(name: str) -> None:
            self._try_to_sign_in(name, credentials, on_state)

        try:
            if isinstance(credentials, Credentials):
                on_server = (name for name in waiting if self._requests[name].on_server)
                untried = (name for name in on_server if not self._was_refused(name, credentials))
                first = next(untried, None)
                error = self._try_to_sign_in(first, credentials, on_state) if first is not None else None
                if isinstance(error, WrongNameOrPassword):
                    raise error
                waiting = [name for name in waiting if name != first]
            for_each(waiting, sign_in_one, READERS, stopped)
        finally:
            self._save(0)

    def read_again(self, on_state: OnState, stopped: Event, offices: Iterable[str]) -> None:
        """Read offices in full where a user is signed in, after they were changed. Blocks."""

        def read_one(name: str) -> None:
            try:
                with self.open_signed_in(name) as (office, actor):
                    on_state(self._answered(name, read_answer(office, actor=actor)))
            except ApiSetupError as error:
                on_state(self._failed(name, error))

        try:
            for_each([name for name in offices if name in self._actors], read_one, READERS, stopped)
        finally:
            self._save(0)

    def sign_out(self) -> tuple[SignOut, ...]:
        """Forget who is signed in, and return what is left to record of it. Doesn't block.

        No connection is open, and the passwords weren't kept. An office without sign-in and one that is opened
        read-only record no sign-out.
        """
        with self._lock:
            ended, self._sign_outs = tuple(self._sign_outs.values()), {}
            self._actors.clear()
            for name, state in self._states.items():
                self._states[name] = replace(state, signed_in_as="")
        return ended

    @property
    def is_signed_in(self) -> bool:
        """True if a user is signed in to at least one office."""
        return bool(self._actors)

    def needs_password(self, offices: Iterable[str]) -> bool:
        """Return True if a user must sign in with a password to one of some offices."""
        return any(self._requests[name].on_server for name in offices if name in self._requests)

    def actor(self, office: str) -> Actor | None:
        """Return the user who is signed in to an office; None for nobody."""
        return self._actors.get(office)

    @contextmanager
    def open_signed_in(self, name: str) -> Iterator[tuple[Office, Actor]]:
        """Open an office for its user, and close it at the end.

        Raises:
            OperationNotAllowed: Nobody is signed in there, or there is no such office.
            ApiSetupError: The office can't be opened.
        """
        actor, request = self._actors.get(name), self._requests.get(name)
        if request is None:
            raise OperationNotAllowed("This office is no longer in the configuration file.")
        if actor is None:
            raise OperationNotAllowed("Nobody is signed in to this office.", "Sign in, then try again.")
        with closing(_open(request, self._known.get(name))) as office:
            yield office, actor

    # -- one office -------------------------------------------------------------------

    def _read(self, name: str) -> OfficeState:
        request = self._requests[name]
        # Reading writes nothing, not even by mistake. A file that doesn't exist isn't created.
        reading = replace(request, context=replace(request.context, read_only=not request.demo))
        try:
            with closing(_open(reading)) as office:
                self._remember_database(name, office)
                return self._answered(name, read_answer(office))
        except _Prompts:
            return self._set(name, reach=Reach.PROMPTS, failure=_PROMPTS)
        except ApiSetupError as error:
            return self._failed(name, error)

    def _try_to_sign_in(self, name: str, credentials: SignInWith, on_state: OnState) -> ApiSetupError | None:
        on_state(self._set(name, reach=Reach.READING))
        try:
            self._sign_in(name, _for_office(credentials, name))
        except _Prompts:
            on_state(self._set(name, reach=Reach.PROMPTS, failure=_PROMPTS))
        except ApiSetupError as error:
            on_state(self._failed(name, error))
            return error
        else:
            on_state(self._states[name])
        return None

    def _sign_in(self, name: str, credentials: Credentials | None) -> None:
        request = self._requests[name]
        if not request.on_server:
            with closing(_open(request)) as office:
                signed_in = office.users.account(request.context.runtime.account)
                self._signed_in(name, office, signed_in)
            return
        chosen = credentials or _own_credentials(request)
        if self._was_refused(name, chosen):
            raise OperationNotAllowed(
                f"{name} refused this user and password before, so they weren't tried again.", "Use others."
            )
        with closing(_open(request, self._known.get(name))) as office:
            try:
                signed_in = office.users.sign_in(chosen.user, chosen.password)
            except WrongNameOrPassword:
                self._refused.setdefault((name, chosen.user.casefold()), []).append(chosen.password)
                raise
            self._signed_in(name, office, signed_in)

    def _signed_in(self, name: str, office: Office, signed_in: SignedIn) -> None:
        self._remember_database(name, office)
        answer = read_answer(office, actor=signed_in.actor)
        if not signed_in.writable and (self._requests[name].office.read_only or not self._dry_run):
            answer = replace(answer, refusal=office.info.read_only or "This office is read-only.")
        self._actors[name] = signed_in.actor
        request = self._requests[name]
        if request.on_server and signed_in.writable:
            opened = partial(_open, request, self._known.get(name))
            self._sign_outs[name] = SignOut(name, signed_in.actor, opened)
        self._set(name, signed_in_as=signed_in.actor.user_name)
        self._answered(name, answer)

    def _was_refused(self, name: str, credentials: Credentials) -> bool:
        refused = self._refused.get((name, credentials.user.casefold()), ())
        return any(each.reveal() == credentials.password.reveal() for each in refused)

    def _answered(self, name: str, answer: OfficeAnswer) -> OfficeState:
        changes = differences(self._before.get(name), answer)
        moment = self.clock()
        state = self._set(name, reach=Reach.ANSWERS, answer=answer, answered_at=moment, changes=changes, failure="")
        with self._lock:
            self._unsaved[name] = answer
        self._save(_SAVED_TOGETHER)
        return state

    def _failed(self, name: str, error: ApiSetupError) -> OfficeState:
        _logger.info("Office %s: %s", name, error)
        known = self._states[name].answer is not None
        reached = isinstance(error, SignInRefused | OperationNotAllowed | ConfigurationError) and known
        return self._set(name, reach=Reach.ANSWERS if reached else reach_of(error), failure=str(error))

    def _remember_database(self, name: str, office: Office) -> None:
        """Remember what the inspection found, for opening the office again soon. Offices alike share the columns."""
        found = office.database
        if found is None:
            return
        with self._lock:
            columns = next((each.profile.columns for each in self._known.values()), {})
            alike = columns == found.profile.columns
            profile = replace(found.profile, columns=columns) if alike else found.profile
            self._known[name] = replace(found, profile=profile)

    def _set(self, name: str, **changes: object) -> OfficeState:
        with self._lock:
            state = self._states[name] = replace(self._states[name], **changes)  # type: ignore[arg-type]
        return state

    def _save(self, at_least: int) -> None:
        """Keep the answers that aren't kept yet, if there are more than some of them."""
        with self._lock:
            if len(self._unsaved) <= at_least:
                return
            answers, self._unsaved = self._unsaved, {}
        try:
            self.store.save_answers(answers, self.clock())
        except ApiSetupError as error:
            _logger.warning("The answers of the offices could not be kept: %s", error)


class _Prompts(ApiSetupError):
    """The password of an office's database, or of its companion's, must be typed."""


def _open(request: OpenRequest, known: InspectedDatabase | None = None) -> Office:
    request.refuse_missing_file()
    password = request.read_password()
    if password is None or request.prompts_for_companion_password:
        raise _Prompts("A password must be typed.")
    return request.open(password, known, signs_in=False)


def _for_office(credentials: SignInWith, name: str) -> Credentials | None:
    chosen = credentials.get(name) if isinstance(credentials, Mapping) else credentials
    if isinstance(chosen, ApiSetupError):
        raise chosen
    return chosen


def _own_credentials(request: OpenRequest) -> Credentials:
    user = request.office.od_user
    password = request.read_open_dental_password() if user else None
    if not user or password is None:
        raise ConfigurationError(
            f"{request.office.name} has no user of its own.",
            "Set od_user and od_password_from, or use one user for all.",
        )
    return Credentials(user, password)
