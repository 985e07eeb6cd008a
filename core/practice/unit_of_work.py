"""The unit of work: one audited change, and the only way in which a practice is written to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto
from typing import Any, TypeVar, cast

from sqlalchemy import Column, ColumnElement, Connection, CursorResult, Delete, Update, func, select, update
from sqlalchemy.exc import SQLAlchemyError

from core.base.errors import ApiSetupError, NotPermitted
from core.database.driver_errors import translate_errors
from core.model.actor import Actor
from core.model.logged_event import AuditEvent, LoggedEvent, Stage
from core.opendental.schema import SECURITY_LOG
from core.opendental.signals import SignalType
from core.practice.authorization import require_authorized
from core.practice.row_writer import AuditRow, RowWriter

T = TypeVar("T")
Compensation = Callable[[Connection], object]
LAST_ROW: tuple[ColumnElement[Any], ...] = (
    select(func.max(SECURITY_LOG.c.security_log_num)).scalar_subquery(),
    func.now(),
)
"""The largest number of an audit row, and the server's time: the values of `LastRow` as columns of any query."""


@dataclass(frozen=True)
class LastRow:
    """The position after which a change writes its audit rows."""

    number: int
    """The largest number of an audit row; 0 if numbers are random, or if there is none."""
    time: datetime

    @classmethod
    def of(cls, values: Sequence[Any]) -> LastRow:
        """Return the position from the values of `LAST_ROW`."""
        number, time = values
        return LastRow(int(number or 0), time)


@dataclass(frozen=True)
class Decided:
    """The events of a unit of work, decided over its connection by whoever checked what the user may do."""

    events: tuple[AuditEvent, ...]
    last_row: LastRow | None
    """The position, if it was read in passing."""


Decision = Callable[[Connection], Decided]
"""Reads over the connection of a unit of work, and returns what the Audit Trail is to say of it."""


class WriteMode(Enum):
    """The guarantee that a unit of work can give, by what its body writes to."""

    PRACTICE_ONLY = auto()
    """The body writes to the practice only.

    With transactions, audit rows and changes are committed together. Without them (MyISAM) the audit rows come first.
    """
    SPANS_DATABASES = auto()
    """The body also writes where the practice's transaction doesn't reach: a companion database, or a file.

    The audit rows are committed first. A body that fails is undone by its compensations, and `NOT DONE` rows follow.
    """
    REMOTE = auto()
    """The body asks somebody outside to change something, which can't be undone from here.

    An `ASKED` row is committed first; no transaction is open while the body waits for the answer. The body reports
    what became of it to `Practice.log_outcome`, which writes a row of its own. If the process dies in between, the
    `ASKED` row stands alone. If the outcome can't be written now, it's written before the next unit of work begins.
    """


class UnitOfWork:
    """One audited change; `Practice.unit_of_work` opens it.

    Args:
        writer: Inserts rows.
        actor: Who makes the change.
        events: What the Audit Trail says of it, one row each.
        log_first: The audit rows are committed before the body begins.
        decide: Decides about the events over the connection of the unit of work, instead of `events`.
        reads_last_row: Read the position of the audit rows along with the user's permissions.

    Attributes:
        connection: Writes to the practice. Without transactions each statement takes effect at once.
        last_row: The position after which the audit rows are written; None if it wasn't read.
        announced: The number of its intent in the journal; 0 for none.
        rows: The audit rows that were written, each with its hash.
        prepared: True once audit rows may have been written.
        begun: True once the audit rows are written and the body may have done something.
        signalled: True if workstations may have been told already.
        committing: True once nothing is left to do but the last commit.
        companion_committing: True once the companion was told to commit what the body wrote to it. Until then, its own
            transaction undoes that.
    """

    connection: Connection

    def __init__(
        self,
        writer: RowWriter,
        actor: Actor,
        events: tuple[AuditEvent, ...],
        *,
        log_first: bool,
        decide: Decision | None = None,
        reads_last_row: bool = False,
    ) -> None:
        self.actor = actor
        self.last_row: LastRow | None = None
        self._reads_last_row = reads_last_row
        self.events = events
        self.log_first = log_first
        self.announced = 0
        self.rows: list[AuditRow] = []
        self._decide = decide
        self.prepared = self.begun = self.signalled = self.committing = self.companion_committing = False
        self._writer = writer
        self._signals: list[SignalType] = []
        self._compensations: list[Compensation] = []

    @property
    def texts(self) -> tuple[str, ...]:
        """The texts of the audit rows."""
        return tuple(event.text() for event in self.events)

    # -- for the body ------------------------------------------------------------

    def add_compensation(self, step: Compensation) -> None:
        """Register how to undo the body's next step; used only where a transaction can't undo it.

        A compensation must do no harm if its step did not happen, since the answer to the step may have been lost.
        """
        self._compensations.append(step)

    def run_compensated(self, step: Callable[[], T], compensation: Compensation) -> T:
        """Run one step that a compensation undoes.

        Raises:
            NotPermitted: The database refused the step, so it did not happen and nothing has to be undone.
        """
        self.add_compensation(compensation)
        try:
            with translate_errors():
                return step()
        except NotPermitted:
            self._compensations.pop()
            raise

    def compare_and_set(
        self,
        column: Column[Any],
        key: Column[int],
        number: int,
        read: object,
        wanted: object,
    ) -> bool:
        """Set one column of one row if it still has the value that was read.

        Returns:
            False if the row has another value by now, or is gone; then nothing was written.
        """
        statement = update(key.table).where(key == number)
        result = self.run_compensated(
            lambda: self.connection.execute(statement.where(column == read).values({column: wanted})),
            lambda connection: connection.execute(statement.where(column == wanted).values({column: read})),
        )
        is_set = cast("CursorResult[Any]", result).rowcount == 1
        if not is_set:
            self._compensations.pop()
        return is_set

    def insert(self, key: Column[int], **values: object) -> int:
        """Insert one row into the table of a primary key and return its key."""
        return self._writer.insert(self.connection, key, **values)

    def change_row(self, statement: Update | Delete, compensation: Compensation) -> bool:
        """Execute a statement that changes or deletes one row if that row is still what was read.

        Returns:
            False if it changed no row; then nothing was written.
        """
        return self.change_rows(statement, 1, compensation)

    def change_rows(self, statement: Update | Delete, count: int, compensation: Compensation) -> bool:
        """Execute a statement that changes or deletes rows if all of them are still what was read.

        Returns:
            False if it changed fewer rows. Those that it changed are changed back if the unit of work then fails.
        """
        result = self.run_compensated(lambda: self.connection.execute(statement), compensation)
        changed = cast("CursorResult[Any]", result).rowcount
        if not changed:
            self._compensations.pop()
        return changed == count

    def signal(self, kind: SignalType) -> None:
        """Have running workstations told, after the body, to drop a cache."""
        if kind not in self._signals:
            self._signals.append(kind)

    # -- for the practice --------------------------------------------------------

    def prepare(self, connection: Connection) -> None:
        """Decide about the events, and check that the user may still make the change.

        Raises:
            NotAuthorized: The user may not; nothing was written.
        """
        self.connection = connection
        if self._decide is not None:
            decided = self._decide(connection)
            self.events, self.last_row = decided.events, decided.last_row
            return
        also = LAST_ROW if self._reads_last_row else ()
        required = self._writer.profile.required_permission
        values = require_authorized(connection, self.actor, self.events, *also, required=required)
        self.last_row = LastRow.of(values) if values else None

    def write_audit_rows(self, stage: Stage = Stage.DONE) -> None:
        """Write the audit rows; the body works with the same connection."""
        self.prepared = True
        logged = [LoggedEvent(event, stage) for event in self.events]
        self.rows += self._writer.append_audit_rows(self.connection, self.actor, logged)

    @property
    def lacks_rows(self) -> bool:
        """True if some audit rows were written and others not, or one without its hash."""
        return self.prepared and len(self.rows) < len(self.events)

    def write_outcome_rows(self, connection: Connection, stage: Stage) -> None:
        """Write audit rows which say that the change was not done, or that nobody knows."""
        self._writer.append_audit_rows(connection, self.actor, [LoggedEvent(event, stage) for event in self.events])

    def send_signals(self) -> None:
        """Insert the signal rows that the body asked for."""
        self.signalled = bool(self._signals)
        for kind in self._signals:
            self._writer.insert_signal(self.connection, kind)

    def compensate(self, connection: Connection) -> None:
        """Undo what the body did, last step first. A step that fails doesn't keep the others from being undone."""
        self.connection = connection
        failures: list[Exception] = []
        for step in reversed(self._compensations):
            try:
                step(connection)
            except (ApiSetupError, SQLAlchemyError) as error:
                failures.append(error)
        if failures:
            raise failures[0]
