"""One open practice database: reading, the clock, and opening a unit of work."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import datetime
from random import Random
from time import monotonic

from sqlalchemy import ColumnElement, Connection, Engine, func, select

from core.base.errors import ApiSetupError, NotPermitted, OutcomeUnknown, PracticeUnavailable
from core.base.recent import Recent
from core.database.driver_errors import translate_errors
from core.database.engines import WITHOUT_TRANSACTIONS
from core.model.actor import Actor
from core.model.logged_event import AuditEvent, LoggedEvent, Reason, Stage
from core.model.resolved_change import Outcome, ResolvedChange
from core.opendental.log_hash import NO_DATE
from core.opendental.schema import USER_OD
from core.opendental.signals import SignalType
from core.practice.authorization import require_authorized
from core.practice.exclusive_lock import ExclusiveLocks
from core.practice.inspection import DatabaseProfile
from core.practice.journal import Intent, Journal, NoJournal
from core.practice.made_change import ChangeListener, LoggedChange, MadeChange, ignore_change
from core.practice.pending_changes import PendingChanges
from core.practice.row_writer import RowWriter
from core.practice.unit_of_work import LAST_ROW, Decision, LastRow, UnitOfWork, WriteMode

Clock = Callable[[], datetime]

NAMES_MAX_AGE = 60.0
"""The seconds for which the names of users are used again without being read."""


@dataclass(frozen=True)
class UserName:
    """The name of an Open Dental user; several users may have the same one."""

    number: int
    name: str
    hidden: bool


@dataclass(frozen=True)
class ReadOnly:
    """The reason nothing is written to a practice."""

    sentence: str
    hint: str


OPENED_READ_ONLY = ReadOnly(
    "This practice was opened read-only.",
    "To change it, start apisetup without --read-only, or take read_only out of the office.",
)


class Practice:
    """One open practice database.

    Args:
        engine: Connects to it.
        profile: Its tables, columns and engine.
        clock: The local time, used only where no server has a clock of its own (SQLite).
        random: Picks primary keys where the practice asks for random ones.
        read_only: Why no unit of work can be opened; None if one can.
        elapsed: The seconds since any moment, for the age of what was read.
    """

    def __init__(
        self,
        engine: Engine,
        profile: DatabaseProfile,
        clock: Clock,
        random: Random,
        *,
        read_only: ReadOnly | None = None,
        elapsed: Callable[[], float] = monotonic,
    ) -> None:
        self.engine = engine.execution_options(**{WITHOUT_TRANSACTIONS: profile.without_transactions})
        self.profile = profile
        self.read_only = read_only
        self._clock = clock
        self._writer = RowWriter(profile, random, self.now_expression)
        self._pending = PendingChanges(engine, profile, self._writer, self._after_resolved)
        self._locks = ExclusiveLocks(self.engine, profile)
        self._hashes_refused = False
        self.elapsed = elapsed
        self.changes = 0
        """The number of changes that were begun from here, so that what was read before counts as old."""
        self.user_names = Recent(self._read_user_names, NAMES_MAX_AGE, elapsed)
        """The users' names, read a moment ago."""
        self.on_change: ChangeListener = ignore_change
        """Called in the writing thread with each change that was made."""
        self.journal: Journal = NoJournal()
        """The journal in which changes are announced that no transaction protects."""

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Open a connection that reads, and refuses every statement that could write.

        Raises:
            PracticeUnavailable: The database can't be read now.
        """
        with translate_errors(), self._locks.connection() as connection:
            connection.execution_options(read_only=True)
            try:
                yield connection
            finally:
                # A connection that holds a lock stays open, and without the transaction of this reading.
                connection.rollback()
                connection.execution_options(read_only=False)

    @contextmanager
    def unit_of_work(
        self,
        actor: Actor,
        *events: AuditEvent,
        mode: WriteMode = WriteMode.PRACTICE_ONLY,
        once: bool = False,
        decide: Decision | None = None,
    ) -> Iterator[UnitOfWork]:
        """Open the one write path: check the user, write the audit rows, run the body, insert the signals, commit.

        There may be an audit row without a change, but never a change without its audit row. `WriteMode` describes
        the guarantee of each mode.

        Args:
            actor: Who makes the change.
            events: What the Audit Trail says of it, one row each.
            mode: What the body writes to.
            once: Don't make the change if it turns out that it was made before and only the answer was lost.
            decide: Decides about the events over the connection of the unit of work, instead of `events`. It may
                lock rows, and must change nothing.

        Raises:
            NotPermitted: The database user may not write; nothing was changed.
            NotAuthorized: The Open Dental user was deleted or hidden, or lost a permission; nothing was changed.
            AlreadyApplied: The change was made before.
            PracticeUnavailable: The database failed; the sentence says what became of the change.
        """
        if self.read_only is not None:
            raise NotPermitted(f"{self.read_only.sentence} {Outcome.NOTHING.value}", self.read_only.hint)
        log_first = mode is not WriteMode.PRACTICE_ONLY or not self.profile.transactional
        work = UnitOfWork(
            self._writer,
            actor,
            events,
            log_first=log_first,
            decide=decide,
            reads_last_row=log_first and self._journals_by_number,
        )
        self._pending.require_resolved(work.texts if once else ())
        with unchanged_on_error():
            self._pending.flush()
        opened = self._remote(work) if mode is WriteMode.REMOTE else self._in_practice(work)
        self.changes += 1
        with opened:
            try:
                yield work
            finally:
                self.changes += 1

    def require_authorized(self, actor: Actor, *events: AuditEvent) -> None:
        """Check that a user may still do what these events record.

        Raises:
            NotAuthorized: The user was deleted or hidden, or lost a permission.
        """
        with self.read() as connection:
            require_authorized(connection, actor, events, required=self.profile.required_permission)

    def exclusive(self, name: str, *, with_transactions: bool = False) -> AbstractContextManager[None]:
        """Hold a lock that every program on this practice waits for; see `ExclusiveLocks.hold`."""
        return self._locks.hold(name, with_transactions=with_transactions)

    def log_outcome(
        self, actor: Actor, logged: LoggedEvent, announced: int = 0, *, of_earlier_session: bool = False
    ) -> None:
        """Write what became of a remote change; a row that can't be written now is written later.

        Args:
            actor: Who made the change.
            logged: The outcome.
            announced: The number of the change in the journal.
            of_earlier_session: True if a killed process made the change.

        Raises:
            ApiSetupError: The row isn't written yet.
        """

        def on_written(number: int) -> None:
            self.journal.clear(announced)
            if logged.stage is Stage.DONE and not of_earlier_session:
                self.on_change(MadeChange(actor, (LoggedChange(number, logged.event),)))

        try:
            self._pending.write(actor, logged, on_written)
        except ApiSetupError:
            self.journal.set_outcome(announced, logged.text())
            raise

    def add_missing_hash(self, number: int) -> None:
        """Give an audit row of this program's own the hash that a killed process didn't write.

        Raises:
            PracticeUnavailable: It can't be written now.
        """
        with translate_errors(), self.engine.connect() as connection:
            self._writer.append_hashes(connection, [number])
            connection.commit()

    def send_signals(self, kinds: Iterable[SignalType]) -> None:
        """Have workstations drop caches, after a change whose process was killed before it told them.

        Raises:
            PracticeUnavailable: The signals can't be written now.
        """
        with translate_errors(), self.engine.connect() as connection:
            for kind in kinds:
                self._writer.insert_signal(connection, kind)
            connection.commit()

    def flush_outcomes(self) -> None:
        """Write the outcomes of remote changes that could not be written before.

        Raises:
            PracticeUnavailable: They still can't be written.
        """
        self._pending.flush()

    def resolve_pending(self) -> ResolvedChange | None:
        """Find out what became of a change whose answer was lost; None if there is none, or if nobody knows yet."""
        return self._pending.resolve()

    def now(self, connection: Connection) -> datetime:
        """Return the time by which this practice's rows are written: the server's clock where there is one."""
        if self.engine.dialect.name == "sqlite":
            return self._clock().replace(microsecond=0)
        moment = connection.scalar(select(func.now()))
        if not isinstance(moment, datetime):
            raise PracticeUnavailable("The server didn't return its time.")
        return moment

    def now_expression(self) -> ColumnElement[datetime] | datetime:
        """Return the value for a time column, so that the server's clock sets it where there is one."""
        if self.engine.dialect.name == "sqlite":
            return self._clock().replace(microsecond=0)
        return func.now()

    def _read_user_names(self) -> tuple[UserName, ...]:
        query = select(USER_OD.c.user_num, USER_OD.c.user_name, USER_OD.c.is_hidden).order_by(USER_OD.c.user_num)
        with self.read() as connection:
            return tuple(
                UserName(number, name or "", bool(hidden)) for number, name, hidden in connection.execute(query)
            )

    @contextmanager
    def _writing_connection(self) -> Iterator[Connection]:
        with self._locks.connection() as connection:
            try:
                yield connection
            finally:
                # Ends a change that failed, on a connection that holds a lock and stays open.
                connection.rollback()

    @contextmanager
    def _in_practice(self, work: UnitOfWork) -> Iterator[None]:
        try:
            with translate_errors(), self._writing_connection() as connection:
                work.prepare(connection)
                self._announce(work)
                work.write_audit_rows()
                if work.log_first:
                    connection.commit()
                work.begun = True
                yield
                work.send_signals()
                work.committing = True
                connection.commit()
            self.journal.clear(work.announced)
            self._report_change(work)
        except BaseException as error:
            self._remember_refused_hash(work, error)
            # Saying that it was not done would leave one more entry without a hash.
            outcome = Outcome.NOTHING if self._hashes_refused else self._pending.after_failure(work)
            if outcome is not Outcome.UNKNOWN and not self._left_rows(work):
                self.journal.clear(work.announced)
            if not isinstance(error, ApiSetupError):
                raise
            if outcome is Outcome.MADE:
                self._report_change(work)
                return
            if outcome is Outcome.UNKNOWN:
                sentence = f"{error.sentence} {outcome.value}"
                raise OutcomeUnknown(sentence, "Reload before you repeat it.") from error
            if isinstance(error, PracticeUnavailable | NotPermitted):
                raise type(error)(f"{error.sentence} {outcome.value}", error.hint) from error
            raise

    @contextmanager
    def _remote(self, work: UnitOfWork) -> Iterator[None]:
        # No connection stays in use: the body may wait for half a minute.
        try:
            with translate_errors(), self._writing_connection() as connection:
                work.prepare(connection)
                self._announce(work, Stage.ASKED)
                work.write_audit_rows(Stage.ASKED)
                connection.commit()
        except BaseException as error:
            self._remember_refused_hash(work, error)
            # If the row stands all the same, the next start says that nothing was asked.
            for event in work.events if work.announced else ():
                not_asked = LoggedEvent(event, Stage.NOT_DONE, Reason.NOT_ASKED.value)
                self.journal.set_outcome(work.announced, not_asked.text())
            raise
        yield

    def _report_change(self, work: UnitOfWork) -> None:
        entries = zip(work.rows, work.events, strict=True)
        self.on_change(MadeChange(work.actor, tuple(LoggedChange(row.number, event) for row, event in entries)))

    def _announce(self, work: UnitOfWork, stage: Stage = Stage.DONE) -> None:
        """Announce a change in the journal if a killed process could leave part of it."""
        if not work.log_first:
            return
        if self._hashes_refused:
            # Without this, each further try would leave an audit row without its hash.
            self._writer.require_hashes(work.connection)
            self._hashes_refused = False
        last = work.last_row or self._last_row(work.connection)
        texts = tuple(self._writer.fit_text(LoggedEvent(event, stage).text()) for event in work.events)
        computer = self._writer.fit_computer(work.actor.computer)
        remote = stage is Stage.ASKED
        work.announced = self.journal.announce(
            Intent(
                texts,
                work.actor.user_num,
                computer,
                last.number,
                last.time,
                remote,
                database=self.database_identity,
            )
        )

    @property
    def database_identity(self) -> str:
        """The server and database, to tell the intents of several practices apart."""
        return f"{self.profile.host}/{self.profile.database}"

    @property
    def _journals_by_number(self) -> bool:
        """True if changes are announced in a journal, and audit rows are numbered in order."""
        return not isinstance(self.journal, NoJournal) and self.profile.random_keys is None

    def _last_row(self, connection: Connection) -> LastRow:
        if isinstance(self.journal, NoJournal):
            return LastRow(0, NO_DATE)
        if self.profile.random_keys is not None:
            return LastRow(0, self.now(connection))
        return LastRow.of(connection.execute(select(*LAST_ROW)).one())

    def _after_resolved(self, work: UnitOfWork, outcome: Outcome) -> None:
        self.journal.clear(work.announced)
        if outcome is Outcome.MADE:
            self._report_change(work)

    def _left_rows(self, work: UnitOfWork) -> bool:
        """Return True if a failed change left an audit row without its hash, which no transaction took back."""
        return work.lacks_rows and not self.profile.transactional

    def _remember_refused_hash(self, work: UnitOfWork, error: BaseException) -> None:
        if isinstance(error, NotPermitted) and self._left_rows(work):
            self._hashes_refused = True


@contextmanager
def unchanged_on_error() -> Iterator[None]:
    """Read what a change needs first: if that fails, the error says that nothing was changed."""
    try:
        yield
    except PracticeUnavailable as error:
        raise type(error)(f"{error.sentence} {Outcome.NOTHING.value}", error.hint) from error
