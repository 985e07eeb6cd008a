"""The memory of all offices together, in a companion of its own."""

from __future__ import annotations

import fcntl
import logging
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, replace
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, delete, insert, select, update

from core.base.errors import OperationNotAllowed, StorageFailed
from core.companion.store import Companion
from core.companion.tables import FLEET_ANSWER, FLEET_RESULT, FLEET_RUN, JOINED_NAME
from core.database.engines import file_engine
from core.fleet.answers import answer_from_json, answer_to_json
from core.fleet.change_json import plan_from_json, plan_to_json, result_from_json, result_to_json
from core.model.fleet import OfficeAnswer
from core.model.fleet_change import FleetPlan, OfficeResult, WrittenReceipt

_logger = logging.getLogger(__name__)


class FleetStore:
    """Keeps the last answers of offices, joined names, and the journal of changes in many offices.

    Args:
        path: The companion of all offices together. A missing file is created when something is kept.
        clock: The local time.
    """

    def __init__(self, path: Path, clock: Callable[[], datetime]) -> None:
        self._path = path
        self._clock = clock
        self._companion: Companion | None = None

    def answers(self) -> dict[str, tuple[datetime, OfficeAnswer]]:
        """Return the last answer of each office with its time, by the office's name.

        Raises:
            PracticeUnavailable: The file can't be read.
        """
        with self._opened().read() as connection:
            rows = connection.execute(select(FLEET_ANSWER)).all()
        found = {}
        for office, answered_at, kept in rows:
            try:
                found[office] = answered_at, answer_from_json(kept)
            except (ValueError, TypeError, KeyError) as error:
                _logger.warning("The last answer of an office can't be read: %s", type(error).__name__)
        return found

    def save_answers(self, answers: Mapping[str, OfficeAnswer], answered_at: datetime) -> None:
        """Replace the last answers of some offices.

        Raises:
            PracticeUnavailable: The file can't be written.
            NotPermitted: This account may not write it.
        """
        if not answers:
            return
        rows = [
            {"office": office, "answered_at": answered_at.replace(microsecond=0), "answer": answer_to_json(answer)}
            for office, answer in answers.items()
        ]
        with self._opened().write() as connection:
            connection.execute(delete(FLEET_ANSWER).where(FLEET_ANSWER.c.office.in_(list(answers))))
            connection.execute(insert(FLEET_ANSWER), rows)

    def joined_names(self) -> dict[str, str]:
        """Return the name with which each joined name was joined, both case-folded.

        Raises:
            PracticeUnavailable: The file can't be read.
        """
        with self._opened().read() as connection:
            return dict(connection.execute(select(JOINED_NAME.c.name, JOINED_NAME.c.joined_with)).all())

    def join(self, names: Iterable[str], joined_with: str) -> None:
        """Remember that names mean the same developer.

        Raises:
            PracticeUnavailable: The file can't be written.
        """
        target = joined_with.casefold()
        folded = {name.casefold() for name in names} - {target}
        with self._opened().write() as connection:
            connection.execute(
                update(JOINED_NAME).where(JOINED_NAME.c.joined_with.in_(folded)).values(joined_with=target)
            )
            connection.execute(delete(JOINED_NAME).where(JOINED_NAME.c.name.in_({*folded, target})))
            if folded:
                connection.execute(insert(JOINED_NAME), [{"name": name, "joined_with": target} for name in folded])

    def separate(self, names: Iterable[str]) -> None:
        """Forget that some names were joined with others.

        Raises:
            PracticeUnavailable: The file can't be written.
        """
        folded = [name.casefold() for name in names]
        with self._opened().write() as connection:
            joined = JOINED_NAME.c.name.in_(folded) | JOINED_NAME.c.joined_with.in_(folded)
            connection.execute(delete(JOINED_NAME).where(joined))

    # -- the journal of changes in many offices ---------------------------------------

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """Hold the lock of changes in many offices, which the system releases if the process ends.

        Raises:
            OperationNotAllowed: Another program of this account is making such a change.
            StorageFailed: The lock file can't be created.
        """
        self._opened()
        path = self._path.with_name(f"{self._path.name}.lock")
        try:
            # Flags of os.open: a lock file is never followed, shared with a child, or readable by others.
            descriptor = os.open(path, os.O_CREAT | os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise StorageFailed(
                f"The lock file {path} can't be created: {error.strerror}.",
                "Check the directory's permissions and the disk's free space.",
            ) from error
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise OperationNotAllowed(
                    "Another apisetup of this account is changing several offices now. Nothing was changed.",
                    "Wait until it ends, then try again.",
                ) from None
            yield
        finally:
            os.close(descriptor)

    def begin(self, plan: FleetPlan) -> bool:
        """Record a plan durably before the first office is changed; return True if it was begun before.

        Raises:
            PracticeUnavailable: The file can't be written.
        """
        is_run = FLEET_RUN.c.receipt == plan.receipt
        with self._opened().write() as connection:
            if connection.scalar(select(FLEET_RUN.c.receipt).where(is_run)) is not None:
                connection.execute(update(FLEET_RUN).where(is_run).values(finished=0))
                return True
            values = {
                "started_at": self._clock().replace(microsecond=0),
                "plan": plan_to_json(plan),
                "written": {},
                "finished": 0,
            }
            connection.execute(insert(FLEET_RUN).values(receipt=plan.receipt, **values))
        return False

    def save_result(self, receipt: str, result: OfficeResult) -> None:
        """Record the result of one office.

        Raises:
            PracticeUnavailable: The file can't be written.
        """
        with self._opened().write() as connection:
            _put_result(connection, receipt, result)

    def results(self, receipt: str) -> dict[str, OfficeResult]:
        """Return the results that were recorded, by office.

        Raises:
            PracticeUnavailable: The file can't be read.
        """
        query = select(FLEET_RESULT.c.office, FLEET_RESULT.c.result).where(FLEET_RESULT.c.receipt == receipt)
        with self._opened().read() as connection:
            return {office: result_from_json(kept) for office, kept in connection.execute(query)}

    def finish(self, receipt: str) -> None:
        """Record that a change in many offices ended as it should, whatever its results.

        Raises:
            PracticeUnavailable: The file can't be written.
        """
        with self._opened().write() as connection:
            connection.execute(update(FLEET_RUN).where(FLEET_RUN.c.receipt == receipt).values(finished=1))

    def set_receipt(self, written: WrittenReceipt) -> None:
        """Record the files and the hash of a receipt; no office's Audit Trail has this hash yet.

        Raises:
            PracticeUnavailable: The file can't be written.
        """
        results = [replace(each, recorded=False) for each in self.results(written.number).values()]
        with self._opened().write() as connection:
            is_run = FLEET_RUN.c.receipt == written.number
            connection.execute(update(FLEET_RUN).where(is_run).values(written=asdict(written)))
            for result in results:
                _put_result(connection, written.number, result)

    def receipt(self, number: str) -> WrittenReceipt | None:
        """Return the receipt that was written last for a number; None if there is none.

        Raises:
            PracticeUnavailable: The file can't be read.
        """
        with self._opened().read() as connection:
            kept = connection.scalar(select(FLEET_RUN.c.written).where(FLEET_RUN.c.receipt == number))
        return WrittenReceipt(**kept) if kept else None

    def plan(self, receipt: str) -> FleetPlan | None:
        """Return the plan of a receipt; None if it isn't from here.

        Raises:
            PracticeUnavailable: The file can't be read.
        """
        with self._opened().read() as connection:
            kept = connection.scalar(select(FLEET_RUN.c.plan).where(FLEET_RUN.c.receipt == receipt))
        return plan_from_json(kept) if kept is not None else None

    def interrupted(self) -> FleetPlan | None:
        """Return the newest plan that a program began and didn't finish, unless one is running now.

        Raises:
            PracticeUnavailable: The file can't be read.
        """
        query = (
            select(FLEET_RUN.c.plan).where(FLEET_RUN.c.finished == 0).order_by(FLEET_RUN.c.started_at.desc()).limit(1)
        )
        try:
            with self.exclusive(), self._opened().read() as connection:
                kept = connection.scalar(query)
        except OperationNotAllowed:
            return None
        return plan_from_json(kept) if kept is not None else None

    def close(self) -> None:
        """Close all connections."""
        if self._companion is not None:
            self._companion.close()
            self._companion = None

    def _opened(self) -> Companion:
        if self._companion is None:
            companion = Companion(file_engine(self._path), shared=False)
            companion.prepare(self._clock)
            self._companion = companion
        return self._companion


def _put_result(connection: Connection, receipt: str, result: OfficeResult) -> None:
    is_result = (FLEET_RESULT.c.receipt == receipt) & (FLEET_RESULT.c.office == result.office)
    connection.execute(delete(FLEET_RESULT).where(is_result))
    connection.execute(
        insert(FLEET_RESULT).values(receipt=receipt, office=result.office, result=result_to_json(result))
    )
