"""The journal of intents in the companion, shared by all programs that use it.

An intent is abandoned if its writer has ended. On one computer, lock files show that (`core.companion.writer_locks`);
on a server that several computers share, confirmations in the journal (`core.companion.heartbeat`).
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, cast

from sqlalchemy import CursorResult, delete, insert, literal, select, update

from core.base.errors import ApiSetupError, StorageFailed
from core.companion.heartbeat import RENEW_SECONDS, Heartbeat, is_over, server_seconds
from core.companion.store import Companion
from core.companion.tables.journal import JOURNAL_ENTRY
from core.companion.writer_locks import WriterLocks
from core.practice.journal import Intent

_logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class AbandonedIntent:
    """An intent whose program has ended."""

    number: int
    writer: str
    intent: Intent
    renewed_at: int | None = None
    """The last confirmation of the program, on a server."""


class CompanionJournal:
    """Keeps intents in the companion.

    Args:
        companion: The companion.
        locks: The lock files of the programs on this computer.
        renew_seconds: The time between two confirmations, on a server.
    """

    def __init__(self, companion: Companion, locks: WriterLocks, renew_seconds: float = RENEW_SECONDS) -> None:
        self._companion = companion
        self._locks = locks
        self._writer = secrets.token_hex(8)
        self._open: set[int] = set()
        self._heartbeat = Heartbeat(self._renew, renew_seconds) if companion.on_server else None

    def announce(self, intent: Intent) -> int:
        """Record an intent durably, and return its number; 0 if the companion can't be written.

        The change is made all the same then: cutting off a key matters more than being able to settle it after a kill.
        """
        try:
            self._locks.hold(self._writer)
            with self._companion.write() as connection:
                values: dict[str, Any] = {"writer": self._writer, "intent": _as_json(intent)}
                if self._companion.on_server:
                    values["renewed_at"] = server_seconds(connection)
                inserted = cast("CursorResult[Any]", connection.execute(insert(JOURNAL_ENTRY).values(**values)))
                number = int(cast("tuple[int]", inserted.inserted_primary_key)[0])
        except (ApiSetupError, OSError) as error:
            _logger.warning("A change could not be announced in the journal: %s", error)
            return 0
        self._confirm_from_now_on(number)
        return number

    def set_outcome(self, number: int, text: str) -> None:
        """Record the outcome of a remote change that can't be logged now."""
        with _logging_failures("completed"), self._companion.write() as connection:
            is_entry = JOURNAL_ENTRY.c.number == number
            kept = connection.scalar(select(JOURNAL_ENTRY.c.intent).where(is_entry))
            if kept is not None:
                connection.execute(update(JOURNAL_ENTRY).where(is_entry).values(intent={**kept, "outcome": text}))

    def clear(self, number: int) -> None:
        """Remove an intent whose outcome is known and logged."""
        if not number:
            return
        with _logging_failures("cleared"), self._companion.write() as connection:
            connection.execute(delete(JOURNAL_ENTRY).where(JOURNAL_ENTRY.c.number == number))
        self._open.discard(number)

    def abandoned(self) -> tuple[AbandonedIntent, ...]:
        """Return the intents whose programs have ended, oldest first.

        Raises:
            PracticeUnavailable: The companion can't be read.
        """
        columns = JOURNAL_ENTRY.c
        with self._companion.read() as connection:
            now = server_seconds(connection) if self._companion.on_server else literal(0)
            rows = connection.execute(
                select(columns.number, columns.writer, columns.intent, columns.renewed_at, now)
            ).all()
        others = {row[1]: (row[3], row[4]) for row in rows if row[1] != self._writer}
        ended = {writer for writer, (renewed_at, now) in others.items() if self._has_ended(writer, renewed_at, now)}
        found = []
        for number, writer, kept, renewed_at, _now in sorted(rows, key=lambda row: row[0]):
            try:
                found += [AbandonedIntent(number, writer, _intent(kept), renewed_at)] if writer in ended else []
            except (TypeError, KeyError, ValueError) as error:
                _logger.warning("Intent %d in the journal can't be read: %s", number, type(error).__name__)
        return tuple(found)

    def adopt(self, abandoned: AbandonedIntent) -> bool:
        """Make an abandoned intent this program's own, so that no other settles it; False if another was faster.

        Raises:
            PracticeUnavailable: The companion can't be written.
        """
        try:
            self._locks.hold(self._writer)
        except OSError as error:
            raise StorageFailed(
                f"The lock file in {self._locks.directory} can't be created: {error.strerror}.",
                "Check the directory's permissions and the disk's free space.",
            ) from error
        columns = JOURNAL_ENTRY.c
        held = [columns.number == abandoned.number, columns.writer == abandoned.writer]
        with self._companion.write() as connection:
            values: dict[str, Any] = {"writer": self._writer}
            if self._companion.on_server:
                # If it has confirmed since, it is running after all.
                held.append(columns.renewed_at == abandoned.renewed_at)
                values["renewed_at"] = server_seconds(connection)
            change = update(JOURNAL_ENTRY).where(*held).values(**values)
            is_ours = cast("CursorResult[Any]", connection.execute(change)).rowcount == 1
        if is_ours:
            self._confirm_from_now_on(abandoned.number)
        return is_ours

    def close(self) -> None:
        """Release this program's lock; what it still has announced counts as abandoned from now on."""
        if self._heartbeat is not None:
            self._heartbeat.stop()
            if self._open:
                with _logging_failures("released"), self._companion.write() as connection:
                    ours = JOURNAL_ENTRY.c.writer == self._writer
                    connection.execute(update(JOURNAL_ENTRY).where(ours).values(renewed_at=0))
        self._locks.release()

    def _confirm_from_now_on(self, number: int) -> None:
        self._open.add(number)
        if self._heartbeat is not None:
            self._heartbeat.start()

    def _renew(self) -> bool:
        with self._companion.write() as connection:
            ours = JOURNAL_ENTRY.c.writer == self._writer
            change = update(JOURNAL_ENTRY).where(ours).values(renewed_at=server_seconds(connection))
            renewed = cast("CursorResult[Any]", connection.execute(change)).rowcount
            return renewed > 0

    def _has_ended(self, writer: str, renewed_at: int | None, now: int) -> bool:
        free = self._locks.is_free(writer)
        if free is not None:
            return free
        # On a server, a program without a lock file here is one on another computer.
        return is_over(renewed_at, now) if self._companion.on_server else True


@contextmanager
def _logging_failures(what: str) -> Iterator[None]:
    """Log an error of the companion instead of raising it: the change itself is made and logged."""
    try:
        yield
    except ApiSetupError as error:
        _logger.warning("An intent in the journal could not be %s: %s", what, error)


def _as_json(intent: Intent) -> dict[str, Any]:
    return {**asdict(intent), "texts": list(intent.texts), "began": intent.began.isoformat()}


def _intent(kept: dict[str, Any]) -> Intent:
    return Intent(**{**kept, "texts": tuple(kept["texts"]), "began": datetime.fromisoformat(kept["began"])})
