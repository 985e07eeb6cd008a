"""`apisetup keys disable --developer NAME` in several offices, with one receipt; and the way back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from threading import Event, Thread
from typing import TYPE_CHECKING, Any

from core.base.errors import ApiSetupError, ConfigurationError
from core.fleet.change_json import change_to_json
from core.fleet.cut_off import FleetChange, interrupted_change
from core.fleet.cut_off_plan import make_receipt_number, plan_cut_off, plan_way_back
from core.fleet.developers import find_developer, find_developers
from core.fleet.fleet import Credentials, Fleet
from core.fleet.opening import fleet_store
from core.fleet.receipt import find_receipt, read_receipt
from core.fleet.sign_outs import record_sign_outs
from core.model.fleet_change import FleetPlan, OfficeOutcome, OfficePlan, OfficeResult, unseen_sentence
from tui.commands.confirmation import confirm_with, require_answerable
from tui.commands.outcome import COULD_NOT, report_error
from tui.commands.report import DONE, WANTING, OfficeReport, combine, document, office_as_json
from tui.commands.sign_in import read_database_password
from tui.commands.signals import SignalReceived
from tui.platform.output import print_error, print_note, print_result
from tui.widgets.safe_text import sanitize

if TYPE_CHECKING:
    from core.model.fleet import OfficeState
    from core.offices.open_request import OpenRequest
    from tui.commands.office_command import OfficeCommand

_STATUS = {
    OfficeOutcome.DONE: DONE,
    OfficeOutcome.NOTHING: DONE,
    OfficeOutcome.FAILED: COULD_NOT,
    OfficeOutcome.NOT_TRIED: WANTING,
}


def run(command: OfficeCommand) -> int:
    """Change a developer's keys in the selected offices and return the exit status.

    Raises:
        ConfigurationError: Nobody can confirm it, the receipt can't be read, or nothing was interrupted.
        SignalReceived: A signal ended it; offices that were begun were finished first.
    """
    require_answerable(command.options)
    request = command.selection.requests[0]
    requests = [_with_password(each) for each in command.selection.requests]
    with closing(fleet_store(request.context)) as store:
        fleet = Fleet(requests, store, request.context.runtime.clock, dry_run=command.dry_run)
        try:
            _sign_in(command, fleet, requests)
            change = _change(command, fleet, request)
            if change is None:
                print_error("no key of this developer was found in the offices that were read.")
                _report_unseen([state.office for state in fleet.states if not state.signed_in_as])
                return WANTING
            results, receipt, problem = _run(command, change)
        finally:
            record_sign_outs(fleet.sign_out(), Event())
    if problem:
        print_error(problem)
    status = _report(command, change.plan, results, receipt, problem)
    _report_unseen(change.plan.unseen)
    return status


def _change(command: OfficeCommand, fleet: Fleet, request: OpenRequest) -> FleetChange | None:
    """Return the change that the command line asks for; None if the developer has no key."""
    options, runtime, receipts = command.options, request.context.runtime, request.context.paths.receipts
    if getattr(options, "continues", False):
        interrupted = interrupted_change(fleet, receipts, runtime.clock)
        if interrupted is None:
            raise ConfigurationError("No change in several offices was interrupted.", "Leave out --continue.")
        return interrupted
    number = make_receipt_number(runtime.clock(), runtime.random)
    if getattr(options, "receipt", None) is not None:
        named = Path(options.receipt)
        is_number = not named.exists() and named.name == options.receipt and not named.suffix
        found = read_receipt(find_receipt(fleet.store, receipts, options.receipt.upper()) if is_number else named)
        if not found.plan.disables:
            raise ConfigurationError("This receipt enabled keys.", "Name the receipt of keys that were disabled.")
        plan = plan_way_back(found.plan, found.results, number, found.sha256)
        chosen = {each.office.name for each in command.selection.requests}
        plan = replace(plan, offices=tuple(each for each in plan.offices if each.office in chosen))
        return FleetChange(fleet, plan, receipts, runtime.clock)
    developers = find_developers(fleet.states, fleet.store.joined_names())
    developer = find_developer(developers, options.developer)
    if developer is None:
        return None
    if developer.similar:
        print_note(f"Similar names, which aren't included: {sanitize(', '.join(developer.similar))}")
    plan = plan_cut_off(developer, fleet.states, number, end_subscriptions=options.end_subscriptions)
    return FleetChange(fleet, plan, receipts, runtime.clock)


def _run(command: OfficeCommand, change: FleetChange) -> tuple[tuple[OfficeResult, ...], dict[str, Any] | None, str]:
    """Ask, and make the change; return the results, the receipt for JSON, and what went wrong with it."""
    plan = change.plan
    lines = [line for office in plan.offices for line in plan_lines(plan, office)]
    if command.dry_run:
        for line in lines:
            print_note(line)
        return tuple(OfficeResult(each.office) for each in plan.offices), None, ""
    if not any(each.has_work for each in plan.offices):
        return tuple(_untouched(each) for each in plan.offices), None, ""
    if not confirm_with(command.options, lines, plan.developer, f"the developer's name, {plan.developer},"):
        return tuple(OfficeResult(each.office) for each in plan.offices), None, ""
    outcome = _finish_offices_on_signal(lambda stopped: change.run(lambda _result: None, stopped))
    receipt = outcome.receipt
    kept = None if receipt is None else {"number": receipt.number, "file": receipt.file, "sha256": receipt.sha256}
    return outcome.results, kept, outcome.problem


def plan_lines(plan: FleetPlan, office: OfficePlan) -> list[str]:
    """Return what a plan does in an office, a line for each thing, sanitized."""
    end = "end" if plan.disables else "resume"
    lines = [f"{key.masked} ({key.developer}): {key.before.label} → {plan.status.label}" for key in office.keys]
    lines += [f"{end} {each.label}" for each in office.subscriptions]
    lines += office.stays
    if office.problem:
        lines = [f"{'NOT LOOKED AT' if office.unseen else 'NOT POSSIBLE'}: {office.problem}"]
    return [sanitize(f"{office.office}: {line}") for line in lines or ["nothing to do"]]


def _untouched(office: OfficePlan) -> OfficeResult:
    if office.problem:
        return OfficeResult(office.office, OfficeOutcome.FAILED, problems=(office.problem,))
    return OfficeResult(office.office, OfficeOutcome.NOTHING, problems=office.stays)


def _finish_offices_on_signal(run: Callable[[Event], Any]) -> Any:
    """Run a change in a thread. After a signal no further office is begun, and those that were begun are finished."""
    stopped, found, errors = Event(), list[Any](), list[Exception]()

    def work() -> None:
        try:
            found.append(run(stopped))
        except Exception as error:  # noqa: BLE001 - raised again in the main thread
            errors.append(error)

    thread = Thread(target=work)
    thread.start()
    try:
        thread.join()
    except (SignalReceived, KeyboardInterrupt) as received:
        stopped.set()
        thread.join()
        if isinstance(received, SignalReceived) and found:
            received.outcome = f"{found[0].done} of {len(found[0].results)} offices were done"
        raise
    if errors:
        raise errors[0]
    return found[0]


# -- signing in ------------------------------------------------------------------------


def _with_password(request: OpenRequest) -> OpenRequest:
    """Return a request with its database password, which may have to be typed."""
    try:
        return replace(request, password=read_database_password(request)) if request.on_server else request
    except ApiSetupError as error:
        # It stays in the plan, as an office where nothing could be done.
        report_error(error, request.office.name)
        return request


def _sign_in(command: OfficeCommand, fleet: Fleet, requests: Sequence[OpenRequest]) -> None:
    """Sign in to all offices; names and passwords are asked for first, and each office gets one attempt."""
    credentials: dict[str, Credentials] = {}
    for request in requests:
        if not request.on_server:
            continue
        name = command.sign_in.user_name(request)
        if not name:
            raise ConfigurationError("No Open Dental user was given.", "Add --user NAME, or set od_user.")
        credentials[request.office.name] = Credentials(name, command.sign_in.password(request, name))

    def on_state(state: OfficeState) -> None:
        if state.failure:
            print_error(f"{sanitize(state.office)}: {sanitize(state.failure, 400)}")

    fleet.sign_in(credentials, on_state, Event())


# -- reporting -------------------------------------------------------------------------


def _report_unseen(offices: Sequence[str]) -> None:
    if offices:
        print_error(sanitize(unseen_sentence(offices), 2000))


def _report(
    command: OfficeCommand,
    plan: FleetPlan,
    results: Sequence[OfficeResult],
    receipt: dict[str, Any] | None,
    problem: str,
) -> int:
    by_office = {result.office: result for result in results}
    reports = []
    for request in _listed(command):
        name = request.office.name
        report = _office_report(command, by_office.get(name))
        data = {**report.data, "looked_at": name not in plan.unseen}
        reports.append((request, OfficeReport(report.status, data, report.lines)))
    statuses = [report.status for _, report in reports]
    status = max(combine(statuses), WANTING if problem else DONE)
    done = f"{sum(each.is_settled for each in results)} of {len(results)} offices done."
    if command.options.json:
        offices = [{**office_as_json(request, report, None), "receipt": receipt} for request, report in reports]
        print_result(document(command.name, status, offices), done)
        return status
    lines = [line for request, report in reports for line in _lines(request, report)]
    if receipt is not None:
        lines += [f"Receipt {receipt['number']}: {receipt['file']}", f"SHA-256 {receipt['sha256']}"]
    print_result("\n".join([*lines, *([] if command.dry_run else [done])]), done)
    return status


def _listed(command: OfficeCommand) -> Sequence[OpenRequest]:
    return command.selection.requests


def _office_report(command: OfficeCommand, result: OfficeResult | None) -> OfficeReport:
    """Return the report of one office; one that isn't in the plan has no key of the developer, or wasn't read."""
    if result is None:
        return OfficeReport(DONE, {"dry_run": command.dry_run, "outcome": None, "changes": [], "problems": []})
    data = {
        "dry_run": command.dry_run,
        "outcome": result.outcome.value,
        "user": result.user or None,
        "changes": [change_to_json(change) for change in result.changes],
        "problems": list(result.problems),
        "receipt_recorded": result.recorded,
    }
    lines = [f"{change.what}: {change.before} → {change.after}, entry {change.entry}" for change in result.changes]
    status = DONE if command.dry_run else _STATUS[result.outcome]
    return OfficeReport(status, data, [*map(sanitize, lines), *(sanitize(each, 400) for each in result.problems)])


def _lines(request: OpenRequest, report: OfficeReport) -> list[str]:
    outcome = report.data["outcome"]
    if outcome is None or report.data["dry_run"]:
        return []
    return [f"{sanitize(request.office.name)}: {outcome}", *(f"  {line}" for line in report.lines)]
