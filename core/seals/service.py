"""The service for seals: makes them, lists them, and compares the Audit Trail with them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from core.audit.entry_mapper import EntryMapper
from core.audit.filter import AuditFilter
from core.audit.verification import Verification
from core.base.errors import ApiSetupError, ConfigurationError, OperationNotAllowed
from core.base.file_status import file_status
from core.base.plural import count_of
from core.companion.store import Companion
from core.model.actor import Actor
from core.model.logged_event import AuditEvent
from core.model.seal_events import SealKeyChanged, TrailSealed
from core.opendental.entry_digest import number_moment
from core.practice.practice import Practice
from core.seals.chain import check_chain
from core.seals.directory import SealDirectory, list_file
from core.seals.fingerprint import practice_fingerprint
from core.seals.key_source import SealKeyFile, SealKeySource, TemporarySealKey
from core.seals.proof import EntryProof, prove
from core.seals.seal import Seal
from core.seals.sealing import Program, Sealing
from core.seals.signing import SigningKey
from core.seals.sources import collect_seals
from core.seals.store import SealStore
from core.seals.trail_digest import TrailDigest
from core.seals.verification import SealedVerification

_DAY = timedelta(days=1)


@dataclass
class SealSettings:
    """The settings for sealing a practice."""

    keys: SealKeySource = field(default_factory=TemporarySealKey)
    """The private key."""
    directory: Path | None = None
    """The directory for copies of the seals; None for none."""


@dataclass(frozen=True)
class Adoption:
    """The seals that were copied between the companion and the seal directory."""

    from_directory: tuple[int, ...] = ()
    to_directory: tuple[int, ...] = ()


class SealService:
    """Seals a practice's Audit Trail.

    Args:
        practice: The open practice.
        companion: Keeps the seals.
        mapper: Returns what converts rows to entries.
        settings: The key and the directory.
        utc: Returns the time of this computer in UTC.
    """

    def __init__(
        self,
        practice: Practice,
        companion: Companion,
        mapper: Callable[[], EntryMapper],
        settings: SealSettings,
        utc: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._practice = practice
        self._companion = companion
        self._mapper = mapper
        self._settings = settings
        self._utc = utc
        self._known_fingerprint = ""

    @property
    def fingerprint(self) -> str:
        """The fingerprint of the practice."""
        if not self._known_fingerprint:
            with self._practice.read() as connection:
                self._known_fingerprint = practice_fingerprint(self._practice, connection)
        return self._known_fingerprint

    def seals(self) -> list[Seal]:
        """Return the seals in the companion, in the order of their numbers."""
        return self._store.seals()

    def is_due(self) -> bool:
        """Return True if the last seal is a day old, or there is none."""
        seals = self.seals()
        last = number_moment(seals[-1].content.sealed_at) if seals else None
        with self._practice.read() as connection:
            now = self._practice.now(connection)
        return last is None or not timedelta() <= now - last < _DAY

    def public_key(self) -> str:
        """Return the public key that the next seal is signed with, in base64.

        Raises:
            ConfigurationError: There is no key yet, or it can't be read.
        """
        key = self._settings.keys.read(self._expected_key(self.seals()))
        if key is None:
            raise ConfigurationError("There is no seal key yet.", "The first seal creates it: apisetup audit seal")
        return key.public_key

    def sealing(
        self, actor: Actor, version: str, *, next_key: str = "", rotate: bool = False, replaces_lost: bool = False
    ) -> Sealing:
        """Return a seal in the making, after the chain was completed from the seal directory.

        Args:
            actor: Who seals.
            version: The version of this program.
            next_key: The public key of the next seals; empty for the same one.
            rotate: True to create a new key in the key file, which signs the next seals.
            replaces_lost: True to make a seal again that the Audit Trail records and the companion has lost.

        Raises:
            OperationNotAllowed: The chain can't be continued; the error says why.
            ConfigurationError: The key can't be read.
        """
        self.synchronize()
        seals = self.seals()
        keys = self._settings.keys
        key = keys.read(self._expected_key(seals)) or self._first_key(seals)
        if rotate:
            next_key = self._next_key(keys)
        program = Program(version, self._utc)
        return Sealing(
            self._practice,
            self._store,
            key,
            actor,
            program,
            self.fingerprint,
            next_key,
            replaces_lost=replaces_lost,
        )

    def finish(self, seal: Seal) -> None:
        """Copy a new seal to the seal directory, and put a changed key in its place.

        Raises:
            ConfigurationError: The directory or the key file can't be written; the seal is in the companion.
        """
        self._settings.keys.read(seal.content.next_key)
        if self._directory is not None:
            self._copy(self._directory, seal)

    def synchronize(self) -> Adoption:
        """Take over seals from the seal directory that the companion lacks, and copy those that the directory lacks.

        Raises:
            OperationNotAllowed: The two have different seals.
            ConfigurationError: The directory can't be used.
        """
        directory = self._directory
        if directory is None:
            return Adoption()
        ours = {seal.content.number: seal for seal in self.seals()}
        theirs = {seal.content.number: seal for seal in directory.seals()}
        for number in sorted(set(ours) & set(theirs)):
            if ours[number] != theirs[number]:
                raise OperationNotAllowed(
                    f"Seal {number} in {directory.path} isn't the one in the companion. Nothing was sealed.",
                    "Another companion seals this practice, too, or this one was restored from a backup and sealed"
                    " again. Keep one of them: move the other's seals away, or use the other companion.",
                )
        missing = [theirs[number] for number in sorted(theirs) if number > max(ours, default=0)]
        if missing:
            self._adopt(directory, list(ours.values())[-1:], missing)
        behind = [ours[number] for number in sorted(ours) if number not in theirs]
        for seal in behind:
            self._copy(directory, seal)
        return Adoption(tuple(each.content.number for each in missing), tuple(each.content.number for each in behind))

    def verification(self, files: Sequence[Path] = (), public_key: str = "") -> SealedVerification:
        """Return a verification of all entries and of what was sealed of them.

        Args:
            files: Further files with seals.
            public_key: The key that is known to be right, in base64.

        Raises:
            ConfigurationError: A file can't be read.
            UnreadableSeal: A file isn't a seal.
        """
        collection = collect_seals(self._store, self._directory, files)
        return SealedVerification(self._practice, self._mapper(), collection, self.fingerprint, public_key)

    def digesting_verification(self) -> tuple[Verification, TrailDigest]:
        """Return a verification of all entries without the seals, and the digest of these entries at its end."""
        digest = TrailDigest()
        return Verification(self._practice, AuditFilter(), self._mapper(), digest.add), digest

    def proof(self, number: int) -> EntryProof:
        """Return the proof that an entry is sealed.

        Raises:
            EntryGone: There is no such entry any more.
            OperationNotAllowed: It isn't sealed, or its seal's entries were changed.
        """
        return prove(self._practice, self._store, self.seals(), number)

    # -- what became of an interrupted sealing -----------------------------------------

    def was_made(self, event: AuditEvent) -> bool | None:
        """Return True if a seal was kept, False if not, and None for another event."""
        if not isinstance(event, TrailSealed | SealKeyChanged):
            return None
        return any(
            seal.content.number == event.number and seal.content.root == event.root for seal in self._store.seals()
        )

    # -- parts -------------------------------------------------------------------------

    @property
    def _store(self) -> SealStore:
        return SealStore(self._companion, self.fingerprint)

    @property
    def _directory(self) -> SealDirectory | None:
        path = self._settings.directory
        return SealDirectory(path, self.fingerprint) if path is not None else None

    def _expected_key(self, seals: Sequence[Seal]) -> str:
        return seals[-1].content.next_key if seals else ""

    def _first_key(self, seals: Sequence[Seal]) -> SigningKey:
        keys = self._settings.keys
        if seals:
            raise ConfigurationError(
                f"The seal key is missing: {keys.place} has none, but the companion has"
                f" {count_of(len(seals), 'seal')}. Nothing was sealed.",
                "Restore the key from a backup.",
            )
        return keys.create()

    def _next_key(self, keys: SealKeySource) -> str:
        if not isinstance(keys, SealKeyFile):
            raise ConfigurationError(
                f"The seal key in {keys.place} can't be changed from here.",
                "Create a key with: openssl genpkey -algorithm ed25519. Seal the change with --next-key and its public"
                " key, and then put it there.",
            )
        return keys.prepare_next().public_key

    def _adopt(self, directory: SealDirectory, last: Sequence[Seal], missing: Sequence[Seal]) -> None:
        problems = check_chain([*last, *missing], self.fingerprint, complete=bool(last))
        if problems:
            raise OperationNotAllowed(
                f"{directory.path} has newer seals that don't continue those of the companion: {problems[0].sentence}"
                " Nothing was sealed.",
                "Verify with: apisetup audit verify --seals",
            )
        for seal in missing:
            entries = list_file(directory.file(seal.content.number))
            with self._companion.write() as connection:
                self._store.add(connection, seal, entries.blocks() if entries is not None else ())

    def _copy(self, directory: SealDirectory, seal: Seal) -> None:
        path = directory.file(seal.content.number)
        if file_status(path) is None:
            directory.write(seal, self._store.blocks(seal.content.number))


def copy_safely(service: SealService, seal: Seal) -> ApiSetupError | None:
    """Copy a new seal to the seal directory, and return the error if it can't be: the seal itself is made."""
    try:
        service.finish(seal)
    except ApiSetupError as error:
        return error
    return None
