"""One open practice database: reading, and the one door for writes."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from random import Random
from typing import Any, TypeVar, cast

from sqlalchemy import ColumnElement, CursorResult, Engine, func, insert, select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import InstrumentedAttribute, Session

from core.actor import Actor
from core.database import translated
from core.errors import ApiSetupError, NotPermitted, PracticeUnavailable, Unconfirmed
from core.fitting import fit, fit_characters
from core.opendental.log_hash import NO_DATE, log_hash
from core.opendental.permission_types import Permission
from core.opendental.probe import Shape
from core.opendental.signals import SignalType
from core.opendental.tables import NO_DATE_DEFAULT, SecurityLog, SecurityLogHash, SignalOd

_logger = logging.getLogger(__name__)

T = TypeVar("T")
Clock = Callable[[], datetime]
Undo = Callable[[Session], object]


@dataclass(frozen=True)
class ReadOnly:
    """Why nothing is written to a practice."""

    sentence: str
    hint: str


AS_ASKED = ReadOnly(
    "This practice was opened read-only.",
    "To change it, start apisetup without --read-only, or take read_only out of the office.",
)


class Practice:
    """One open practice database.

    Args:
        engine: Connects to it.
        shape: What the probe found.
        clock: The local time, used only where no server has a clock of its own (SQLite).
        random: Picks primary keys where the practice asks for random ones.
        read_only: Why the door stays shut; None where it opens.
    """

    def __init__(
        self, engine: Engine, shape: Shape, clock: Clock, random: Random, *, read_only: ReadOnly | None = None
    ) -> None:
        self.engine = engine
        self.shape = shape
        self.read_only = read_only
        self._clock = clock
        self._random = random

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session that reads and refuses every statement that could write.

        Raises:
            PracticeUnavailable: The database cannot be read now.
        """
        with translated(), self.engine.connect() as plain:
            connection = plain.execution_options(read_only=True)
            with Session(connection, autoflush=False) as session:
                yield session

    @contextmanager
    def change(
        self, actor: Actor, permission: Permission, *texts: str, reaches_outside: bool = False, log_source: int = 0
    ) -> Iterator[Change]:
        """The one door: write the audit rows, then let the body change what it must, then signal and commit.

        With transactions all of it is one. Without them - MyISAM tables, or a body that also writes where this
        database's transaction does not reach - the audit rows are made lasting first. Then a body that fails is
        undone by the steps that it gave to `Change.undo_with`, and a second audit row says that it was not done. So
        there may be an audit row without a change, never a change without its audit row.

        Args:
            actor: Who does it.
            permission: The kind of the audit rows; 258 becomes 8 where the column cannot hold it.
            texts: One audit row each; shortened or replaced visibly where the column cannot hold them.
            reaches_outside: The body writes outside this database, too.
            log_source: Open Dental's number for where the audit rows come from.

        Raises:
            NotPermitted: The database user may not write; nothing was changed.
            PracticeUnavailable: The database failed; the sentence says what became of the change.
        """
        if self.read_only is not None:
            raise NotPermitted(f"{self.read_only.sentence} {_NOTHING}", self.read_only.hint)
        logged_ahead = reaches_outside or not self.shape.transactional
        change = Change(self)
        committing = False
        try:
            with translated(), Session(self.engine, autoflush=False) as session:
                change.session = session
                self._log(session, actor, permission, texts, log_source)
                if logged_ahead:
                    session.commit()
                change.begun = True
                yield change
                change.send_signals()
                committing = True
                session.commit()
        except BaseException as error:
            fate = self._after_failure(actor, permission, texts, change, logged_ahead, committing)
            if not isinstance(error, ApiSetupError):
                raise
            if fate == _UNKNOWN:
                raise Unconfirmed(f"{error.sentence} {fate}", "Read again before you repeat it.") from error
            if isinstance(error, PracticeUnavailable | NotPermitted):
                raise type(error)(f"{error.sentence} {fate}", error.hint) from error
            raise

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
        if self.shape.random_keys is not None:
            values[str(key.key)] = self._unused_key(session, key, self.shape.random_keys)
        result = cast("CursorResult[Any]", session.execute(insert(table).values(**values)))
        return int(cast("tuple[int]", result.inserted_primary_key)[0])

    def _unused_key(self, session: Session, key: InstrumentedAttribute[int], within: tuple[int, int]) -> int:
        while True:
            candidate = self._random.randint(*within)
            if session.scalar(select(key).where(key == candidate)) is None:
                return candidate

    def _log(
        self, session: Session, actor: Actor, permission: Permission, texts: tuple[str, ...], log_source: int = 0
    ) -> None:
        """Write audit rows, each with the hash of the row as the database holds it."""
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

    def _insert_log_row(
        self, session: Session, actor: Actor, permission: Permission, text: str, log_source: int
    ) -> int:
        fits = permission <= self.shape.permission_at_most
        column = self.shape.log_text
        return self.insert(
            session,
            SecurityLog.security_log_num,
            perm_type=int(permission if fits else Permission.SETUP),
            user_num=actor.user_num,
            log_date_time=self.now_expression(),
            log_text=fit(text, column.bytes_at_most, column.character_set),
            pat_num=0,
            comp_name=fit_characters(actor.computer, 255, column.character_set),
            f_key=0,
            log_source=log_source,
            def_num=0,
            def_num_error=0,
            date_t_previous=NO_DATE,
        )

    def _after_failure(
        self,
        actor: Actor,
        permission: Permission,
        texts: tuple[str, ...],
        change: Change,
        logged_ahead: bool,
        committing: bool,
    ) -> str:
        """Undo what a failed change left behind, and tell what became of it in one sentence."""
        if not logged_ahead:
            # A server's answer to the commit may be lost on its way; SQLite's cannot.
            return _UNKNOWN if committing and self.engine.dialect.name != "sqlite" else _NOTHING
        if not change.begun and self.shape.transactional:
            return _NOTHING
        try:
            with translated(), Session(self.engine, autoflush=False) as session:
                change.undo(session)
                self._log(session, actor, permission, tuple(f"NOT DONE: {text}" for text in texts))
                session.commit()
        except Exception as error:
            # The first error is the one to report; this one only decides what can be said about it.
            _logger.warning("A failed change could not be taken back: %s", type(error).__name__, exc_info=error)
            return _UNKNOWN if change.begun else _NOTHING
        return "Nothing was changed, and the Audit Trail says so."


_NOTHING = "Nothing was changed."
_UNKNOWN = "It is not known whether the change was made."


@contextmanager
def before_the_change() -> Iterator[None]:
    """Reading that a change needs first: when it fails, the error says that nothing was changed."""
    try:
        yield
    except PracticeUnavailable as error:
        raise type(error)(f"{error.sentence} {_NOTHING}", error.hint) from error


class Change:
    """What the body of `Practice.change` works with.

    Attributes:
        session: Writes to the practice. Without transactions each statement lasts at once.
        begun: Whether the audit rows stand and the body may have done something.
    """

    session: Session

    def __init__(self, practice: Practice) -> None:
        self.begun = False
        self._practice = practice
        self._signals: list[SignalType] = []
        self._undo: list[Undo] = []

    def undo_with(self, step: Undo) -> None:
        """Say how to take back what is done next; used only where a transaction cannot.

        A step must do no harm where what it takes back did not happen, since an answer may be lost on its way.
        """
        self._undo.append(step)

    def attempt(self, step: Callable[[], T], undo: Undo) -> T:
        """Do one step that `undo` takes back; what the database refused for want of rights did not happen."""
        self.undo_with(undo)
        try:
            with translated():
                return step()
        except NotPermitted:
            self._undo.pop()
            raise

    def compare_and_set(
        self,
        column: InstrumentedAttribute[Any],
        key: InstrumentedAttribute[int],
        number: int,
        read: object,
        wanted: object,
    ) -> bool:
        """Set one column of one row if it still is what was read; whether it was."""
        statement = update(key.class_).where(key == number)
        result = self.attempt(
            lambda: self.session.execute(statement.where(column == read).values({column: wanted})),
            lambda session: session.execute(statement.where(column == wanted).values({column: read})),
        )
        done = cast("CursorResult[Any]", result).rowcount == 1
        if not done:
            self._undo.pop()
        return done

    def insert(self, key: InstrumentedAttribute[int], **values: object) -> int:
        """Insert one row into the table of the given primary key, and give that key back."""
        return self._practice.insert(self.session, key, **values)

    def signal(self, kind: SignalType) -> None:
        """Tell running workstations, after the body, that something of this kind changed."""
        if kind not in self._signals:
            self._signals.append(kind)

    def send_signals(self) -> None:
        """Insert the rows that the body asked for."""
        for kind in self._signals:
            self.insert(
                SignalOd.signal_num,
                date_viewing=NO_DATE_DEFAULT[:10],
                sig_date_time=self._practice.now_expression(),
                f_key=0,
                f_key_type="Undefined",
                i_type=int(kind),
                remote_role=0,
                msg_value="",
            )

    def undo(self, session: Session) -> None:
        """Take back what the body did, last step first; one that fails does not keep the others from their turn."""
        failures: list[Exception] = []
        for step in reversed(self._undo):
            try:
                step(session)
            except (ApiSetupError, SQLAlchemyError) as error:
                failures.append(error)
        if failures:
            raise failures[0]
