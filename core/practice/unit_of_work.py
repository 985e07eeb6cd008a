"""A change on its way through the one door: what its body works with, and what became of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Any, Protocol, TypeVar, cast

from sqlalchemy import ColumnElement, CursorResult, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import InstrumentedAttribute, Session

from core.base.errors import ApiSetupError, NotPermitted
from core.database.engines import translate_errors
from core.model.actor import Actor
from core.opendental.permission_types import Permission
from core.opendental.schema import NO_DATE_DEFAULT, SignalOd
from core.opendental.signals import SignalType

T = TypeVar("T")
Undo = Callable[[Session], object]


class Insert(Protocol):
    """Inserts one row, and gives its primary key."""

    def __call__(self, session: Session, key: InstrumentedAttribute[int], **values: object) -> int: ...


class Change:
    """What the body of `Practice.change` works with.

    Args:
        insert: Inserts one row in the way of this practice.
        now: What to write into a time column.

    Attributes:
        session: Writes to the practice. Without transactions each statement lasts at once.
        begun: Whether the audit rows stand and the body may have done something.
        signalled: Whether workstations may have been told already.
    """

    session: Session

    def __init__(self, insert: Insert, now: Callable[[], ColumnElement[datetime] | datetime]) -> None:
        self.begun = self.signalled = False
        self._insert = insert
        self._now = now
        self._signals: list[SignalType] = []
        self._undo: list[Undo] = []

    def add_compensation(self, step: Undo) -> None:
        """Say how to take back what is done next; used only where a transaction cannot.

        A step must do no harm where what it takes back did not happen, since an answer may be lost on its way.
        """
        self._undo.append(step)

    def run_compensated(self, step: Callable[[], T], undo: Undo) -> T:
        """Do one step that `undo` takes back; what the database refused for want of rights did not happen."""
        self.add_compensation(undo)
        try:
            with translate_errors():
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
        result = self.run_compensated(
            lambda: self.session.execute(statement.where(column == read).values({column: wanted})),
            lambda session: session.execute(statement.where(column == wanted).values({column: read})),
        )
        done = cast("CursorResult[Any]", result).rowcount == 1
        if not done:
            self._undo.pop()
        return done

    def insert(self, key: InstrumentedAttribute[int], **values: object) -> int:
        """Insert one row into the table of the given primary key, and give that key back."""
        return self._insert(self.session, key, **values)

    def signal(self, kind: SignalType) -> None:
        """Tell running workstations, after the body, that something of this kind changed."""
        if kind not in self._signals:
            self._signals.append(kind)

    def send_signals(self) -> None:
        """Insert the rows that the body asked for."""
        self.signalled = bool(self._signals)
        for kind in self._signals:
            self.insert(
                SignalOd.signal_num,
                date_viewing=NO_DATE_DEFAULT[:10],
                sig_date_time=self._now(),
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


class Outcome(Enum):
    """What became of a change that failed, in words."""

    NOTHING = "Nothing was changed."
    TAKEN_BACK = "Nothing was changed, and the Audit Trail says so."
    MADE = "It was made all the same."
    LEFT = "Nobody knows whether it was made, and since then others made changes, so nothing was taken back."
    UNKNOWN = "It is not known whether the change was made."


@dataclass(frozen=True)
class ResolvedChange:
    """A change whose answer was lost, and what is known of it since."""

    texts: tuple[str, ...]
    """What the Audit Trail says of it."""
    outcome: Outcome

    @property
    def sentence(self) -> str:
        """What an admin has to know."""
        texts = "; ".join(self.texts)
        if self.outcome is Outcome.LEFT:
            return f"{self.outcome.value} Look at the values, and at the Audit Trail: {texts}"
        made = "was made" if self.outcome is Outcome.MADE else "was not made"
        return f"The change whose answer was lost {made}: {texts}"


@dataclass(frozen=True)
class LogRow:
    """An audit row as it was written."""

    number: int
    text: str
    """As the column holds it."""


@dataclass
class PendingChange:
    """A change on its way, as far as it came.

    Attributes:
        log_first: Its audit rows are made lasting before the body begins.
        rows: Those audit rows.
        committing: Nothing was left to do but to make all of it lasting.
    """

    actor: Actor
    permission: Permission
    texts: tuple[str, ...]
    change: Change
    log_first: bool
    rows: list[LogRow] = field(default_factory=list)
    committing: bool = False
