"""Inserting rows the way this practice numbers them, and audit rows with their hashes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from random import Random
from typing import Any, cast

from sqlalchemy import ColumnElement, CursorResult, false, insert, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from core.database.column_text import fit_to_column, fit_to_length
from core.model.actor import Actor
from core.model.logged_event import LoggedEvent
from core.opendental.log_hash import NO_DATE, log_hash
from core.opendental.permission_types import Permission
from core.opendental.schema import NO_DATE_DEFAULT, SecurityLog, SecurityLogHash, SignalOd
from core.opendental.signals import SignalType
from core.practice.inspection import DatabaseProfile

_MAX_COMPUTER_LENGTH = 255


@dataclass(frozen=True)
class AuditRow:
    """An audit row as the database holds it."""

    number: int
    text: str


class RowWriter:
    """Inserts rows into a practice.

    Args:
        profile: The practice's tables and columns.
        random: Picks primary keys where the practice asks for random ones.
        now: Gives the value for a time column: the server's clock where there is one.
    """

    def __init__(
        self, profile: DatabaseProfile, random: Random, now: Callable[[], ColumnElement[datetime] | datetime]
    ) -> None:
        self.now = now
        self._profile = profile
        self._random = random

    def insert(self, session: Session, key: InstrumentedAttribute[int], **values: object) -> int:
        """Insert one row into the table of a primary key and return its key.

        The database numbers the row, unless this practice wants random keys; then an unused one is picked.
        """
        if self._profile.random_keys is not None:
            values[str(key.key)] = self._unused_key(session, key, self._profile.random_keys)
        result = cast("CursorResult[Any]", session.execute(insert(key.class_).values(**values)))
        return int(cast("tuple[int]", result.inserted_primary_key)[0])

    def insert_signal(self, session: Session, kind: SignalType) -> None:
        """Insert a row that has workstations drop a cache."""
        self.insert(
            session,
            SignalOd.signal_num,
            date_viewing=NO_DATE_DEFAULT[:10],
            sig_date_time=self.now(),
            f_key=0,
            f_key_type="Undefined",
            i_type=int(kind),
            remote_role=0,
            msg_value="",
        )

    def fit_text(self, text: str) -> str:
        """Return the text of an audit row as its column holds it: shortened visibly if it is too long."""
        column = self._profile.log_text
        return fit_to_column(text, column.bytes_at_most, column.character_set)

    def fit_computer(self, computer: str) -> str:
        """Return the name of a computer as its column holds it."""
        return fit_to_length(computer, _MAX_COMPUTER_LENGTH, self._profile.log_text.character_set)

    def append_audit_row(self, session: Session, actor: Actor, logged: LoggedEvent) -> AuditRow:
        """Insert an audit row and its hash, which is taken from the row as the database reads it back."""
        return self.append_hash(session, self._insert_audit_row(session, actor, logged))

    def append_hash(self, session: Session, number: int) -> AuditRow:
        """Insert the hash of an audit row, taken from the row as the database reads it back."""
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
        return AuditRow(number, row[3] or "")

    def _insert_audit_row(self, session: Session, actor: Actor, logged: LoggedEvent) -> int:
        event = logged.event
        fits = event.permission <= self._profile.permission_at_most
        return self.insert(
            session,
            SecurityLog.security_log_num,
            perm_type=int(event.permission if fits else Permission.SETUP),
            user_num=actor.user_num,
            log_date_time=self.now(),
            log_text=self.fit_text(logged.text()),
            pat_num=0,
            comp_name=self.fit_computer(actor.computer),
            f_key=0,
            log_source=event.log_source,
            def_num=0,
            def_num_error=0,
            date_t_previous=NO_DATE,
        )

    def require_hashes(self, session: Session) -> None:
        """Have the server check the right to insert hashes, with a statement that inserts none."""
        columns = SecurityLogHash.security_log_num, SecurityLogHash.log_hash
        session.execute(insert(SecurityLogHash).from_select(list(columns), select(*columns).where(false())))

    def _unused_key(self, session: Session, key: InstrumentedAttribute[int], within: tuple[int, int]) -> int:
        while True:
            candidate = self._random.randint(*within)
            if session.scalar(select(key).where(key == candidate)) is None:
                return candidate
