"""`apisetup keys disable --developer NAME` in several offices, with one receipt; and the way back."""

from __future__ import annotations

import signal
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from threading import Event, Thread
from typing import TYPE_CHECKING, Any

from core.base.errors import ApiSetupError, ConfigurationError
from core.base.file_status import file_status
from core.base.plural import count_of
from core.fleet.change_json import change_to_json
from core.fleet.cut_off import FleetChange
from core.fleet.cut_off_plan import make_receipt_number, plan_cut_off, plan_way_back
from core.fleet.developers import Developer, find_developer, find_developers
from core.fleet.fleet import Credentials, Fleet
from core.fleet.opening import fleet_store
from core.fleet.receipt import find_receipt, read_receipt
from core.fleet.sign_outs import record_sign_outs
from core.model.fleet_change import FleetOutcome, FleetPlan, OfficeOutcome, OfficePlan, OfficeResult
from tui.commands.confirmation import confirm_with, require_answerable
from tui.commands.outcome import COULD_NOT
from tui.commands.report import DONE, WANTING, OfficeReport, combine, document, office_as_json
from tui.commands.sign_in import ask_for_companion_password, ask_for_team_password, read_database_password
from tui.commands.signals import ENDING_SIGNALS, SignalReceived
from tui.platform.output import print_error, print_note, print_result
from tui.widgets.safe_text import sanitize

if TYPE_CHECKING:
    from core.fleet.store import FleetStore
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
    ask_for_team_password(request.context)
    clock, paths = request.context.runtime.clock, request.context.paths
    with closing(fleet_store(request.context)) as store:
        plan = _plan_on_file(command, store, request)
        named = None if plan is None else {each.office for each in plan.offices}
        chosen = [each for each in command.selection.requests if named is None or each.office.name in named]
        problems: dict[str, ApiSetupError] = {}
        requests = [_with_password(each, problems) for each in chosen]
        fleet = Fleet(requests, store, clock, dry_run=command.dry_run)
        try:
            _sign_in(command, fleet, requests, problems)
            missing = ""
            if plan is None:
                plan, missing = _cut_off(command, fleet, request)
            results, receipt, problem = _run(command, FleetChange(fleet, plan, paths.receipts, clock))
        finally:
            record_sign_outs(fleet.sign_out(), Event())
    for each in filter(None, (missing, problem)):
        print_error(each)
    status = _report(command, plan, results, receipt, missing or problem)
    if plan.unseen:
        print_error(sanitize(plan.unseen_sentence, 2000))
    return status


def _plan_on_file(command: OfficeCommand, store: FleetStore, request: OpenRequest) -> FleetPlan | None:
    """Return the plan of a receipt, or of an interrupted change; None if the command line names a developer.

    Raises:
        ConfigurationError: It can't be read, is about other offices, or does the opposite.
    """
    options = command.options
    selected = {each.office.name for each in command.selection.requests}
    if options.continues:
        return _interrupted(command, store, selected)
    if getattr(options, "receipt", None) is None:
        return None
    named, receipts = Path(options.receipt), request.context.paths.receipts
    file = find_receipt(store, receipts, options.receipt.upper()) if _is_receipt_number(named) else named
    found = read_receipt(file)
    if not found.plan.disables:
        raise ConfigurationError("This receipt enabled keys.", "Name the receipt of keys that were disabled.")
    number = make_receipt_number(request.context.runtime.clock(), request.context.runtime.random)
    plan = plan_way_back(found.plan, found.results, number, found.sha256)
    others = [each.office for each in plan.offices if each.office not in selected]
    if others and options.all_offices:
        raise ConfigurationError(
            f"The receipt names offices that the configuration file doesn't have: {', '.join(others)}. Nothing was"
            " changed.",
            "Choose the others with --office NAME or --tag TAG. If an office has another name now, change it back.",
        )
    if others:
        print_note(f"The receipt also names offices that aren't selected: {sanitize(', '.join(others))}")
    return replace(plan, offices=tuple(each for each in plan.offices if each.office in selected))


def _is_receipt_number(named: Path) -> bool:
    """Return True if what was named as a receipt can only be its number: it has no directory, and is no file here."""
    if named != Path(named.name) or named.suffix:
        return False
    try:
        return file_status(named) is None
    except OSError:
        return False


def _interrupted(command: OfficeCommand, store: FleetStore, selected: Collection[str]) -> FleetPlan:
    """Return the plan of the change that was interrupted. Its end is recorded for all offices, so all must be there.

    Raises:
        ConfigurationError: There is none, it is about further offices, or it does the opposite.
    """
    plan, verb = store.interrupted(), command.options.verb
    if plan is None:
        raise ConfigurationError("No change in several offices was interrupted.", "Leave out --continue.")
    if plan.verb.lower() != verb:
        raise ConfigurationError(
            f"The change that was interrupted is another one: {plan.verb.lower()} the API keys of {plan.developer}."
            " Nothing was changed.",
            f"To continue it, run: apisetup keys {plan.verb.lower()} --continue --all-offices",
        )
    others = [each.office for each in plan.offices if each.office not in selected]
    if others and not command.options.all_offices:
        raise ConfigurationError(
            f"The change that was interrupted is also about other offices: {', '.join(others)}. Nothing was changed.",
            "Continue it with --all-offices.",
        )
    return plan


def _cut_off(command: OfficeCommand, fleet: Fleet, request: OpenRequest) -> tuple[FleetPlan, str]:
    """Return the plan that cuts the developer of the command line off, and a sentence if no key was found."""
    options, runtime = command.options, request.context.runtime
    number = make_receipt_number(runtime.clock(), runtime.random)
    developers = find_developers(fleet.states, fleet.store.joined_names())
    found = find_developer(developers, options.developer)
    developer = found or Developer(options.developer, (options.developer,))
    if developer.similar:
        print_note(f"Similar names, which aren't included: {sanitize(', '.join(developer.similar))}")
    plan = plan_cut_off(developer, fleet.states, number, end_subscriptions=options.end_subscriptions)
    return plan, "" if found else "no key of this developer was found in the offices that were read."


def _run(command: OfficeCommand, change: FleetChange) -> tuple[tuple[OfficeResult, ...], dict[str, Any] | None, str]:
    """Ask, and make the change; return the results, the receipt for JSON, and what went wrong with it."""
    plan = change.plan
    lines = [line for office in plan.offices for line in plan_lines(plan, office)]
    if command.dry_run:
        return tuple(_untouched(each) for each in plan.offices), None, ""
    if not any(each.has_work for each in plan.offices):
        return tuple(_untouched(each) for each in plan.offices), None, ""
    if not confirm_with(command.options, lines, plan.developer, f"the developer's name, {plan.developer},"):
        return tuple(OfficeResult(each.office) for each in plan.offices), None, ""
    outcome = finish_offices_on_signal(lambda stopped: change.run(lambda _result: None, stopped))
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


def finish_offices_on_signal(run: Callable[[Event], FleetOutcome]) -> FleetOutcome:
    """Run a change in a thread. After a signal no further office is begun, and those that were begun are finished.

    Raises:
        SignalReceived: A signal arrived; the change ended before this is raised.
    """
    stopped, ended = Event(), Event()
    found, errors = list[FleetOutcome](), list[Exception]()

    def work() -> None:
        try:
            found.append(run(stopped))
        except Exception as error:  # noqa: BLE001 - raised again in the main thread
            errors.append(error)
        finally:
            ended.set()

    try:
        # A signal that arrives while the thread starts is handled after that, and never in that thread.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, ENDING_SIGNALS)
        Thread(target=work).start()
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        # Not `Thread.join`: Python before 3.13 takes a thread for ended if a signal interrupts that.
        ended.wait()
    except (SignalReceived, KeyboardInterrupt) as received:
        stopped.set()
        ended.wait()
        if isinstance(received, SignalReceived) and found:
            receipt = f"; receipt {found[0].receipt.file}" if found[0].receipt is not None else ""
            received.outcome = f"{found[0].done} of {count_of(len(found[0].results), 'office')} were done{receipt}"
        raise
    if errors:
        raise errors[0]
    return found[0]


# -- signing in ------------------------------------------------------------------------


def _with_password(request: OpenRequest, problems: dict[str, ApiSetupError]) -> OpenRequest:
    """Return a request with its database password, which may have to be typed.

    Args:
        request: The office.
        problems: Gets the error under the office's name if there is no password.
    """
    try:
        ask_for_companion_password(request)
        return replace(request, password=read_database_password(request)) if request.on_server else request
    except ApiSetupError as error:
        problems[request.office.name] = error
        return request


def _sign_in(
    command: OfficeCommand, fleet: Fleet, requests: Sequence[OpenRequest], problems: Mapping[str, ApiSetupError]
) -> None:
    """Sign in to all offices; names and passwords are asked for first, and each office gets one attempt.

    An office without a password stays in the plan, as one where nothing can be done.
    """
    users: dict[str, Credentials | ApiSetupError] = {**problems}
    for request in requests:
        if not request.on_server or request.office.name in users:
            continue
        try:
            users[request.office.name] = _user_of(command, request)
        except ApiSetupError as error:
            users[request.office.name] = error

    def on_state(state: OfficeState) -> None:
        if state.failure:
            print_error(f"{sanitize(state.office)}: {sanitize(state.failure, 400)}")

    fleet.sign_in(users, on_state, Event())


def _user_of(command: OfficeCommand, request: OpenRequest) -> Credentials:
    name = command.sign_in.user_name(request)
    if not name:
        raise ConfigurationError("No Open Dental user was given.", "Add --user NAME, or set od_user.")
    return Credentials(name, command.sign_in.password(request, name))


# -- reporting -------------------------------------------------------------------------


def _report(
    command: OfficeCommand,
    plan: FleetPlan,
    results: Sequence[OfficeResult],
    receipt: dict[str, Any] | None,
    problem: str,
) -> int:
    by_office = {result.office: (planned, result) for planned, result in zip(plan.offices, results, strict=True)}
    reports = [
        (request, _office_report(command, plan, *by_office.get(request.office.name, (None, None))))
        for request in _listed(command)
    ]
    statuses = [report.status for _, report in reports]
    status = max(combine(statuses), WANTING if problem else DONE)
    done = f"{sum(each.is_settled for each in results)} of {count_of(len(results), 'office')} done."
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


def _office_report(
    command: OfficeCommand, plan: FleetPlan, planned: OfficePlan | None, result: OfficeResult | None
) -> OfficeReport:
    """Return the report of one office; one that isn't in the plan has no key of the developer."""
    if planned is None or result is None:
        empty: dict[str, Any] = {"outcome": None, "user": None, "planned": [], "changes": [], "problems": []}
        return OfficeReport(DONE, {"dry_run": command.dry_run, **empty, "receipt_recorded": False, "looked_at": True})
    data = {
        "dry_run": command.dry_run,
        "outcome": None if command.dry_run else result.outcome.value,
        "user": result.user or None,
        "planned": planned_as_json(plan, planned),
        "changes": [change_to_json(change) for change in result.changes],
        "problems": list(result.problems),
        "receipt_recorded": result.recorded,
        "looked_at": not planned.unseen,
    }
    if command.dry_run:
        is_possible = result.outcome is not OfficeOutcome.FAILED
        return OfficeReport(DONE if is_possible else COULD_NOT, data, plan_lines(plan, planned))
    lines = [f"{change.what}: {change.before} → {change.after}, entry {change.entry}" for change in result.changes]
    problems = [sanitize(each, 400) for each in result.problems]
    return OfficeReport(_STATUS[result.outcome], data, [*map(sanitize, lines), *problems])


def planned_as_json(plan: FleetPlan, office: OfficePlan) -> list[dict[str, Any]]:
    """Return what a plan does in an office for JSON, with the names of the changes that are made."""
    if office.problem:
        return []
    keys = [
        {
            "what": f"API key {key.masked} ({key.developer})",
            "fingerprint": key.fingerprint,
            "subscription": 0,
            "before": key.before.label,
            "after": plan.status.label,
        }
        for key in office.keys
    ]
    return keys + [
        {"what": each.label, "fingerprint": each.fingerprint, "subscription": each.number}
        for each in office.subscriptions
    ]


def _lines(request: OpenRequest, report: OfficeReport) -> Sequence[str]:
    if report.data["dry_run"]:
        return report.lines
    outcome = report.data["outcome"]
    if outcome is None:
        return []
    return [f"{sanitize(request.office.name)}: {outcome}", *(f"  {line}" for line in report.lines)]
