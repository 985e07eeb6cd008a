"""The facts that the rules of a review judge. Whatever can't be read is a `NotKnown`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, TypeAlias, TypeVar

from core.audit.last_verification import LastVerification
from core.base.errors import ApiSetupError
from core.keys.service import KeyService
from core.model.api_key import ApiKey, KeyList
from core.model.authority_name import AuthorityName
from core.model.developer_use import KnownUse
from core.model.key_note import KeyNote
from core.model.review import OtherOffices, Review
from core.model.subscription import SubscriptionPage
from core.opendental.entry_digest import number_moment
from core.review.notes import KeyNotes
from core.review.store import ReviewStore
from core.subscriptions.service import SubscriptionService
from core.use.service import UseService

if TYPE_CHECKING:
    from core.seals.service import SealService

T = TypeVar("T")


@dataclass(frozen=True)
class NotKnown:
    """A fact that can't be read."""

    reason: str
    """The reason, as a sentence."""


Maybe: TypeAlias = T | NotKnown


@dataclass(frozen=True)
class LaterChanges:
    """The changes of a developer after its key was disabled."""

    count: int
    last: datetime | None


@dataclass(frozen=True)
class ReviewFacts:
    """The facts of a practice and its keys at one moment."""

    now: datetime
    """The time by the practice's clock."""
    keys: KeyList
    notes: Maybe[Mapping[str, KeyNote]] = field(default_factory=dict)
    """By the keys' fingerprints."""
    use: Maybe[KnownUse] = NotKnown("It wasn't read.")
    later_changes: Mapping[str, Maybe[LaterChanges]] = field(default_factory=dict)
    """The changes after each disabled key was disabled, by its fingerprint."""
    subscriptions: Maybe[SubscriptionPage] = field(default_factory=SubscriptionPage)
    verified: Maybe[tuple[datetime, str] | None] = None
    """The time and the result of the last verification; None if there was none."""
    sealed_at: Maybe[datetime | None] = None
    """The time of the last seal; None if there is none."""
    reviews: Maybe[tuple[Review, ...]] = ()
    """All reviews, newest first."""
    other_offices: Maybe[OtherOffices | None] = None
    """The keys of several offices; None if this is the only one."""

    @property
    def list_is_known(self) -> bool:
        """True if the keys are those of their authority, and not the practice's copy without statuses."""
        authority = self.keys.authority
        return authority.may_change and (authority.name is AuthorityName.LOCAL or self.keys.as_of is not None)

    def note(self, key: ApiKey) -> KeyNote:
        """Return the note on a key; a blank one for none."""
        return self.notes.get(key.fingerprint, KeyNote()) if not isinstance(self.notes, NotKnown) else KeyNote()


@dataclass(frozen=True)
class FactSources:
    """The services that know the facts. Those that are rarely needed are returned by functions."""

    keys: KeyService
    notes: KeyNotes
    use: UseService
    store: ReviewStore
    last_verification: LastVerification
    subscriptions: Callable[[], SubscriptionService]
    seals: Callable[[], SealService]
    other_offices: Callable[[], OtherOffices | None]
    now: Callable[[], datetime]
    """Returns the practice's time."""


def read_facts(sources: FactSources, *, read_use: bool) -> ReviewFacts:
    """Read all facts. Only the list of keys and the practice's clock are required.

    Args:
        sources: The services.
        read_use: True to first read all that is new of the Audit Trail.

    Raises:
        PracticeUnavailable: The practice doesn't answer.
    """
    keys = sources.keys.list()
    now = sources.now()
    developers = {key.developer for key in keys.keys if key.developer.strip()}
    use = sources.use
    return ReviewFacts(
        now,
        keys,
        _try(sources.notes.all),
        _try(lambda: use.read_to_end(developers) if read_use else use.known_now(developers)),
        {key.fingerprint: _try(partial(_later_changes, use, key)) for key in keys.keys if _is_dated(key)},
        _try(lambda: sources.subscriptions().load(keys)),
        _try(sources.last_verification.read),
        _try(lambda: _sealed_at(sources.seals())),
        _try(sources.store.reviews),
        _try(sources.other_offices),
    )


def _is_dated(key: ApiKey) -> bool:
    return key.status.disabled and key.date_disabled is not None and not key.gone


def _later_changes(use: UseService, key: ApiKey) -> LaterChanges:
    return LaterChanges(*use.after_disabled(key))


def _sealed_at(seals: SealService) -> datetime | None:
    made = seals.seals()
    return number_moment(made[-1].content.sealed_at) if made else None


def _try(read: Callable[[], T]) -> Maybe[T]:
    try:
        return read()
    except ApiSetupError as error:
        return NotKnown(error.sentence)
