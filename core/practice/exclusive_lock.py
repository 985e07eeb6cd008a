"""Locks that every program on a practice waits for."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock, local
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, func, select
from sqlalchemy.exc import SQLAlchemyError

from core.base.errors import PracticeUnavailable
from core.database.driver_errors import translate_errors
from core.practice.inspection import DatabaseProfile

_LOCK_SECONDS = 10
"""The longest wait for a lock."""


class ExclusiveLocks:
    """Named locks of the server. The connection that holds one is used for everything in between.

    Args:
        engine: Connects to the practice.
        profile: The practice's database and storage engine.
    """

    def __init__(self, engine: Engine, profile: DatabaseProfile) -> None:
        self._engine = engine
        self._profile = profile
        self._in_process = Lock()
        self._held = local()

    @contextmanager
    def hold(self, name: str, *, with_transactions: bool = False) -> Iterator[None]:
        """Hold a lock. Don't nest it.

        An SQLite file needs none: its writing transactions exclude each other.

        Args:
            name: What is locked.
            with_transactions: Lock even if the server has transactions; they lock only rows that exist.

        Raises:
            PracticeUnavailable: Another session held the lock for too long.
        """
        is_file = self._engine.dialect.name == "sqlite"
        if is_file or (self._profile.transactional and not with_transactions):
            yield
            return
        # One thread of this process at a time, since waiting connections must not use up the pool.
        if not self._in_process.acquire(timeout=_LOCK_SECONDS):
            raise _still_locked()
        try:
            with translate_errors(), self._engine.connect() as connection, self._held_by(connection, name):
                yield
        finally:
            self._in_process.release()

    @contextmanager
    def connection(self) -> Iterator[Connection]:
        """Connect, or use the connection of this thread that holds a lock."""
        holder: Connection | None = getattr(self._held, "connection", None)
        if holder is not None:
            yield holder
            return
        with self._engine.connect() as connection:
            yield connection

    @contextmanager
    def _held_by(self, connection: Connection, name: str) -> Iterator[None]:
        # The server's names have 64 characters at most, and are shared by all of its databases.
        lock = hashlib.sha256(f"apisetup {self._profile.database} {name}".encode()).hexdigest()
        if _outside_transaction(connection, func.get_lock(lock, _LOCK_SECONDS)) != 1:
            raise _still_locked()
        self._held.connection = connection
        try:
            yield
        finally:
            del self._held.connection
            _release(connection, lock)


def _outside_transaction(connection: Connection, function: ColumnElement[Any]) -> object:
    """Call a function of the server on a connection that has begun no transaction, and begin none."""
    connection.execution_options(read_only=True)
    try:
        return connection.scalar(select(function))
    finally:
        connection.rollback()
        connection.execution_options(read_only=False)


def _release(connection: Connection, lock: str) -> None:
    try:
        _outside_transaction(connection, func.release_lock(lock))
    except SQLAlchemyError:
        # The server releases it at the end of the connection.
        connection.invalidate()


def _still_locked() -> PracticeUnavailable:
    return PracticeUnavailable("Another program is making the same change right now.", "Try again in a moment.")
