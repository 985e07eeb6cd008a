"""The verification screen: checks the hashes of the Audit Trail and lists the entries that fail."""

from __future__ import annotations

import threading
import time
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from textual import on
from textual.widgets import Static

from core.audit.filter import AuditFilter
from core.audit.filter_language import format_filter
from core.base.errors import ApiSetupError
from tui.flows.seal_report import problem_of, screen_lines
from tui.flows.verification_report import format_progress, plausibility_lines, report_lines
from tui.modals.question import Answer, Question
from tui.platform.base_screen import BaseScreen
from tui.platform.workers import latest
from tui.screens.audit_entry import AuditEntryScreen
from tui.widgets.entry_list import EntryList
from tui.widgets.panel import Panel
from tui.widgets.row_list import RowList
from tui.widgets.safe_text import safe_content

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from core.audit.filter import Users
    from core.audit.verification import Verification
    from core.audit.verification_report import VerificationReport
    from core.model.audit_entry import AuditEntry
    from core.seals.seal_report import SealReport
    from core.seals.verification import SealedVerification
    from tui.session import Session

_BAR_WIDTH = 40
_FINDINGS = 1
"""The maximum number of lines about what isn't plausible, so that the list below keeps its place."""


class VerificationScreen(BaseScreen[None]):
    """Checks the hashes of entries and lists those that fail.

    Args:
        session: The open office.
        date_range: A filter with the days to check; without dates everything is checked.
    """

    CSS_PATH = "verification.tcss"
    SHOWS_PLACES = True
    MANUAL = "verification"
    KEYS: ClassVar[tuple[str, ...]] = ("go-on", "open-entry", "back", "page-down", "help", "quit")

    def __init__(self, session: Session, date_range: AuditFilter) -> None:
        super().__init__()
        self._session = session
        self._date_range = date_range
        self._verification: Verification | SealedVerification | None = None
        self._seals: SealedVerification | None = None
        self._report: VerificationReport | None = None
        self._seconds = 0.0
        self._slowness: str | None = None
        self._listed: tuple[AuditEntry, ...] = ()
        self._problems: dict[int, str] = {}
        """The entries that aren't as they were sealed, by number."""
        self._step_lock = threading.Lock()

    def compose_body(self) -> ComposeResult:
        """Yield the progress bar, the result and the list."""
        with Panel(id="progress-panel"):
            yield Static("", id="bar", markup=False)
            yield Static("", id="result", markup=False)
        with Panel(id="entries"):
            yield EntryList(empty="", text=self._with_problem)

    def on_mount(self) -> None:
        """Focus the list and start verifying."""
        self.query_one(EntryList).focus()
        self.query_one("#progress-panel", Panel).show_title(self._title)
        self._show_count()
        self.verify()

    @property
    def _title(self) -> str:
        since, until = self._date_range.since, self._date_range.until
        if since is None and until is None:
            return "Verify the Audit Trail: everything"
        return f"Verify the Audit Trail: {since or 'the first entry'} to {until or 'now'}"

    @property
    def _verifying(self) -> bool:
        return any(
            each.group == "latest verify" and each.node is self and not each.is_finished for each in self.workers
        )

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Allow continuing only while the verification is stopped and not complete."""
        if action == "retry":
            return not self._verifying and not (self._report and self._report.done)
        return super().check_action(action, parameters)

    @latest
    async def verify(self) -> None:
        """Verify step by step until all is checked. After an error the result so far is kept."""
        self.show_status("Verifying… Press Esc to stop.")
        self.refresh_bindings()
        try:
            if self._slowness is None:
                self._slowness = await self.call_service(self._session.office.audit.slowness, group="verify")
                self._show_result([])
            verification = self._verification
            if verification is None:
                start = partial(_verification, self._session, self._date_range)
                opened = await self.call_service(start, group="verify")
                verification = self._verification = opened[0]
                self._seals = opened[1]
            report = await self._verify_all(verification)
        except ApiSetupError as error:
            self.show_problem(error)
            self.show_status(f"{error} Checked entries are kept. Press r to continue.", "problem")
            return
        finally:
            self.call_later(self.refresh_bindings)
        sealed = self._seals.seal_report if self._seals is not None else None
        clean = report.clean and (sealed is None or sealed.clean)
        self.show_status("Verified." if clean else _outcome(report, sealed), "ok" if clean else "problem")

    async def _verify_all(self, verification: Verification | SealedVerification) -> VerificationReport:
        report = self._report
        while report is None or not report.done:
            step_start = time.monotonic()
            report = await self.call_service(partial(self._step, verification), group="verify")
            self._seconds += time.monotonic() - step_start
            self._report = report
            self._show(report)
        return report

    def _step(self, verification: Verification | SealedVerification) -> VerificationReport:
        # A cancelled step still runs to its end in its thread, so the next one must wait for it.
        with self._step_lock:
            report = verification.run_batch()
            if report.done:
                self._session.office.last_verification.keep(report, some_days=self._has_range)
            return report

    @property
    def _has_range(self) -> bool:
        return self._date_range.since is not None or self._date_range.until is not None

    def _show(self, report: VerificationReport) -> None:
        self.query_one("#bar", Static).update(safe_content([_bar(report), format_progress(report, self._seconds)]))
        sealed = self._seals.seal_report if self._seals is not None and report.done else None
        seal_lines = screen_lines(sealed) if sealed is not None else []
        self._show_result([*report_lines(report), *seal_lines, *plausibility_lines(report, _FINDINGS)])
        listed = report.listed
        if sealed is not None:
            self._problems = {each.number: problem_of(each) for each in sealed.found}
            known = {entry.number for entry in listed}
            listed += tuple(each.entry for each in sealed.found if each.entry and each.number not in known)
        # Compared as a whole, because an entry also leaves the list when its hash is written late.
        if listed != self._listed:
            self._listed = listed
            self.query_one(EntryList).show_entries(listed)
            self._show_count()

    def _with_problem(self, entry: AuditEntry) -> str:
        """Return an entry's text after the words that say what is wrong with it."""
        return f"{self._problems.get(entry.number) or entry.hash_status.value}: {entry.text}"

    def _show_result(self, lines: list[str]) -> None:
        self.query_one("#result", Static).update(
            safe_content(["", *lines, *([self._slowness] if self._slowness else [])])
        )

    def _show_count(self) -> None:
        title = "Not as sealed, or without a matching hash" if self._problems else "Without a matching hash"
        self.query_one("#entries", Panel).show_title(title, f"{len(self._listed):,}")

    def action_retry(self) -> None:
        """Continue the stopped verification."""
        self.verify()

    @on(RowList.Chosen)
    def _open_chosen_entry(self, event: RowList.Chosen) -> None:
        event.stop()
        self.action_open_entry()

    def action_open_entry(self) -> None:
        """Open the entry under the cursor."""
        entry = self.query_one(EntryList).entry
        if entry is not None:
            self.open_screen(AuditEntryScreen(self._session, entry))

    def action_leave_wait(self) -> None:
        """Stop the verification, so that it can be continued."""
        self.action_back()

    def action_back(self) -> None:
        """Stop the verification if it runs, else return to the previous screen."""
        if self._verifying:
            self.workers.cancel_group(self, "latest verify")
            self.show_status("Stopped. Press r to continue, Esc to go back.")
            self.call_later(self.refresh_bindings)
        else:
            self.dismiss(None)


async def choose_date_range(screen: BaseScreen[Any], current: AuditFilter, users: Users) -> AuditFilter | None:
    """Ask whether to verify the days of a filter or everything. Call it from a flow.

    Returns:
        A filter with these days, one without dates for everything, or None if the admin cancelled.
    """
    days = AuditFilter(since=current.since, until=current.until)
    if days == AuditFilter():
        return days
    question = Question(
        "Verify the Audit Trail",
        [
            "Recomputes each entry's hash and compares it with the stored one.",
            "",
            "Also finds the orphaned hashes of deleted entries.",
        ],
        Answer("r", f"The range {format_filter(days, users)}", "range"),
        Answer("e", "Everything", "everything"),
    )
    choice = await screen.app.push_screen_wait(question)
    return {"range": days, "everything": AuditFilter()}.get(choice or "")


def _outcome(report: VerificationReport, sealed: SealReport | None) -> str:
    """Return what was found, as a status message."""
    kinds = [("altered", report.altered), ("without hash", report.without_hash), ("deleted", report.orphaned)]
    kinds.append(("not plausible", report.plausibility.count))
    if sealed is not None:
        kinds.append(("not as sealed", sealed.altered + sealed.inserted + sealed.deleted))
        problems = len(sealed.problems)
        kinds.append(("problem with seals" if problems == 1 else "problems with seals", problems))
    return f"Verification found {', '.join(f'{count:,} {word}' for word, count in kinds if count)}."


def _verification(
    session: Session, days: AuditFilter
) -> tuple[Verification | SealedVerification, SealedVerification | None]:
    """Return a verification, which includes the seals if there are any and all entries are verified. Blocks."""
    if days == AuditFilter() and session.office.seals.seals():
        sealed = session.office.seals.verification()
        return sealed, sealed
    return session.office.audit.verification(days), None


def _bar(report: VerificationReport) -> str:
    filled = int(report.fraction * _BAR_WIDTH)
    return f"[{'#' * filled}{'-' * (_BAR_WIDTH - filled)}] {report.fraction:4.0%}"
