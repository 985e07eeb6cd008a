"""Telling which changes in several offices are being made now, in a companion that several admins share.

The program that makes a change confirms every few seconds that it still runs (`core.companion.heartbeat`). On one
computer, its lock file shows at once that it has ended.
"""

from __future__ import annotations

import secrets
from typing import Any, cast

from sqlalchemy import Connection, CursorResult, delete, insert, select, update

from core.base.errors import OperationNotAllowed, StorageFailed
from core.companion.heartbeat import RENEW_SECONDS, Heartbeat, is_over, server_seconds
from core.companion.store import Companion
from core.companion.tables.fleet import FLEET_WRITER
from core.companion.writer_locks import WriterLocks

_Columns = FLEET_WRITER.c


class RunWriters:
    """The programs that make changes in several offices, each known by the number of its receipt.

    Args:
        companion: The companion on a server.
        locks: The lock files of the programs on this computer.
        renew_seconds: The time between two confirmations.
    """

    def __init__(self, companion: Companion, locks: WriterLocks, renew_seconds: float = RENEW_SECONDS) -> None:
        self._companion = companion
        self._locks = locks
        self._writer = secrets.token_hex(8)
        self._heartbeat = Heartbeat(self._renew, renew_seconds)

    def take(self, connection: Connection, receipt: str) -> None:
        """Make a change this program's own as part of a transaction, and confirm from now on that it runs.

        Args:
            connection: To the companion, in a transaction.
            receipt: The number of its receipt.

        Raises:
            OperationNotAllowed: Another program is making this change.
            StorageFailed: The lock file can't be created.
        """
        if receipt in self.running(connection):
            raise OperationNotAllowed(
                "Another apisetup is making this change now. Nothing was changed.",
                "Wait until it ends, then look at the list of offices again.",
            )
        try:
            self._locks.hold(self._writer)
        except OSError as error:
            raise StorageFailed(
                f"A lock file in {self._locks.directory} can't be created: {error.strerror}.",
                "Check the directory's permissions and the disk's free space.",
            ) from error
        connection.execute(delete(FLEET_WRITER).where(_Columns.receipt == receipt))
        values = {"receipt": receipt, "writer": self._writer, "renewed_at": server_seconds(connection)}
        connection.execute(insert(FLEET_WRITER).values(**values))
        self._heartbeat.start()

    def running(self, connection: Connection) -> frozenset[str]:
        """Return the receipts of the changes that other programs are making now."""
        rows = connection.execute(
            select(_Columns.receipt, _Columns.writer, _Columns.renewed_at, server_seconds(connection))
        ).all()
        others = [row for row in rows if row[1] != self._writer]
        return frozenset(row[0] for row in others if self._runs(row[1], row[2], row[3]))

    def release(self) -> None:
        """Leave this program's changes to whoever continues them.

        Raises:
            PracticeUnavailable: The companion can't be written. The confirmations end with the program.
        """
        try:
            with self._companion.write() as connection:
                connection.execute(delete(FLEET_WRITER).where(_Columns.writer == self._writer))
        finally:
            self._locks.release()

    def close(self) -> None:
        """End the confirmations, and release the lock file."""
        self._heartbeat.stop()
        self._locks.release()

    def _renew(self) -> bool:
        with self._companion.write() as connection:
            ours = _Columns.writer == self._writer
            change = update(FLEET_WRITER).where(ours).values(renewed_at=server_seconds(connection))
            return cast("CursorResult[Any]", connection.execute(change)).rowcount > 0

    def _runs(self, writer: str, renewed_at: int, now: int) -> bool:
        free = self._locks.is_free(writer)
        return not is_over(renewed_at, now) if free is None else not free
