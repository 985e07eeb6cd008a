"""Changes whose answer was lost, and entries that could not be written yet."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from threading import Lock

from sqlalchemy import ColumnElement, Connection, Engine, or_, select

from core.base.errors import AlreadyApplied, ApiSetupError, OutcomeUnknown
from core.database.driver_errors import translate_errors
from core.model.actor import Actor
from core.model.audit_events import change_kinds, change_patterns
from core.model.logged_event import LoggedEvent, Stage
from core.model.resolved_change import Outcome, ResolvedChange
from core.opendental.schema import SECURITY_LOG
from core.practice.inspection import DatabaseProfile
from core.practice.row_writer import RowWriter
from core.practice.unit_of_work import UnitOfWork

_logger = logging.getLogger(__name__)

_CLOCK_SET_BACK_BY_AT_MOST = timedelta(hours=2)
"""Daylight saving ends by an hour; a change of the time zone by more than this is not expected during a change."""
_EARLIEST = datetime(1000, 1, 1)
"""An early time, for a row whose time can't be read."""


class PendingChanges:
    """Finds out what became of failed changes, and remembers the ones for which that isn't known yet.

    Args:
        engine: Connects to the practice.
        profile: The practice's tables.
        writer: Inserts audit rows.
        on_resolved: Called with a change and its outcome when that became known.
    """

    def __init__(
        self,
        engine: Engine,
        profile: DatabaseProfile,
        writer: RowWriter,
        on_resolved: Callable[[UnitOfWork, Outcome], None],
    ) -> None:
        self._on_resolved = on_resolved
        self._engine = engine
        self._profile = profile
        self._writer = writer
        self._pending: UnitOfWork | None = None
        self._unreported: ResolvedChange | None = None
        self._unwritten: list[tuple[Actor, LoggedEvent, Callable[[int], None]]] = []
        self._resolving = Lock()

    def resolve(self) -> ResolvedChange | None:
        """Find out what became of a change whose answer was lost, now that the server may be back.

        Returns:
            None if there is no such change, or if the server can't be asked yet.
        """
        with self._resolving:
            self._try_resolve()
            resolved, self._unreported = self._unreported, None
        return resolved

    def require_resolved(self, once: tuple[str, ...] = ()) -> None:
        """Let no change begin before it is known what became of the one before.

        Args:
            once: The audit texts of a change that must not be made twice.

        Raises:
            OutcomeUnknown: That is still not known.
            AlreadyApplied: The change before was this one, and it was made.
        """
        with self._resolving:
            resolved = self._try_resolve()
        if self._pending is not None:
            raise OutcomeUnknown(
                f"It is still unknown whether the previous change was made. {Outcome.NOTHING.value}",
                "Try again when the server answers.",
            )
        if resolved is not None and resolved.outcome is Outcome.MADE and resolved.texts == once:
            self._unreported = None
            raise AlreadyApplied

    def after_failure(self, work: UnitOfWork) -> Outcome:
        """Undo what a failed change left behind, and return what became of it; an unknown outcome is remembered."""
        outcome = self._find_outcome(work)
        if outcome is Outcome.UNKNOWN:
            self._pending = work
        return outcome

    def write(self, actor: Actor, logged: LoggedEvent, on_written: Callable[[int], None]) -> None:
        """Write the outcome of a remote change; if that fails now, `flush` writes it later.

        Args:
            actor: Who made the change.
            logged: The outcome.
            on_written: Called with the number of the row when it is written, now or later.

        Raises:
            ApiSetupError: The row isn't written yet.
        """
        try:
            self._write(actor, logged, on_written)
        except ApiSetupError:
            self._unwritten.append((actor, logged, on_written))
            raise

    def flush(self) -> None:
        """Write the rows that could not be written before.

        Raises:
            PracticeUnavailable: They still can't be written.
        """
        while self._unwritten:
            self._write(*self._unwritten[0])
            self._unwritten.pop(0)

    def _write(self, actor: Actor, logged: LoggedEvent, on_written: Callable[[int], None]) -> None:
        with translate_errors(), self._engine.connect() as connection:
            self._require_hashes(connection)
            (row,) = self._writer.append_audit_rows(connection, actor, [logged])
            connection.commit()
        on_written(row.number)

    def _try_resolve(self) -> ResolvedChange | None:
        work = self._pending
        if work is None:
            return None
        outcome = self._find_outcome(work, later=True)
        if outcome is Outcome.UNKNOWN:
            return None
        self._pending, self._unreported = None, ResolvedChange(work.texts, outcome)
        self._on_resolved(work, outcome)
        return self._unreported

    def _find_outcome(self, work: UnitOfWork, *, later: bool = False) -> Outcome:
        """Return what became of a failed change, after undoing what it left behind.

        Args:
            work: The change.
            later: Others may have changed the same values since.
        """
        if not work.prepared:
            return Outcome.NOTHING
        if work.log_first:
            return self._compensate(work, later=later)
        # A server's answer to the commit may be lost; SQLite's can't.
        if not work.committing or self._engine.dialect.name == "sqlite":
            return Outcome.NOTHING
        return self._look_up(work)

    def _look_up(self, work: UnitOfWork) -> Outcome:
        """Look for the audit row: it was committed in one transaction with the change."""
        first = work.rows[0]
        # A locking read waits for a transaction that the server hasn't ended yet, instead of not seeing its row.
        query = select(SECURITY_LOG.c.log_text).where(SECURITY_LOG.c.security_log_num == first.number)
        try:
            with translate_errors(), self._engine.connect() as connection:
                found = connection.scalars(query.with_for_update(read=True)).all()
        except Exception as error:
            # The first error is the one to report; this one only decides what can be said about it.
            _logger.warning("What became of a change is not known: %s", type(error).__name__, exc_info=error)
            return Outcome.UNKNOWN
        return Outcome.MADE if found == [first.text] else Outcome.NOTHING

    def _compensate(self, work: UnitOfWork, *, later: bool) -> Outcome:
        if not work.begun and self._profile.transactional:
            return Outcome.NOTHING
        try:
            with translate_errors(), self._engine.connect() as connection:
                if later and self._others_changed_since(connection, work):
                    work.write_outcome_rows(connection, Stage.UNKNOWN)
                    connection.commit()
                    return Outcome.LEFT
                work.compensate(connection)
                self._require_hashes(connection)
                work.write_outcome_rows(connection, Stage.NOT_DONE)
                if work.signalled:
                    # Workstations may have read what is undone now.
                    work.send_signals()
                connection.commit()
        except Exception as error:
            # As in `_look_up`.
            _logger.warning("A failed change could not be taken back: %s", type(error).__name__, exc_info=error)
            return Outcome.UNKNOWN if work.begun else Outcome.NOTHING
        return Outcome.COMPENSATED

    def _require_hashes(self, connection: Connection) -> None:
        """Refuse to write a row whose hash would be refused: without transactions the row would stay without it."""
        if not self._profile.transactional:
            self._writer.require_hashes(connection)

    def _others_changed_since(self, connection: Connection, work: UnitOfWork) -> bool:
        """Return True if settings or keys were changed since, so that the present values may be somebody else's."""
        if not work.rows:
            return False
        changes = select(SECURITY_LOG.c.security_log_num).where(
            self._is_after(connection, work.rows[0].number),
            SECURITY_LOG.c.perm_type.in_(change_kinds()),
            or_(*(SECURITY_LOG.c.log_text.like(pattern) for pattern in change_patterns())),
        )
        return not set(connection.scalars(changes)) <= {row.number for row in work.rows}

    def _is_after(self, connection: Connection, number: int) -> ColumnElement[bool]:
        """Return the condition for rows that were written after a row.

        The server's clock may have been set back since. So the order is that of the numbers; where those are random,
        rows of the hours before count, too, so that no later one is missed.
        """
        if self._profile.random_keys is None:
            return SECURITY_LOG.c.security_log_num > number
        began = connection.scalar(select(SECURITY_LOG.c.log_date_time).where(SECURITY_LOG.c.security_log_num == number))
        return SECURITY_LOG.c.log_date_time >= (began or _EARLIEST) - _CLOCK_SET_BACK_BY_AT_MOST
