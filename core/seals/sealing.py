"""The making of one seal: reading the entries since the seal before, signing, and storing it with its audit entry."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, select

from core.audit.entry_mapper import STORED_MOMENT
from core.audit.range_reading import RangeReader
from core.audit.range_size import RangeSize
from core.audit.row_ranges import NumberScan
from core.base.errors import OperationNotAllowed
from core.model.actor import Actor
from core.model.seal_events import SealKeyChanged, TrailSealed
from core.opendental.entry_digest import moment_number, number_moment
from core.opendental.log_hash_sql import can_compute
from core.opendental.schema import SECURITY_LOG
from core.practice.practice import Practice
from core.seals.entry_list import ListWriter
from core.seals.entry_tree import EntryTree
from core.seals.logged_seals import LoggedSeals
from core.seals.seal import Seal, SealContent
from core.seals.sealed_numbers import sealed_among
from core.seals.signing import SigningKey, is_signed_by, short_key
from core.seals.spool import BlockSpool
from core.seals.store import SealedMeanwhile, SealStore

BATCH_SECONDS = 0.4
"""The time after which a batch ends, so that the progress can be shown."""
LATE = timedelta(minutes=70)
"""The time before a seal in which an entry may be dated that this seal didn't see yet: a transaction was open, a
replicated server was behind, or the hour came twice when daylight saving time ended."""
_LATE_AT_ONCE = 500


@dataclass(frozen=True)
class Program:
    """The description of the program that made a seal."""

    version: str
    utc: Callable[[], datetime]
    """Returns the computer's time in UTC."""


@dataclass(frozen=True)
class SealProgress:
    """The progress of reading a seal's entries."""

    entries: int
    fraction: float
    complete: bool


class Sealing:
    """One seal in the making: its entries are read in batches, and then it is stored.

    Args:
        practice: The open practice.
        store: Keeps the seals.
        key: Signs the seal.
        actor: Who seals.
        program: What the seal says of this program.
        practice_fingerprint: The fingerprint of the practice.
        next_key: The public key of the next seals; empty for the same one.
        replaces_lost: True to make a seal again that the Audit Trail records and the companion has lost.
    """

    def __init__(
        self,
        practice: Practice,
        store: SealStore,
        key: SigningKey,
        actor: Actor,
        program: Program,
        practice_fingerprint: str,
        next_key: str = "",
        *,
        replaces_lost: bool = False,
    ) -> None:
        self._practice = practice
        self._store = store
        self._key = key
        self._actor = actor
        self._program = program
        self._fingerprint = practice_fingerprint
        self._next_key = next_key or key.public_key
        self._seals = store.seals()
        self._last = self._seals[-1] if self._seals else None
        require_continuation(self._last, key.public_key, practice_fingerprint)
        self._numbers_grow = practice.profile.random_keys is None
        self._sealed_up_to = self._last.content.last if self._last else None
        self._scan = NumberScan(SECURITY_LOG.c.security_log_num, lambda _: (self._sealed_up_to, None))
        self._size = RangeSize()
        self._reader: RangeReader | None = None
        self._tree, self._list, self._spool = EntryTree(), ListWriter(), BlockSpool()
        self._logged = None if replaces_lost else LoggedSeals()
        self._late: list[int] = []
        self._first = self._newest = 0
        self._largest = self._sealed_up_to
        self._sealed_at = 0
        self._read_all = False

    def read_batch(self) -> SealProgress:
        """Read entries for about `BATCH_SECONDS`, at least one range; after an error, it can be called again.

        Raises:
            PracticeUnavailable: A database can't be read.
        """
        if self._reader is None:
            self._begin()
        started, fraction = time.perf_counter(), 1.0
        with self._practice.read() as connection:
            while self._late:
                self._read_late(connection)
            while not self._read_all:
                fraction = self._read_range(connection)
                if time.perf_counter() - started >= BATCH_SECONDS:
                    break
        return SealProgress(self._tree.entries, fraction, self._read_all)

    def store(self) -> Seal:
        """Sign and store the seal, once all entries are read, and log it.

        Raises:
            SealedMeanwhile: Another program made the same seal.
            OperationNotAllowed: The Audit Trail records a seal of this number that the companion lacks.
            NotPermitted: The Audit Trail or the companion can't be written; nothing was sealed.
            PracticeUnavailable: The practice or the companion can't be written.
        """
        for block in self._list.finish():
            self._spool.add(block)
        seal = self._key.sign(self._content())
        self._require_same_end()
        if self._logged is not None:
            self._logged.require_unused(seal.content.number)
        rotates = seal.content.next_key != seal.content.public_key
        kind = SealKeyChanged if rotates else TrailSealed
        event = kind(self._actor.user_name, seal.content.number, seal.content.entries, seal.content.root)
        companion = self._store.companion
        with self._practice.unit_of_work(self._actor, event, mode=companion.write_mode) as work:
            with companion.within(work) as connection:
                self._store.add(connection, seal, self._spool.blocks())
            if not companion.shared:
                work.add_compensation(lambda _: self._remove(seal))
        return seal

    def discard(self) -> None:
        """Remove the temporary file."""
        self._spool.close()

    # -- reading -------------------------------------------------------------------

    def _begin(self) -> None:
        """Read the practice's time, and find the entries that the seal before could not see."""
        with self._practice.read() as connection:
            # Before any entry is read: whatever is dated later may be missing from this seal.
            self._sealed_at = moment_number(self._practice.now(connection))
            numbers = self._late_candidates(connection)
            reader = RangeReader(computed_by_database=can_compute(connection), hashes=False, digests=True)
        # After that reading: in an SQLite file, one inside another would wait for a writer who waits for it.
        moment = late_after(self._last) if self._last else None
        known = sealed_among(self._store, self._seals, numbers, moment_number(moment) if moment else 0)
        self._late = [number for number in numbers if number not in known]
        self._read_all = self._last is not None and not self._numbers_grow
        self._reader = reader

    def _late_candidates(self, connection: Connection) -> list[int]:
        """Return the numbers of the entries that may be late: those of the time just before the last seal, or after."""
        if self._last is None:
            return []
        moment, number = late_after(self._last), SECURITY_LOG.c.security_log_num
        conditions: list[ColumnElement[bool]] = []
        if moment is not None:
            conditions.append(STORED_MOMENT >= f"{moment:%Y-%m-%d %H:%M:%S}")
        if self._numbers_grow:
            conditions.append(number <= self._last.content.last)
        return sorted(connection.scalars(select(number).where(*conditions)))

    def _read_late(self, connection: Connection) -> None:
        batch = self._late[:_LATE_AT_ONCE]
        self._add(connection, [SECURITY_LOG.c.security_log_num.in_(batch)])
        del self._late[:_LATE_AT_ONCE]

    def _read_range(self, connection: Connection) -> float:
        checked = self._scan.next_range(connection, self._size.rows)
        started = time.perf_counter()
        count = self._add(connection, checked.conditions)
        self._size.adapt(time.perf_counter() - started)
        self._scan.advance(replace(checked, count=count))
        self._read_all = checked.is_last
        return checked.fraction

    def _add(self, connection: Connection, conditions: Sequence[ColumnElement[bool]]) -> int:
        """Read entries, add them to the seal, and return their number."""
        if self._reader is None:
            return 0
        contents = self._reader.read(connection, conditions)
        if not contents.numbers:
            return 0
        if self._logged is not None:
            self._logged.add(connection, contents.own)
        if not self._tree.entries:
            self._first = contents.numbers[0]
        self._tree.add(contents.digests)
        for block in self._list.add(contents.numbers, contents.moments, contents.digests):
            self._spool.add(block)
        self._newest = max(self._newest, *contents.moments)
        highest = contents.numbers[-1]
        self._largest = highest if self._largest is None else max(self._largest, highest)
        return len(contents.numbers)

    # -- storing -------------------------------------------------------------------

    def _content(self) -> SealContent:
        before = self._last.content if self._last else None
        return SealContent(
            database=self._fingerprint,
            practice=self._practice.profile.practice_title,
            number=before.number + 1 if before else 1,
            previous=self._last.sha256 if self._last else "",
            entries=self._tree.entries,
            first=self._first,
            last=self._largest or 0,
            newest=self._newest,
            root=self._tree.root().hex(),
            entry_list=self._list.sha256,
            sealed_at=self._sealed_at,
            utc=f"{self._program.utc():%Y-%m-%dT%H:%M:%SZ}",
            actor=self._actor.user_name,
            computer=self._actor.computer,
            program=self._program.version,
            public_key=self._key.public_key,
            next_key=self._next_key,
        )

    def _require_same_end(self) -> None:
        """Check that nobody sealed meanwhile, before an audit entry says that this program does."""
        seals = self._store.seals()
        end = seals[-1].sha256 if seals else ""
        if end != (self._last.sha256 if self._last else ""):
            raise SealedMeanwhile(seals[-1].content.number if seals else 1)

    def _remove(self, seal: Seal) -> None:
        with self._store.companion.write() as connection:
            if self._store.has_over(connection, seal):
                self._store.remove(connection, seal.content.number)


def late_after(seal: Seal) -> datetime | None:
    """Return the time after which an entry that a seal doesn't have may be dated; None if any time may be."""
    sealed_at = number_moment(seal.content.sealed_at)
    return sealed_at - LATE if sealed_at is not None else None


def require_continuation(last: Seal | None, public_key: str, practice: str) -> None:
    """Check that a seal signed with a key may follow the last one.

    Raises:
        OperationNotAllowed: The last seal is another practice's or was changed, or names another key.
    """
    if last is None:
        return
    number, expected = last.content.number, last.content.next_key
    if last.content.database != practice:
        raise OperationNotAllowed(
            f"Seal {number} belongs to another practice ({last.content.practice or 'without a title'}). Nothing was"
            " sealed.",
            "Check that the companion belongs to this practice.",
        )
    if not is_signed_by(last, last.content.public_key):
        raise OperationNotAllowed(
            f"Seal {number} was changed after it was signed. Nothing was sealed.",
            "Restore the companion, or the seal from seal_dir; then verify with: apisetup audit verify --seals",
        )
    if public_key != expected:
        raise OperationNotAllowed(
            f"The seal key was changed: seal {number} names the key {short_key(expected)}, and this one is"
            f" {short_key(public_key)}. Nothing was sealed.",
            "Use the old key again. To change it, seal the change with it: apisetup audit seal --next-key FILE",
        )
