"""The memory of all offices together, in companions of its own.

The last answers of the offices are always on this computer, since they are what this admin saw last. Joined names, and
the journal of changes in several offices with their receipts, are in the companion that a team shares, if there is one.
"""

from __future__ import annotations

import fcntl
import logging
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from datetime import datetime
from pathlib import Path
from threading import Lock

from sqlalchemy import Connection, delete, insert, select, update

from core.base.errors import ApiSetupError, OperationNotAllowed, StorageFailed
from core.companion.opening import CompanionSource, locks_of, open_companion
from core.companion.store import Companion
from core.companion.tables.fleet import FLEET_ANSWER, FLEET_RESULT, FLEET_RUN, JOINED_NAME
from core.database.engines import file_engine
from core.fleet.answers import answer_from_json, answer_to_json
from core.fleet.change_json import plan_from_json, plan_to_json, result_from_json, result_to_json
from core.fleet.run_writers import RunWriters
from core.model.fleet import OfficeAnswer
from core.model.fleet_change import FleetPlan, OfficeResult, WrittenReceipt

_logger = logging.getLogger(__name__)


class FleetStore:
    """Keeps the last answers of offices, joined names, and the journal of changes in many offices.

    Args:
        path: The companion of all offices together. A missing file is created when something is kept.
        clock: The local time.
        shared: Returns the companion that a team shares; None for the file alone.
    """

    def __init__(
        self, path: Path, clock: Callable[[], datetime], shared: Callable[[], CompanionSource] | None = None
    ) -> None:
        self._path = path
        self._clock = clock
        self._shared = shared
        self._companion: Companion | None = None
        self._team: Companion | None = None
        self._writers: RunWriters | None = None
        self._opening = Lock()
        self._saving = Lock()
        self._unsaved: deque[tuple[str, OfficeResult]] = deque()

    def answers(self) -> dict[str, tuple[datetime, OfficeAnswer]]:
        """Return the last answer of each office with its time, by the office's name.

        Raises:
            PracticeUnavailable: The companion can't be read.
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
            PracticeUnavailable: The companion can't be written.
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
            PracticeUnavailable: The companion can't be read.
        """
        with self._common().read() as connection:
            return dict(connection.execute(select(JOINED_NAME.c.name, JOINED_NAME.c.joined_with)).all())

    def join(self, names: Iterable[str], joined_with: str) -> None:
        """Remember that names mean the same developer.

        Raises:
            PracticeUnavailable: The companion can't be written.
        """
        target = joined_with.casefold()
        folded = {name.casefold() for name in names} - {target}
        with self._common().write() as connection:
            connection.execute(
                update(JOINED_NAME).where(JOINED_NAME.c.joined_with.in_(folded)).values(joined_with=target)
            )
            connection.execute(delete(JOINED_NAME).where(JOINED_NAME.c.name.in_({*folded, target})))
            if folded:
                connection.execute(insert(JOINED_NAME), [{"name": name, "joined_with": target} for name in folded])

    def separate(self, names: Iterable[str]) -> None:
        """Forget that some names were joined with others.

        Raises:
            PracticeUnavailable: The companion can't be written.
        """
        folded = [name.casefold() for name in names]
        with self._common().write() as connection:
            joined = JOINED_NAME.c.name.in_(folded) | JOINED_NAME.c.joined_with.in_(folded)
            connection.execute(delete(JOINED_NAME).where(joined))

    # -- the journal of changes in many offices ---------------------------------------

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """Hold the lock of changes in many offices, which the system releases if the process ends.

        In a companion that a team shares, several admins may make changes at the same time; `begin` locks each of them
        for the program that makes it, until the end of this block.

        Raises:
            OperationNotAllowed: Another program of this account is making such a change.
            StorageFailed: The lock file can't be created.
        """
        if self._shared is not None:
            try:
                yield
            finally:
                self._release()
            return
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
            OperationNotAllowed: Another admin's program is making this change.
            PracticeUnavailable: The companion can't be written.
        """
        is_run = FLEET_RUN.c.receipt == plan.receipt
        with self._common().write() as connection:
            if self._writers is not None:
                self._writers.take(connection, plan.receipt)
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
            PracticeUnavailable: The companion can't be written.
        """
        self._unsaved.append((receipt, result))
        with self._saving:
            # Results that arrived while others were written are written together.
            waiting = [self._unsaved.popleft() for _ in range(len(self._unsaved))]
            if not waiting:
                return
            with self._common().write() as connection:
                _put_results(connection, waiting)

    def results(self, receipt: str) -> dict[str, OfficeResult]:
        """Return the results that were recorded, by office.

        Raises:
            PracticeUnavailable: The companion can't be read.
        """
        query = select(FLEET_RESULT.c.office, FLEET_RESULT.c.result).where(FLEET_RESULT.c.receipt == receipt)
        with self._common().read() as connection:
            return {office: result_from_json(kept) for office, kept in connection.execute(query)}

    def finish(self, receipt: str) -> None:
        """Record that a change in many offices ended as it should, whatever its results.

        Raises:
            PracticeUnavailable: The companion can't be written.
        """
        with self._common().write() as connection:
            connection.execute(update(FLEET_RUN).where(FLEET_RUN.c.receipt == receipt).values(finished=1))

    def set_receipt(self, written: WrittenReceipt, content: str) -> None:
        """Record the files, the hash and the content of a receipt; no office's Audit Trail has this hash yet.

        Raises:
            PracticeUnavailable: The companion can't be written.
        """
        results = [replace(each, recorded=False) for each in self.results(written.number).values()]
        with self._common().write() as connection:
            is_run = FLEET_RUN.c.receipt == written.number
            kept = {**asdict(written), "content": content}
            connection.execute(update(FLEET_RUN).where(is_run).values(written=kept))
            _put_results(connection, [(written.number, result) for result in results])

    def receipt(self, number: str) -> WrittenReceipt | None:
        """Return the receipt that was written last for a number; None if there is none.

        Raises:
            PracticeUnavailable: The companion can't be read.
        """
        with self._common().read() as connection:
            kept = connection.scalar(select(FLEET_RUN.c.written).where(FLEET_RUN.c.receipt == number))
        return WrittenReceipt(**{name: kept[name] for name in kept if name != "content"}) if kept else None

    def receipt_content(self, number: str) -> str:
        """Return the JSON file of a receipt that was written last for a number; empty if there is none here.

        Raises:
            PracticeUnavailable: The companion can't be read.
        """
        with self._common().read() as connection:
            kept = connection.scalar(select(FLEET_RUN.c.written).where(FLEET_RUN.c.receipt == number))
        return str((kept or {}).get("content", ""))

    def plan(self, receipt: str) -> FleetPlan | None:
        """Return the plan of a receipt; None if it isn't from here.

        Raises:
            PracticeUnavailable: The companion can't be read.
        """
        with self._common().read() as connection:
            kept = connection.scalar(select(FLEET_RUN.c.plan).where(FLEET_RUN.c.receipt == receipt))
        return plan_from_json(kept) if kept is not None else None

    def interrupted(self) -> FleetPlan | None:
        """Return the newest plan that a program began and didn't finish, unless one is running now.

        Raises:
            PracticeUnavailable: The companion can't be read.
        """
        query = select(FLEET_RUN.c.receipt, FLEET_RUN.c.plan).where(FLEET_RUN.c.finished == 0)
        if self._shared is not None:
            with self._common().read() as connection:
                running = self._writers.running(connection) if self._writers is not None else frozenset[str]()
                rows = connection.execute(query.order_by(FLEET_RUN.c.started_at.desc())).all()
            return next((plan_from_json(kept) for receipt, kept in rows if receipt not in running), None)
        try:
            with self.exclusive(), self._common().read() as connection:
                row = connection.execute(query.order_by(FLEET_RUN.c.started_at.desc()).limit(1)).first()
        except OperationNotAllowed:
            return None
        return plan_from_json(row[1]) if row is not None else None

    def close(self) -> None:
        """Close all connections."""
        if self._writers is not None:
            self._writers.close()
            self._writers = None
        for companion in (self._companion, self._team):
            if companion is not None:
                companion.close()
        self._companion = self._team = None

    def _common(self) -> Companion:
        """Return the companion that a team shares; without one, the file."""
        if self._shared is None:
            return self._opened()
        with self._opening:
            if self._team is None:
                source = self._shared()
                team = open_companion(source, self._clock)
                try:
                    self._writers = RunWriters(team, locks_of(source, team))
                except BaseException:
                    team.close()
                    raise
                self._team = team
            return self._team

    def _release(self) -> None:
        if self._writers is None:
            return
        try:
            self._writers.release()
        except ApiSetupError as error:
            _logger.warning("A change in several offices could not be released: %s", error)

    def _opened(self) -> Companion:
        if self._companion is None:
            companion = Companion(file_engine(self._path), shared=False)
            companion.prepare(self._clock)
            self._companion = companion
        return self._companion


def _put_results(connection: Connection, results: Sequence[tuple[str, OfficeResult]]) -> None:
    newest = {(receipt, result.office): result for receipt, result in results}
    for receipt in {receipt for receipt, _ in newest}:
        offices = {office: result for (number, office), result in newest.items() if number == receipt}
        replaced = (FLEET_RESULT.c.receipt == receipt) & FLEET_RESULT.c.office.in_(list(offices))
        connection.execute(delete(FLEET_RESULT).where(replaced))
        rows = [
            {"receipt": receipt, "office": office, "result": result_to_json(each)} for office, each in offices.items()
        ]
        if rows:
            connection.execute(insert(FLEET_RESULT), rows)
