"""Inserting rows the way this practice numbers them, and audit rows with their hashes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from random import Random
from typing import Any, cast

from sqlalchemy import Column, ColumnElement, Connection, CursorResult, false, insert, select
from sqlalchemy.exc import NoResultFound

from core.database.column_text import fit_to_column, fit_to_length
from core.model.actor import Actor
from core.model.logged_event import LoggedEvent
from core.opendental.column_types import NO_DATE_DEFAULT
from core.opendental.log_hash import NO_DATE, log_hash
from core.opendental.schema import SECURITY_LOG, SECURITY_LOG_HASH, SIGNAL_OD
from core.opendental.signals import SignalType
from core.practice.inspection import DatabaseProfile

_MAX_COMPUTER_LENGTH = 255


@dataclass(frozen=True)
class AuditRow:
    """An audit row as the database holds it."""

    number: int
    text: str
    moment: datetime
    """Its time, by the practice's clock."""


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

    @property
    def profile(self) -> DatabaseProfile:
        """The practice's tables and columns."""
        return self._profile

    def insert(self, connection: Connection, key: Column[int], **values: object) -> int:
        """Insert one row into the table of a primary key and return its key.

        The database numbers the row, unless this practice wants random keys; then an unused one is picked.
        """
        if self._profile.random_keys is not None:
            values[str(key.key)] = self._unused_key(connection, key, self._profile.random_keys)
        result = cast("CursorResult[Any]", connection.execute(insert(key.table).values(**values)))
        return int(cast("tuple[int]", result.inserted_primary_key)[0])

    def insert_signal(self, connection: Connection, kind: SignalType) -> None:
        """Insert a row that has workstations drop a cache."""
        self.insert(
            connection,
            SIGNAL_OD.c.signal_num,
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

    def append_audit_rows(self, connection: Connection, actor: Actor, logged: Sequence[LoggedEvent]) -> list[AuditRow]:
        """Insert audit rows and their hashes, which are taken from the rows as the database reads them back."""
        return self.append_hashes(connection, [self._insert_audit_row(connection, actor, each) for each in logged])

    def append_hashes(self, connection: Connection, numbers: Sequence[int]) -> list[AuditRow]:
        """Insert the hashes of audit rows, taken from the rows as the database reads them back.

        Raises:
            NoResultFound: A row is gone.
        """
        query = select(
            SECURITY_LOG.c.security_log_num,
            SECURITY_LOG.c.perm_type,
            SECURITY_LOG.c.user_num,
            SECURITY_LOG.c.log_date_time,
            SECURITY_LOG.c.log_text,
            SECURITY_LOG.c.pat_num,
            SECURITY_LOG.c.date_t_previous,
        )
        found = {
            row[0]: row for row in connection.execute(query.where(SECURITY_LOG.c.security_log_num.in_(numbers))).all()
        }
        if len(found) < len(numbers):
            raise NoResultFound
        hashes = [
            {"security_log_num": number, "log_hash": log_hash(row[1], row[2], row[3], row[4] or "", row[5], row[6])}
            for number in numbers
            for row in (found[number],)
        ]
        self._insert_hashes(connection, hashes)
        return [AuditRow(number, found[number][4] or "", found[number][3]) for number in numbers]

    def _insert_hashes(self, connection: Connection, hashes: Sequence[dict[str, object]]) -> None:
        if self._profile.random_keys is None:
            # One statement with several rows, not one for each.
            connection.execute(insert(SECURITY_LOG_HASH).values(hashes))
            return
        for each in hashes:
            self.insert(connection, SECURITY_LOG_HASH.c.security_log_hash_num, **each)

    def _insert_audit_row(self, connection: Connection, actor: Actor, logged: LoggedEvent) -> int:
        event = logged.event
        return self.insert(
            connection,
            SECURITY_LOG.c.security_log_num,
            perm_type=int(self._profile.recorded_as(event.permission)),
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

    def require_hashes(self, connection: Connection) -> None:
        """Have the server check the right to insert hashes, with a statement that inserts none."""
        columns = SECURITY_LOG_HASH.c.security_log_num, SECURITY_LOG_HASH.c.log_hash
        connection.execute(insert(SECURITY_LOG_HASH).from_select(list(columns), select(*columns).where(false())))

    def _unused_key(self, connection: Connection, key: Column[int], within: tuple[int, int]) -> int:
        while True:
            candidate = self._random.randint(*within)
            if connection.scalar(select(key).where(key == candidate)) is None:
                return candidate
