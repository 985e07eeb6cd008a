"""A command in the offices that the command line selects: it signs in to each, does its work, and reports it."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING, Any

from core.base.errors import ApiSetupError
from tui.commands.confirmation import require_answerable
from tui.commands.outcome import report_error
from tui.commands.report import OfficeReport, combine, document, office_as_json, status_of
from tui.commands.sign_in import CommandSignIn
from tui.commands.signals import SignalReceived
from tui.platform.output import print_result
from tui.widgets.safe_text import sanitize

if TYPE_CHECKING:
    from core.offices.open_request import OpenRequest
    from core.opendental.permission_types import Permission
    from tui.commands.office_selection import OfficeSelection
    from tui.session import Session

Work = Callable[["Session"], OfficeReport]
WorkResult = tuple["OpenRequest", OfficeReport, ApiSetupError | None]
"""An office, what to report about it, and the error that ended the work there, if any."""


class OfficeCommand:
    """One run of a command.

    Args:
        options: The parsed command line.
        selection: The offices to work on.
        environment: The environment variables.

    Attributes:
        options: The parsed command line.
        selection: The offices to work on.
        environment: The environment variables.
        sign_in: Opens the offices.
    """

    def __init__(self, options: argparse.Namespace, selection: OfficeSelection, environment: Mapping[str, str]) -> None:
        self.options = options
        self.selection = selection
        self.environment = environment
        self.sign_in = CommandSignIn(getattr(options, "user", None), environment, several=selection.several)

    @property
    def name(self) -> str:
        """The command's noun and verb."""
        return " ".join(filter(None, (self.options.command, getattr(self.options, "verb", None))))

    @property
    def dry_run(self) -> bool:
        """True if nothing may be written."""
        return bool(getattr(self.options, "dry_run", False))

    def run(self, work: Work, *needs: Permission) -> int:
        """Do some work in each office, one after the other, and return the exit status.

        An office that can't be opened, or where the work fails, is reported, and the others follow.

        Args:
            work: The work; returns what to report.
            needs: The permissions of which the Open Dental user needs one; Setup if none is given.

        Raises:
            ConfigurationError: The command changes something, and nobody can confirm it.
            SignalReceived: A signal ended it.
        """
        if hasattr(self.options, "yes"):
            require_answerable(self.options)
        return self.run_requests(lambda request: self._work_in(request, work, *needs))

    def run_requests(self, work: Callable[[OpenRequest], OfficeReport], *, at_once: int = 1) -> int:
        """Do some work for each office without opening it first, and return the exit status.

        Args:
            work: The work; returns what to report.
            at_once: The number of offices to work on at the same time. The reports keep the order of the offices.
        """
        return self.finish(self._reports(work, at_once))

    def collect(
        self,
        work: Callable[[OpenRequest, Session], OfficeReport],
        *needs: Permission,
        keep_open: ExitStack | None = None,
    ) -> list[WorkResult]:
        """Do some work in each office, one after the other, and return the results for `finish`.

        An office that can't be opened, or where the work fails, is named on standard error, and the others follow.

        Args:
            work: The work; returns what to report.
            needs: The permissions of which the Open Dental user needs one; Setup if none is given.
            keep_open: Keeps every office open until it ends; None to close each one after its work.

        Raises:
            SignalReceived: A signal ended it.
        """

        def work_in(request: OpenRequest) -> OfficeReport:
            with ExitStack() as own:
                session = (keep_open or own).enter_context(self.sign_in.session(request, *needs))
                return work(request, session)

        return list(self._reports(work_in, 1))

    def finish(self, results: Iterable[WorkResult]) -> int:
        """Print the results of the offices as they come, and return the exit status."""
        offices: list[dict[str, Any]] = []
        statuses: list[int] = []
        outcomes: list[str] = []
        for request, report, error in results:
            statuses.append(report.status)
            outcomes.append(report.outcome)
            offices.append(office_as_json(request, report, error))
            if not self.options.json:
                self._print(request, report)
        status = combine(statuses)
        if self.options.json:
            print_result(document(self.name, status, offices), " ".join(filter(None, outcomes)))
        return status

    def _reports(self, work: Callable[[OpenRequest], OfficeReport], at_once: int) -> Iterator[WorkResult]:
        """Yield the report of each office, in their order, with the error that ended its work, if any."""
        requests, done = self.selection.requests, 0
        try:
            if at_once == 1 or len(requests) == 1:
                for request in requests:
                    yield (request, *self._report(request, work))
                    done += 1
                return
            with ThreadPoolExecutor(at_once) as pool:
                try:
                    for request, result in zip(
                        requests, pool.map(partial(self._report, work=work), requests), strict=True
                    ):
                        yield (request, *result)
                        done += 1
                finally:
                    pool.shutdown(wait=False, cancel_futures=True)
        except SignalReceived as received:
            if self.selection.several and not received.outcome:
                received.outcome = f"{done} of {len(requests)} offices were done"
            raise

    def _work_in(self, request: OpenRequest, work: Work, *needs: Permission) -> OfficeReport:
        with self.sign_in.session(request, *needs) as session:
            if hasattr(self.options, "yes") and not self.dry_run:
                session.require_writable()
            return work(session)

    def _report(
        self, request: OpenRequest, work: Callable[[OpenRequest], OfficeReport]
    ) -> tuple[OfficeReport, ApiSetupError | None]:
        try:
            return work(request), None
        except ApiSetupError as error:
            report_error(error, request.office.name if self.selection.several else "")
            return OfficeReport(status_of(error)), error

    def _print(self, request: OpenRequest, report: OfficeReport) -> None:
        lines = list(report.lines)
        if self.selection.several and lines and not report.names_office:
            lines = [f"{sanitize(request.office.name)}:", *(f"  {line}".rstrip() for line in lines)]
        if lines:
            print_result("\n".join(lines), report.outcome)
