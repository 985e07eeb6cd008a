"""Making a change in many offices, and writing its receipt."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from threading import Event, Lock

from core.base.errors import ApiSetupError, NotPermitted, PracticeUnavailable
from core.fleet.fleet import Fleet
from core.fleet.office_change import change_office, unrecorded
from core.fleet.parallel import for_each
from core.fleet.receipt import find_receipt, write_receipt
from core.model.fleet_change import FleetOutcome, FleetPlan, OfficeOutcome, OfficePlan, OfficeResult, WrittenReceipt
from core.model.receipt_events import ReceiptRecorded

AT_A_TIME = 8
"""The number of offices that are changed at a time."""
_RECORDED_AT_A_TIME = 16
"""The number of offices in which the hash of the receipt is recorded at a time; each is one short entry."""
OnResult = Callable[[OfficeResult], None]
_logger = logging.getLogger(__name__)


class FleetChange:
    """Makes a planned change in its offices. Calling `run` again retries what failed and continues what stopped.

    Args:
        fleet: The offices.
        plan: The plan, as it was confirmed.
        receipts: The directory for the receipt.
        clock: The local time.
    """

    def __init__(self, fleet: Fleet, plan: FleetPlan, receipts: Path, clock: Callable[[], datetime]) -> None:
        self.plan = plan
        self._fleet = fleet
        self._receipts = receipts
        self._clock = clock
        self._results: dict[str, OfficeResult] = {}
        self._lock = Lock()

    def run(self, on_result: OnResult, stopped: Event) -> FleetOutcome:
        """Change the offices, a few at a time; write the receipt; and record its hash in each office. Blocks.

        The plan is in the journal before the first office is changed, and each result before the next office.

        Args:
            on_result: Called in several threads with the result of each office.
            stopped: Set it to begin no further office.

        Raises:
            OperationNotAllowed: Another program of this account is changing several offices. Nothing was changed.
            PracticeUnavailable: The journal can't be written. Nothing was changed.
            NotPermitted: This account can't write the journal. Nothing was changed.
        """
        store, receipt = self._fleet.store, self.plan.receipt
        with store.exclusive():
            continues = store.begin(self.plan)
            self._results = store.results(receipt)
            before = dict(self._results)
            waiting = [each for each in self.plan.offices if not self._is_settled(each.office)]

            def change_one(planned: OfficePlan) -> None:
                result = self._change(planned, continues=continues)
                self._keep(result)
                on_result(result)

            for_each(waiting, change_one, AT_A_TIME, stopped)
            written, problem = self._write_receipt(changed=before != self._results)
            if written is not None:
                problem = self._record(written, on_result)
            if not problem:
                # Otherwise it counts as interrupted, so that the receipt can still be completed.
                store.finish(receipt)
        return FleetOutcome(self.plan, self.results, written, problem)

    @property
    def results(self) -> tuple[OfficeResult, ...]:
        """The results so far, in the order of the plan."""
        return tuple(self._results.get(each.office, OfficeResult(each.office)) for each in self.plan.offices)

    def _is_settled(self, office: str) -> bool:
        result = self._results.get(office)
        return result is not None and result.is_settled

    def _change(self, planned: OfficePlan, *, continues: bool) -> OfficeResult:
        if planned.problem:
            return OfficeResult(planned.office, OfficeOutcome.FAILED, problems=(planned.problem,))
        try:
            with self._fleet.open_signed_in(planned.office) as (office, actor):
                return change_office(office, actor, self.plan, planned, continues=continues)
        except ApiSetupError as error:
            _logger.warning("Office %s: %s", planned.office, error, exc_info=error)
            earlier = self._results.get(planned.office, OfficeResult(planned.office))
            return replace(earlier, outcome=OfficeOutcome.FAILED, problems=(str(error),))

    def _keep(self, result: OfficeResult) -> None:
        with self._lock:
            self._results[result.office] = result
            try:
                self._fleet.store.save_result(self.plan.receipt, result)
            except (PracticeUnavailable, NotPermitted) as error:
                # The changes are made and logged; a later attempt finds their entries.
                _logger.warning("The result of an office could not be kept in the journal: %s", error)

    def _write_receipt(self, *, changed: bool) -> tuple[WrittenReceipt | None, str]:
        """Write the receipt; after a crash in the middle of recording it, the one that was written already is kept."""
        if not any(result.changes for result in self.results):
            return None, ""
        known = self._fleet.store.receipt(self.plan.receipt)
        try:
            if known is not None and not changed:
                # Another admin's program may have written it, on another computer.
                file = find_receipt(self._fleet.store, self._receipts, self.plan.receipt)
                return replace(known, file=str(file)), ""
            written, content = write_receipt(self._receipts, self.plan, self.results, self._clock())
            self._fleet.store.set_receipt(written, content)
        except ApiSetupError as error:
            return None, str(error)
        for result in self.results:
            self._results[result.office] = replace(result, recorded=False)
        return written, ""

    def _record(self, written: WrittenReceipt, on_result: OnResult) -> str:
        """Record the hash of the receipt in each office that was changed; return what went wrong."""
        failures: list[str] = []

        def record_one(result: OfficeResult) -> None:
            try:
                with self._fleet.open_signed_in(result.office) as (office, actor):
                    event = ReceiptRecorded(written.number, self.plan.developer, actor.user_name, written.sha256)
                    with office.recording(actor, event):
                        pass
            except ApiSetupError as error:
                _logger.warning("Office %s: %s", result.office, error, exc_info=error)
                failures.append(f"{result.office}: {error.sentence}")
                return
            done = replace(result, recorded=True)
            self._keep(done)
            on_result(done)

        # Not stopped: an office whose keys were changed should hold the receipt's hash.
        for_each(unrecorded(self.results), record_one, _RECORDED_AT_A_TIME, Event())
        if not failures:
            return ""
        return f"The receipt's hash isn't in the Audit Trail of {_counted(failures)}. {failures[0]} Retry to add it."


def _counted(offices: Sequence[str]) -> str:
    return "1 office" if len(offices) == 1 else f"{len(offices)} offices"
