"""The journal of intents in the companion, shared by all programs that use it.

Each program holds a lock on a file of its own for as long as it runs; the system releases it when the process ends,
however it ends. So an intent is abandoned if the lock of its writer can be taken.
"""

from __future__ import annotations

import fcntl
import logging
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from threading import Lock
from typing import Any, cast

from sqlalchemy import CursorResult, delete, insert, select, update

from core.base.errors import ApiSetupError, StorageFailed
from core.companion.store import Companion
from core.companion.tables import JOURNAL_ENTRY
from core.practice.journal import Intent

_logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class AbandonedIntent:
    """An intent whose program has ended."""

    number: int
    writer: str
    intent: Intent


class CompanionJournal:
    """Keeps intents in the companion.

    Args:
        companion: The companion, a file.
        path: Its path; the lock files are next to it.
    """

    def __init__(self, companion: Companion, path: Path) -> None:
        self._companion = companion
        self._path = path
        self._writer = secrets.token_hex(8)
        self._lock: int | None = None
        self._opening = Lock()

    def announce(self, intent: Intent) -> int:
        """Record an intent durably, and return its number; 0 if the companion can't be written.

        The change is made all the same then: cutting off a key matters more than being able to settle it after a kill.
        """
        try:
            self._hold_lock()
            with self._companion.write() as connection:
                values = {"writer": self._writer, "intent": _as_json(intent)}
                inserted = cast("CursorResult[Any]", connection.execute(insert(JOURNAL_ENTRY).values(**values)))
                return int(cast("tuple[int]", inserted.inserted_primary_key)[0])
        except (ApiSetupError, OSError) as error:
            _logger.warning("A change could not be announced in the journal: %s", error)
            return 0

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

    def abandoned(self) -> tuple[AbandonedIntent, ...]:
        """Return the intents whose programs have ended, oldest first.

        Raises:
            PracticeUnavailable: The companion can't be read.
        """
        with self._companion.read() as connection:
            rows = connection.execute(
                select(JOURNAL_ENTRY.c.number, JOURNAL_ENTRY.c.writer, JOURNAL_ENTRY.c.intent)
            ).all()
        ended = {writer for writer in {row[1] for row in rows} if writer != self._writer and self._has_ended(writer)}
        found = []
        for number, writer, kept in sorted(rows, key=lambda row: row[0]):
            try:
                found += [AbandonedIntent(number, writer, _intent(kept))] if writer in ended else []
            except (TypeError, KeyError, ValueError) as error:
                _logger.warning("Intent %d in the journal can't be read: %s", number, type(error).__name__)
        return tuple(found)

    def adopt(self, abandoned: AbandonedIntent) -> bool:
        """Make an abandoned intent this program's own, so that no other settles it; False if another was faster.

        Raises:
            PracticeUnavailable: The companion can't be written.
        """
        try:
            self._hold_lock()
        except OSError as error:
            raise StorageFailed(
                f"The lock file next to {self._path} can't be created: {error.strerror}.",
                "Check the directory's permissions and the disk's free space.",
            ) from error
        held = JOURNAL_ENTRY.c.number == abandoned.number, JOURNAL_ENTRY.c.writer == abandoned.writer
        with self._companion.write() as connection:
            change = update(JOURNAL_ENTRY).where(*held).values(writer=self._writer)
            return cast("CursorResult[Any]", connection.execute(change)).rowcount == 1

    def close(self) -> None:
        """Release this program's lock; what it still has announced counts as abandoned from now on."""
        if self._lock is None:
            return
        with suppress(OSError):
            self._lock_file(self._writer).unlink()
        os.close(self._lock)
        self._lock = None

    def _hold_lock(self) -> None:
        with self._opening:
            if self._lock is not None:
                return
            # Flags of os.open: a lock file is never followed, shared with a child, or readable by others.
            flags = os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC
            descriptor = os.open(self._lock_file(self._writer), flags, 0o600)
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self._lock = descriptor

    def _has_ended(self, writer: str) -> bool:
        """Return True if a program holds its lock no more, and remove its lock file."""
        path = self._lock_file(writer)
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
        except FileNotFoundError:
            return True
        except OSError as error:
            _logger.warning("It is not known whether another program still runs: %s", error.strerror)
            return False
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        else:
            with suppress(OSError):
                path.unlink()
            return True
        finally:
            os.close(descriptor)

    def _lock_file(self, writer: str) -> Path:
        return self._path.with_name(f"{self._path.name}.{writer}.lock")


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
