"""The screen that says why the API doesn't work, for one key or for the practice."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.containers import Container
from textual.widgets import Static

from core.base.errors import ApiSetupError
from core.diagnosis.key_target import KeyTarget
from core.diagnosis.service import DiagnosisRequest
from core.model.diagnosis import Diagnosis, Remedy, Symptom
from tui.bindings import key
from tui.key_names import display
from tui.modals.choice import Choice
from tui.modals.notice import Notice
from tui.modals.prompt import Prompt
from tui.platform.base_screen import BaseScreen
from tui.platform.workers import flow, latest
from tui.widgets.details_panel import DetailsPanel
from tui.widgets.diagnosis_rows import COLUMNS, Finding, finding_lines, finding_rows, findings
from tui.widgets.key_status import short_key
from tui.widgets.panel import Panel
from tui.widgets.row_list import RowList
from tui.widgets.safe_text import safe_content

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from core.model.api_key import ApiKey
    from tui.session import Session

_PROMPT = (
    "Type the HTTP status, the answer, or the request that failed:",
    "",
    "401 PUT /appointments/123/Confirm",
    "400 eConnector is not running",
    "connection refused at port 30223",
    "",
    "Leave it blank to look at everything.",
)


class WhyScreen(BaseScreen[Remedy]):
    """Lists what is wrong with the API. Its result is what the admin wants to do about it; None for nothing.

    Args:
        session: The open office.
        key: The key to look at; None for the practice.
    """

    CSS_PATH = "why.tcss"
    MANUAL = "why"
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (80, "-medium"), (120, "-wide")]  # noqa: RUF012
    VERTICAL_BREAKPOINTS = [(0, "-low"), (22, "-high")]  # noqa: RUF012 - declared so by Textual
    SHOWS_PLACES = True
    KEYS: ClassVar[tuple[str, ...]] = (
        "fix-cause",
        "what-was-seen",
        "copy-developer-text",
        "choose-workstation",
        "probe-port",
        "whole-practice",
        "help",
        "back",
        "reload",
        "show-developer-text",
        "quit",
    )

    def __init__(self, session: Session, key: ApiKey | None) -> None:
        super().__init__()
        self._session = session
        self._key = key
        self._of_practice = key is None
        self._request = DiagnosisRequest()
        self._diagnosis: Diagnosis | None = None
        self._findings: tuple[Finding, ...] = ()

    def compose_body(self) -> ComposeResult:
        """Yield what the developer saw, the list of findings, and the details of one."""
        with Panel(id="seen-panel"):
            yield Static("", id="symptom", markup=False)
        with Container(id="findings"):
            with Panel(id="causes-panel"):
                yield RowList(*COLUMNS, empty="Looking…")
            yield DetailsPanel()

    def on_mount(self) -> None:
        """Focus the list, and look."""
        self.query_one(RowList).focus()
        self.query_one("#seen-panel", Panel).show_title("What the developer saw")
        self.query_one(DetailsPanel).show_title("Details")
        self._show_request()
        self.look()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Allow what needs a diagnosis only when there is one."""
        if action == "fix":
            finding = self._finding
            remedy = finding.cause.remedy if finding is not None and finding.cause is not None else None
            return remedy is Remedy.RELOAD or (remedy is not None and self._session.may_change)
        if action == "whole_practice":
            return self._key is not None
        if action in ("copy_text", "show_text"):
            return self._diagnosis is not None
        return super().check_action(action, parameters)

    # -- looking -------------------------------------------------------------

    @latest
    async def look(self, *, ask_headquarters: bool = False, probe: bool = False) -> None:
        """Look at the practice and the key, and list what was found.

        Args:
            ask_headquarters: Ask headquarters for its list first.
            probe: Ask whether the API service's port answers.
        """
        target = KeyTarget(self._key.label, self._key.fingerprint) if self._key and not self._of_practice else None
        request = replace(self._request, target=target, ask_headquarters=ask_headquarters, probe=probe)
        waiting = "Asking headquarters…" if ask_headquarters and self._session.office.keys.is_remote else "Looking…"
        diagnose = partial(self._session.office.diagnosis.diagnose, request)
        try:
            with self.busy(waiting):
                diagnosis = await self.call_service(diagnose, group="diagnosis")
        except ApiSetupError:
            self.query_one(RowList).set_empty_text(f"Not loaded. Press {display(key('reload'))} to retry.")
            raise
        self._show(diagnosis)

    def _show(self, diagnosis: Diagnosis) -> None:
        self._diagnosis, self._findings = diagnosis, findings(diagnosis)
        subject = diagnosis.subject
        if self._key is not None and not self._of_practice:
            subject = f"{self._key.developer} {short_key(self._key)}"
        conclusion = diagnosis.conclusion.rstrip(".")
        numbers, alert = ("", conclusion) if diagnosis.certain else (conclusion, "")
        self.query_one("#causes-panel", Panel).show_title(f"Why?  {subject}", numbers, alert)
        rows = finding_rows(self._findings, diagnosis.at)
        self.query_one(RowList).show(rows, keep=rows[0].identity if rows else None)
        self._show_request()
        self._show_details()
        self.refresh_bindings()

    def _show_request(self) -> None:
        symptom, diagnosis = self._request.symptom, self._diagnosis
        if not symptom.known:
            text = f"Unknown. Press {display(key('what-was-seen'))} to enter it and narrow down."
        elif diagnosis is not None and diagnosis.symptom.known:
            text = f"{diagnosis.symptom}. {diagnosis.meaning}"
        else:
            text = "…"
        self.query_one("#symptom", Static).update(safe_content([text]))

    @property
    def _finding(self) -> Finding | None:
        index = self.query_one(RowList).cursor if self.is_mounted else 0
        return self._findings[index] if index < len(self._findings) else None

    @on(RowList.Highlighted)
    def _follow_cursor(self) -> None:
        self.query_one(DetailsPanel).follow(self._show_details)
        self.refresh_bindings()

    def _show_details(self) -> None:
        finding, diagnosis = self._finding, self._diagnosis
        if diagnosis is None:
            return
        panel = self.query_one(DetailsPanel)
        panel.show_title(finding.title if finding else "Details")
        panel.show_lines(finding_lines(finding, diagnosis.at, display(key("fix-cause"))))

    # -- narrowing down --------------------------------------------------------

    @flow
    async def action_what_was_seen(self) -> None:
        """Ask what the developer saw, and look again."""
        current = self._request.symptom
        parse = partial(Symptom.parse, workstation=current.workstation)
        initial = str(replace(current, workstation=""))
        symptom = await self.app.push_screen_wait(
            Prompt("What did the developer see?", _PROMPT, initial, parse, verb="Look")
        )
        if symptom is not None:
            self._narrow(symptom)

    @flow
    async def action_choose_workstation(self) -> None:
        """Choose the computer whose local API the developer calls, and look again."""
        names = await self.call_service(self._session.office.diagnosis.workstations, group="workstations")
        if not names:
            self.show_status("This practice lists no workstations.")
            return
        chosen = await self.app.push_screen_wait(Choice("Whose local API?", ("(not a workstation)", *names)))
        if chosen is not None:
            self._narrow(replace(self._request.symptom, workstation=("", *names)[chosen]))

    def _narrow(self, symptom: Symptom) -> None:
        self._request = replace(self._request, symptom=symptom)
        self.look()

    def action_probe(self) -> None:
        """Ask whether the API service's port answers from this computer."""
        self.look(probe=True)

    def action_whole_practice(self) -> None:
        """Look at the practice instead of the key, or at the key again."""
        self._of_practice = not self._of_practice
        self.look()

    def action_reload(self) -> None:
        """Look again, and ask headquarters for its list."""
        self.look(ask_headquarters=True)

    # -- acting --------------------------------------------------------------

    @on(RowList.Chosen)
    def _fix_chosen(self, event: RowList.Chosen) -> None:
        event.stop()
        self.action_fix()

    def action_fix(self) -> None:
        """Go to what can be done about the cause under the cursor."""
        finding = self._finding
        if finding is None or finding.cause is None:
            return
        if finding.cause.remedy not in (None, Remedy.RELOAD) and not self._session.may_change:
            self.show_status(f"Read-only: {self._session.read_only_reason}")
        elif finding.cause.remedy is None:
            self.show_status(f"Nothing can be done about it from here. {finding.cause.action}")
        else:
            self.dismiss(finding.cause.remedy)

    def action_copy_text(self) -> None:
        """Send the text for the developer to the terminal's clipboard. It contains no key."""
        if self._diagnosis is not None:
            self.app.copy_to_clipboard(self._diagnosis.developer_text)
            self.show_status("The text for the developer was sent to the terminal's clipboard (if it supports OSC 52).")

    def action_show_text(self) -> None:
        """Show the text for the developer."""
        if self._diagnosis is not None:
            self.open_screen(Notice("To send to the developer", self._diagnosis.developer_text.splitlines()))

    def action_back(self) -> None:
        """Return to the previous screen."""
        self.dismiss(None)
