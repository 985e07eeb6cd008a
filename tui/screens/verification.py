"""Verifying the Audit Trail: how far it is, and what was found."""

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
from tui.modals.question import Answer, Question
from tui.platform.base_screen import BaseScreen
from tui.platform.workers import latest
from tui.screens.audit_entry import AuditEntryScreen
from tui.screens.verification_report import progress_words, result_lines
from tui.widgets.entry_list import EntryList
from tui.widgets.plain import plain_lines
from tui.widgets.row_list import RowList

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from core.audit.filter import Users
    from core.audit.verification import Verification, VerificationReport
    from core.model.audit_entry import AuditEntry
    from tui.session import Session

_BAR = 40


class VerificationScreen(BaseScreen[None]):
    """Checks the hashes of entries, and lists those that are not genuine.

    Args:
        session: The open office.
        wanted: The days, or all.
    """

    KEYS: ClassVar[tuple[str, ...]] = ("go-on", "open-entry", "back", "page-down", "help", "quit")

    def __init__(self, session: Session, wanted: AuditFilter) -> None:
        super().__init__()
        self._session = session
        self._wanted = wanted
        self._verification: Verification | None = None
        self._known: VerificationReport | None = None
        self._seconds = 0.0
        self._listed: tuple[AuditEntry, ...] = ()
        self._one_step_at_a_time = threading.Lock()

    def compose_body(self) -> ComposeResult:
        """Make the bar, the result and the list."""
        yield Static(self._range, classes="heading", markup=False)
        yield Static("", id="bar", markup=False)
        yield Static("", id="result", markup=False)
        yield EntryList(empty="")

    def on_mount(self) -> None:
        """Begin."""
        self.query_one(EntryList).focus()
        self.verify()

    @property
    def _range(self) -> str:
        since, until = self._wanted.since, self._wanted.until
        if since is None and until is None:
            return "Verify the Audit Trail: everything"
        return f"Verify the Audit Trail: {since or 'the first entry'} to {until or 'now'}"

    @property
    def _verifying(self) -> bool:
        return any(
            each.group == "latest verify" and each.node is self and not each.is_finished for each in self.workers
        )

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Going on is for what was stopped."""
        if action == "go_on":
            return not self._verifying and not (self._known and self._known.done)
        return super().check_action(action, parameters)

    @latest
    async def verify(self) -> None:
        """Check step by step until all is checked; what was checked stays so when the server goes away."""
        self.say("Verifying; Esc stops.")
        self.refresh_bindings()
        try:
            if self._verification is None:
                question = partial(self._session.office.audit.verification, self._wanted)
                self._verification = await self.ask(question, group="verify")
            while not (self._known and self._known.done):
                began = time.monotonic()
                self._known = await self.ask(partial(self._step, self._verification), group="verify")
                self._seconds += time.monotonic() - began
                self._show(self._known)
        except ApiSetupError as error:
            self.show_problem(error)
            self.say(f"{error} What was checked is kept; r goes on.", "problem")
            return
        finally:
            self.call_later(self.refresh_bindings)
        self.say(
            "Verified." if self._known.clean else "Verified: not everything is genuine.",
            "ok" if self._known.clean else "problem",
        )

    def _step(self, verification: Verification) -> VerificationReport:
        # A step that nobody waits for any more still runs to its end.
        with self._one_step_at_a_time:
            return verification.run_batch()

    def _show(self, known: VerificationReport) -> None:
        self.query_one("#bar", Static).update(plain_lines([_bar(known), progress_words(known, self._seconds)]))
        self.query_one("#result", Static).update(plain_lines(["", *result_lines(known), ""]))
        # An entry leaves the list, too, when its hash comes late.
        if known.listed != self._listed:
            self._listed = known.listed
            self.query_one(EntryList).show_entries(known.listed)

    def action_go_on(self) -> None:
        """Go on where it was stopped."""
        self.verify()

    @on(RowList.Chosen)
    def _chosen(self, event: RowList.Chosen) -> None:
        event.stop()
        self.action_open_entry()

    def action_open_entry(self) -> None:
        """Show the whole entry under the cursor."""
        entry = self.query_one(EntryList).entry
        if entry is not None:
            self.open_above(AuditEntryScreen(self._session, entry, linked=False))

    def action_back(self) -> None:
        """Stop, or go back."""
        if self._verifying:
            self.workers.cancel_group(self, "latest verify")
            self.say("Stopped. r goes on, Esc goes back.")
            self.call_later(self.refresh_bindings)
        else:
            self.dismiss(None)


async def choose_range(screen: BaseScreen[Any], shown: AuditFilter, users: Users) -> AuditFilter | None:
    """Ask whether the days of a filter are verified, or everything; None where neither is. To be run in a flow."""
    days = AuditFilter(since=shown.since, until=shown.until)
    if days == AuditFilter():
        return days
    question = Question(
        "Verify the Audit Trail",
        [
            "Each entry's hash is computed anew and compared.",
            "",
            "A verification of everything also finds the hashes that deleted entries leave behind.",
        ],
        Answer("r", f"The range {format_filter(days, users)}", "range"),
        Answer("e", "Everything", "everything"),
    )
    choice = await screen.app.push_screen_wait(question)
    return {"range": days, "everything": AuditFilter()}.get(choice or "")


def _bar(known: VerificationReport) -> str:
    filled = int(known.fraction * _BAR)
    return f"[{'#' * filled}{'-' * (_BAR - filled)}] {known.fraction:4.0%}"
