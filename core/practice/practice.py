"""One open practice database: reading, and the one door for writes."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from random import Random
from threading import Lock
from typing import Any, cast

from sqlalchemy import ColumnElement, CursorResult, Engine, func, insert, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from core.base.errors import (
    AlreadyApplied,
    ApiSetupError,
    ConnectionLost,
    NotPermitted,
    OutcomeUnknown,
    PracticeUnavailable,
)
from core.database.column_text import fit_to_column, fit_to_length
from core.database.engines import translate_errors
from core.model.actor import Actor
from core.model.audit_events import CHANGES, NOT_DONE, UNKNOWN
from core.opendental.log_hash import NO_DATE, log_hash
from core.opendental.permission_types import Permission
from core.opendental.schema import SecurityLog, SecurityLogHash
from core.practice.inspection import DatabaseProfile
from core.practice.unit_of_work import Change, LogRow, Outcome, PendingChange, ResolvedChange

_logger = logging.getLogger(__name__)

Clock = Callable[[], datetime]


@dataclass(frozen=True)
class ReadOnly:
    """Why nothing is written to a practice."""

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
        profile: What the probe found.
        clock: The local time, used only where no server has a clock of its own (SQLite).
        random: Picks primary keys where the practice asks for random ones.
        read_only: Why the door stays shut; None where it opens.
    """

    def __init__(
        self,
        engine: Engine,
        profile: DatabaseProfile,
        clock: Clock,
        random: Random,
        *,
        read_only: ReadOnly | None = None,
    ) -> None:
        self.engine = engine
        self.profile = profile
        self.read_only = read_only
        self._clock = clock
        self._random = random
        self._pending: PendingChange | None = None
        self._unreported: ResolvedChange | None = None
        self._resolving = Lock()

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session that reads and refuses every statement that could write.

        Raises:
            PracticeUnavailable: The database cannot be read now.
        """
        with translate_errors(), self.engine.connect() as plain:
            connection = plain.execution_options(read_only=True)
            with Session(connection, autoflush=False) as session:
                yield session

    @contextmanager
    def change(
        self,
        actor: Actor,
        permission: Permission,
        *texts: str,
        spans_databases: bool = False,
        once: bool = False,
        log_source: int = 0,
    ) -> Iterator[Change]:
        """The one door: write the audit rows, then let the body change what it must, then signal and commit.

        With transactions all of it is one. Without them - MyISAM tables, or a body that also writes where this
        database's transaction does not reach - the audit rows are made lasting first. Then a body that fails is
        undone by the steps that it gave to `Change.add_compensation`, and a second audit row says that it was not done.
        So there may be an audit row without a change, never a change without its audit row.

        Args:
            actor: Who does it.
            permission: The kind of the audit rows; 258 becomes 8 where the column cannot hold it.
            texts: One audit row each; shortened or replaced visibly where the column cannot hold them.
            spans_databases: The body writes outside this database, too.
            once: It must not be made again where it turns out that it was made before, and only the answer was lost.
            log_source: Open Dental's number for where the audit rows come from.

        Raises:
            NotPermitted: The database user may not write; nothing was changed.
            AlreadyApplied: It was made before.
            PracticeUnavailable: The database failed; the sentence says what became of the change.
        """
        if self.read_only is not None:
            raise NotPermitted(f"{self.read_only.sentence} {Outcome.NOTHING.value}", self.read_only.hint)
        self._resolve_pending_first(texts if once else ())
        log_first = spans_databases or not self.profile.transactional
        pending = PendingChange(actor, permission, texts, Change(self.insert, self.now_expression), log_first)
        try:
            with translate_errors(), Session(self.engine, autoflush=False) as session:
                pending.change.session = session
                pending.rows = self._log(session, actor, permission, texts, log_source)
                if log_first:
                    session.commit()
                pending.change.begun = True
                yield pending.change
                pending.change.send_signals()
                pending.committing = True
                session.commit()
        except BaseException as error:
            outcome = self._find_outcome(pending)
            if outcome is Outcome.UNKNOWN:
                self._pending = pending
            if not isinstance(error, ApiSetupError):
                raise
            if outcome is Outcome.MADE:
                return
            if outcome is Outcome.UNKNOWN:
                raise OutcomeUnknown(f"{error.sentence} {outcome.value}", "Read again before you repeat it.") from error
            if isinstance(error, PracticeUnavailable | NotPermitted):
                raise type(error)(f"{error.sentence} {outcome.value}", error.hint) from error
            raise

    def note(self, actor: Actor, permission: Permission, text: str) -> None:
        """Write one audit row about something that is done elsewhere.

        Nothing belongs to it that could be taken back, so a lost answer is no riddle: the row is written once more, and
        two of them are better than none.

        Raises:
            NotPermitted: The database user may not write.
            PracticeUnavailable: The row may be missing.
        """
        if self.read_only is not None:
            raise NotPermitted(self.read_only.sentence, self.read_only.hint)
        try:
            self._write_note(actor, permission, text)
        except ConnectionLost:
            self._write_note(actor, permission, text)

    def require_resolved(self) -> None:
        """Refuse to go on while it is not known what became of the change before.

        Raises:
            OutcomeUnknown: Nobody knows yet.
        """
        self._resolve_pending_first(())

    def _write_note(self, actor: Actor, permission: Permission, text: str) -> None:
        with translate_errors(), Session(self.engine, autoflush=False) as session:
            self._log(session, actor, permission, (text,))
            session.commit()

    def resolve_pending(self) -> ResolvedChange | None:
        """Find out what became of a change whose answer was lost, now that the server may be back.

        Returns:
            None where there is no such change, or where the server cannot be asked yet.
        """
        with self._resolving:
            self._try_resolve()
            told, self._unreported = self._unreported, None
        return told

    def _resolve_pending_first(self, once: tuple[str, ...]) -> None:
        """Let no change begin before it is known what became of the one before, and make none of these twice."""
        with self._resolving:
            settled = self._try_resolve()
        if self._pending is not None:
            raise OutcomeUnknown(
                f"It is still not known whether the change before was made. {Outcome.NOTHING.value}",
                "Try again when the server answers.",
            )
        if settled is not None and settled.outcome is Outcome.MADE and settled.texts == once:
            self._unreported = None
            raise AlreadyApplied

    def _try_resolve(self) -> ResolvedChange | None:
        pending = self._pending
        if pending is None:
            return None
        outcome = self._find_outcome(pending, later=True)
        if outcome is Outcome.UNKNOWN:
            return None
        self._pending, self._unreported = None, ResolvedChange(pending.texts, outcome)
        return self._unreported

    def now(self, session: Session) -> datetime:
        """The time by which this practice's rows are written: the server's clock where there is one."""
        if self.engine.dialect.name == "sqlite":
            return self._clock().replace(microsecond=0)
        moment = session.scalar(select(func.now()))
        if not isinstance(moment, datetime):
            raise PracticeUnavailable("The server does not tell its time.")
        return moment

    def now_expression(self) -> ColumnElement[datetime] | datetime:
        """What to write into a time column, so that the server's clock sets it where there is one."""
        if self.engine.dialect.name == "sqlite":
            return self._clock().replace(microsecond=0)
        return func.now()

    def insert(self, session: Session, key: InstrumentedAttribute[int], **values: object) -> int:
        """Insert one row into the table of the given primary key, and give that key back.

        The database numbers the row, unless this practice wants random keys: then an unused one is picked.
        """
        table = key.class_
        if self.profile.random_keys is not None:
            values[str(key.key)] = self._unused_key(session, key, self.profile.random_keys)
        result = cast("CursorResult[Any]", session.execute(insert(table).values(**values)))
        return int(cast("tuple[int]", result.inserted_primary_key)[0])

    def _unused_key(self, session: Session, key: InstrumentedAttribute[int], within: tuple[int, int]) -> int:
        while True:
            candidate = self._random.randint(*within)
            if session.scalar(select(key).where(key == candidate)) is None:
                return candidate

    def _log(
        self, session: Session, actor: Actor, permission: Permission, texts: tuple[str, ...], log_source: int = 0
    ) -> list[LogRow]:
        """Write audit rows, each with the hash of the row as the database holds it."""
        written = []
        for text in texts:
            number = self._insert_log_row(session, actor, permission, text, log_source)
            row = session.execute(
                select(
                    SecurityLog.perm_type,
                    SecurityLog.user_num,
                    SecurityLog.log_date_time,
                    SecurityLog.log_text,
                    SecurityLog.pat_num,
                    SecurityLog.date_t_previous,
                ).where(SecurityLog.security_log_num == number)
            ).one()
            self.insert(
                session,
                SecurityLogHash.security_log_hash_num,
                security_log_num=number,
                log_hash=log_hash(row[0], row[1], row[2], row[3] or "", row[4], row[5]),
            )
            written.append(LogRow(number, row[3] or ""))
        return written

    def _insert_log_row(
        self, session: Session, actor: Actor, permission: Permission, text: str, log_source: int
    ) -> int:
        fits = permission <= self.profile.permission_at_most
        column = self.profile.log_text
        return self.insert(
            session,
            SecurityLog.security_log_num,
            perm_type=int(permission if fits else Permission.SETUP),
            user_num=actor.user_num,
            log_date_time=self.now_expression(),
            log_text=fit_to_column(text, column.bytes_at_most, column.character_set),
            pat_num=0,
            comp_name=fit_to_length(actor.computer, 255, column.character_set),
            f_key=0,
            log_source=log_source,
            def_num=0,
            def_num_error=0,
            date_t_previous=NO_DATE,
        )

    def _find_outcome(self, pending: PendingChange, *, later: bool = False) -> Outcome:
        """Tell what became of a change that failed, after taking back what it left behind.

        Args:
            pending: The change.
            later: Others may have worked on the same values since.
        """
        if pending.log_first:
            return self._compensate(pending, later=later)
        # A server's answer to the commit may be lost on its way; SQLite's cannot.
        if not pending.committing or self.engine.dialect.name == "sqlite":
            return Outcome.NOTHING
        return self._look_up(pending)

    def _look_up(self, pending: PendingChange) -> Outcome:
        """Look whether the audit row stands: in one transaction with it, the change stands or falls, too."""
        first = pending.rows[0]
        # Waits for a transaction that the server has not ended yet, instead of taking its row for missing.
        query = select(SecurityLog.log_text).where(SecurityLog.security_log_num == first.number)
        try:
            with translate_errors(), Session(self.engine, autoflush=False) as session:
                found = session.scalars(query.with_for_update(read=True)).all()
        except Exception as error:
            # The first error is the one to report; this one only decides what can be said about it.
            _logger.warning("What became of a change is not known: %s", type(error).__name__, exc_info=error)
            return Outcome.UNKNOWN
        return Outcome.MADE if found == [first.text] else Outcome.NOTHING

    def _compensate(self, pending: PendingChange, *, later: bool) -> Outcome:
        change = pending.change
        if not change.begun and self.profile.transactional:
            return Outcome.NOTHING
        try:
            with translate_errors(), Session(self.engine, autoflush=False) as session:
                if later and self._others_changed_since(session, pending):
                    self._log_again(session, pending, UNKNOWN)
                    session.commit()
                    return Outcome.LEFT
                change.session = session
                change.undo(session)
                self._log_again(session, pending, NOT_DONE)
                if change.signalled:
                    # Workstations may have read what is taken back now.
                    change.send_signals()
                session.commit()
        except Exception as error:
            # As above.
            _logger.warning("A failed change could not be taken back: %s", type(error).__name__, exc_info=error)
            return Outcome.UNKNOWN if change.begun else Outcome.NOTHING
        return Outcome.TAKEN_BACK

    def _log_again(self, session: Session, pending: PendingChange, prefix: str) -> None:
        self._log(session, pending.actor, pending.permission, tuple(prefix + text for text in pending.texts))

    def _others_changed_since(self, session: Session, pending: PendingChange) -> bool:
        """Whether settings or keys were changed since, so that what stands there now may be somebody else's."""
        if not pending.rows:
            return False
        began = select(SecurityLog.log_date_time).where(SecurityLog.security_log_num == pending.rows[0].number)
        changes = select(SecurityLog.security_log_num).where(
            SecurityLog.log_date_time >= began.scalar_subquery(),
            SecurityLog.perm_type == int(Permission.SETUP),
            or_(*(SecurityLog.log_text.like(pattern) for pattern in CHANGES)),
        )
        return not set(session.scalars(changes)) <= {row.number for row in pending.rows}


@contextmanager
def unchanged_on_error() -> Iterator[None]:
    """Reading that a change needs first: when it fails, the error says that nothing was changed."""
    try:
        yield
    except PracticeUnavailable as error:
        raise type(error)(f"{error.sentence} {Outcome.NOTHING.value}", error.hint) from error
