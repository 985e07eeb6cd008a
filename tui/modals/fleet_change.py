"""The screen of a change in many offices: what would happen in each, and then what did."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.containers import Horizontal

from core.base.errors import ApiSetupError, InvalidInput
from core.base.plural import count_of
from core.model.fleet_change import FleetOutcome, FleetPlan, OfficeOutcome, OfficePlan, OfficeResult
from tui.modals.prompt import Prompt
from tui.platform.background_work import BackgroundWork
from tui.platform.base_screen import BaseScreen
from tui.platform.workers import flow
from tui.widgets.details_panel import DetailsPanel
from tui.widgets.panel import Panel
from tui.widgets.rows import Column, Row
from tui.widgets.selectable_list import SelectableList
from tui.widgets.tones import Line, Tone, safe_line

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from core.fleet.cut_off import FleetChange
    from core.fleet.fleet import Fleet
    from tui.key_definition import Key

_COLUMNS = (
    Column("Office", 20, min_width=12, max_width=32),
    Column("What", 24, min_width=14, max_width=50),
    Column("Receipt", 8, min_width=8, from_width=60),
)
_OUTCOMES: Mapping[OfficeOutcome, tuple[str, Tone]] = {
    OfficeOutcome.DONE: ("✓", "good"),
    OfficeOutcome.NOTHING: ("–", "dim"),
    OfficeOutcome.FAILED: ("!", "alert"),
    OfficeOutcome.NOT_TRIED: ("·", "dim"),
}


class FleetChangeScreen(BaseScreen[None]):
    """Shows the plan of a change, lets offices be left out, makes the change, and shows the results.

    Args:
        fleet: The offices.
        plan: The plan.
        receipts: The directory for the receipt.
        continues: True if the plan was begun before, so that no office can be left out of it.
    """

    CSS_PATH = "fleet_change.tcss"
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (80, "-medium")]  # noqa: RUF012 - declared so by Textual
    MANUAL = "fleet"
    KEYS: ClassVar[tuple[str, ...]] = ("start-change", "retry-offices", "select-office", "stop-offices", "help", "quit")

    def __init__(self, fleet: Fleet, plan: FleetPlan, receipts: Path, *, continues: bool = False) -> None:
        super().__init__()
        self._fleet = fleet
        self._plan = plan
        self._receipts = receipts
        self._continues = continues
        self._work = BackgroundWork(self, self._show_rows)
        self._change: FleetChange | None = None
        self._outcome: FleetOutcome | None = None

    def compose_body(self) -> ComposeResult:
        """Compose the list of offices and the details."""
        with Horizontal():
            with Panel(id="change-panel"):
                yield SelectableList(*_COLUMNS, empty="No office has something to change.", id="changes")
            yield DetailsPanel()

    def on_mount(self) -> None:
        """Select all offices where something is to be done."""
        self._list.focus()
        self._show_rows()
        self._list.select([each.office for each in self._plan.offices if each.has_work])
        unseen = self._plan.unseen_sentence
        if not any(each.has_work for each in self._plan.offices):
            self.show_status(f"Nothing can be changed. {unseen or 'Press Esc to go back.'}", "problem")
        elif unseen:
            self.show_status(f"{unseen} Esc goes back to sign in there.", "problem")
        else:
            leave_out = "" if self._continues else " Space leaves an office out."
            self.show_status(f"Nothing was changed yet. Press ^s to start.{leave_out}")

    @property
    def _list(self) -> SelectableList:
        return self.query_one("#changes", SelectableList)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Enable the keys of the phase: before the change, and after it."""
        if action == "start":
            return self._change is None and any(each.has_work for each in self._plan.offices)
        if action == "select":
            return self._change is None and not self._continues
        if action == "retry":
            return self._outcome is not None and not self.in_flow
        return super().check_action(action, parameters)

    def is_useful(self, key: Key) -> bool:
        """Leave retrying out of the key bar if nothing failed."""
        if key.id == "retry-offices" and self._outcome is not None:
            return bool(self._outcome.unsettled or self._outcome.problem)
        return super().is_useful(key)

    # -- keys ----------------------------------------------------------------------

    def action_select(self) -> None:
        """Leave out the office under the cursor, or take it in again."""
        self._list.toggle_selected()

    @flow
    async def action_start(self) -> None:
        """Have the developer's name typed, and make the change."""
        from core.fleet.cut_off import FleetChange

        selected = set(self._list.selection.shown)
        chosen = tuple(each for each in self._plan.offices if each.office in selected or each.problem)
        plan = self._plan if self._continues else replace(self._plan, offices=chosen)
        if not selected:
            self.show_status("No office is selected. Press Space to take one in.", "problem")
            return
        keys = sum(len(each.keys) for each in plan.offices if each.has_work)
        lines = [
            f"{plan.verb} {count_of(keys, 'key')} of {plan.developer} in {count_of(len(selected), 'office')}.",
            f"Each change is recorded in its office's Audit Trail with the receipt {plan.receipt}.",
            *(["", f"NOT EVERYWHERE: {plan.unseen_sentence}"] if plan.unseen else []),
            "",
            f"Type the developer's name, {plan.developer}, to confirm:",
        ]
        title = f"{plan.verb} in these offices?" if plan.unseen else f"{plan.verb} everywhere?"
        require = partial(_require_name, plan.developer)
        prompt = Prompt(title, lines, "", require, verb=plan.verb, key="ctrl+y")
        if await self.app.push_screen_wait(prompt) is None:
            self.show_status("Nothing was changed.")
            return
        self._plan = plan
        self._change = FleetChange(self._fleet, plan, self._receipts, self._fleet.clock)
        self._list.deselect()
        await self._run(self._change)

    @flow
    async def action_retry(self) -> None:
        """Try again where it failed; what was done isn't done again."""
        if self._change is not None:
            await self._run(self._change)

    async def _run(self, change: FleetChange) -> None:
        self.refresh_bindings()
        try:
            self._outcome = await self._work.commit(lambda stopped: change.run(self._work.note, stopped))
        except ApiSetupError as error:
            if self._outcome is None:
                self._change = None
            self.show_problem(error)
            return
        finally:
            self.refresh_bindings()
        self._show_rows()
        self._show_outcome(self._outcome)

    def _show_outcome(self, outcome: FleetOutcome) -> None:
        done, count = outcome.done, len(outcome.results)
        what = "Disabled" if self._plan.disables else "Enabled"
        sentences = [f"{what} in {done} of {count_of(count, 'office')}."]
        if outcome.receipt is not None:
            sentences.append(f"Receipt: {outcome.receipt.file}")
        if outcome.problem:
            sentences.append(outcome.problem)
        if self._plan.unseen:
            sentences.insert(1, self._plan.unseen_sentence)
        whole = done == count and not outcome.problem
        self.show_status(" ".join(sentences), "ok" if whole else "problem")
        # After this flow, since retrying waits for its end.
        self.call_after_refresh(self.refresh_bindings)

    def action_back(self) -> None:
        """Stop before the next office; without a running change, go back."""
        if (self._change is not None and self._outcome is None) or self.terminal_app.commits.running:
            self._work.stop()
            self.show_status("Stopping: the offices that were begun are finished…")
            return
        self.dismiss(None)

    # -- the text ------------------------------------------------------------------

    def _show_rows(self) -> None:
        self._list.show([self._row(each) for each in self._plan.offices])
        results = self._results()
        done = sum(result.is_settled for result in results.values())
        offices = len(self._plan.offices)
        counts = f"{done} of {offices} done" if self._change is not None else count_of(offices, "office")
        title = f"{self._plan.verb} {self._plan.developer}"
        self.query_one("#change-panel", Panel).show_title(title, counts)
        if self._change is not None and self._outcome is None:
            self.show_status(f"{done} of {count_of(offices, 'office')} done. Esc stops before the next one.")
        self._show_details()

    def _results(self) -> dict[str, OfficeResult]:
        return {} if self._change is None else {result.office: result for result in self._change.results}

    def _row(self, office: OfficePlan) -> Row:
        result = self._results().get(office.office)
        if result is None:
            tones: dict[int, Tone] = {1: "warning"} if office.problem else {}
            cells = (office.office, _planned_words(office), "")
            return Row(cells, office.office, tones=tones, mark="!" if office.problem else "")
        mark, tone = _OUTCOMES[result.outcome]
        words = result.outcome.value if not result.problems else f"{result.outcome.value}: {result.problems[0]}"
        recorded = "recorded" if result.recorded else ""
        return Row((office.office, words, recorded), office.office, tones={1: tone}, mark=mark)

    @on(SelectableList.Highlighted)
    def _show_details(self) -> None:
        panel, row = self.query_one(DetailsPanel), self._list.row
        office = next((each for each in self._plan.offices if row is not None and each.office == row.identity), None)
        if office is None:
            return
        panel.show_title(office.office)
        result = self._results().get(office.office)
        has_result = result is not None and result.outcome is not OfficeOutcome.NOT_TRIED
        panel.show_lines(_result_lines(result) if has_result and result is not None else self._plan_lines(office))

    def _plan_lines(self, office: OfficePlan) -> list[Line]:
        actor = self._fleet.actor(office.office)
        lines = [safe_line((f"By {actor.user_name}", "dim"))] if actor is not None else []
        if office.problem:
            what = "Not looked at" if office.unseen else "Nothing can be changed here now"
            lines.append(safe_line((f"{what}: ", "alert"), (office.problem, "normal")))
        if office.unseen:
            lines.append(safe_line(("Keys of this developer may work here. Sign in, and look again.", "normal")))
        after = self._plan.status.label
        lines += [
            safe_line((f"{key.masked} ", "strong"), (f"{key.before.label} → {after}", "normal"), indent=2)
            for key in office.keys
        ]
        verb = "End" if self._plan.disables else "Resume"
        lines += [safe_line((f"{verb} {each.label}", "normal"), indent=2) for each in office.subscriptions]
        if office.stays:
            lines += [safe_line(("", "normal")), safe_line(("Stays as it is", "strong"))]
            lines += [safe_line((each, "normal"), indent=2) for each in office.stays]
        return lines


def _planned_words(office: OfficePlan) -> str:
    if office.problem:
        return f"{'not looked at' if office.unseen else 'not possible'}: {office.problem}"
    parts = [_counted(len(office.keys), "key"), _counted(len(office.subscriptions), "subscription")]
    return ", ".join(filter(None, parts)) or "nothing to do"


def _result_lines(result: OfficeResult) -> list[Line]:
    mark, tone = _OUTCOMES[result.outcome]
    by = f", by {result.user}" if result.user else ""
    lines = [safe_line((f"{mark} ", tone), (f"{result.outcome.value}{by}", "strong"))]
    for change in result.changes:
        lines.append(safe_line((change.what, "normal"), indent=2))
        lines.append(safe_line((f"  {change.before} → {change.after}, entry {change.entry}", "dim"), indent=2))
    lines += [safe_line(("! ", "alert"), (problem, "normal"), indent=2) for problem in result.problems]
    if result.changes:
        recorded = "The receipt's hash is in the Audit Trail." if result.recorded else "The receipt isn't recorded yet."
        lines.append(safe_line((recorded, "dim")))
    return lines


def _counted(number: int, what: str) -> str:
    return count_of(number, what) if number else ""


def _require_name(developer: str, typed: str) -> str:
    if typed.strip().casefold() != developer.casefold():
        raise InvalidInput(
            "developer", "Not the developer's name.", "Nothing was changed. Try again, or press Esc to cancel."
        )
    return developer
