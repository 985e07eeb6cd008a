"""`apisetup review`: what needs a decision, and the reviews in which it is decided."""

from __future__ import annotations

from functools import cache, partial
from typing import TYPE_CHECKING

from core.model.review import Choice, DecisionKind
from core.opendental.key_status import KeyStatus
from core.reports.review_values import due_value, findings_value, review_value, summary_value
from core.review.service import end_refusal
from core.users.service import READERS
from tui.commands.changes import MadeChange, PlannedChange, ask_once, make_changes
from tui.commands.dates import parse_day, parse_optional_day
from tui.commands.key_changes import NO_KEY, key_details
from tui.commands.key_choice import choose_keys, read_keys, refuse_whole_key
from tui.commands.report import DONE, WANTING, OfficeReport, table
from tui.commands.review_report import (
    finding_lines,
    review_lines,
    review_row,
    status_line,
)

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from core.model.api_key import ApiKey, KeyList
    from core.model.review import DecisionResult, Review
    from tui.commands.office_command import OfficeCommand
    from tui.session import Session

_READING = ("due", "status", "list", "show")
_HEADS = ("NAME", "PERIOD", "STARTED", "ENDED", "KEYS", "KEEP", "DISABLE", "ASK", "OPEN")


def run(command: OfficeCommand) -> int:
    """Run one of the `review` commands and return the exit status.

    Raises:
        ConfigurationError: A date isn't one, or a key is named by more than its end.
    """
    options, verb = command.options, command.options.verb
    refuse_whole_key(*getattr(options, "key", ()))
    if verb == "report":
        from tui.commands import review_evidence

        return review_evidence.run(command)
    if verb == "decide":
        # Before any office is opened.
        return command.run(partial(_decide, command, _choice(options)))
    if verb == "start":
        parse_optional_day(options.since)
        parse_optional_day(options.until)
    verbs = {"due": _due, "status": _status, "list": _list, "show": _show, "start": _start, "end": _end}
    return command.run(partial(verbs[verb], command), *(READERS if verb in _READING else ()))


def _due(command: OfficeCommand, session: Session) -> OfficeReport:
    _keys, current = read_keys(session)
    found = session.office.review.findings(read_use=True)
    lines = finding_lines(found, accepted=command.options.all) or ["Nothing needs a decision."]
    return OfficeReport(WANTING if found.due or not current else DONE, findings_value(found), lines)


def _status(_command: OfficeCommand, session: Session) -> OfficeReport:
    service = session.office.review
    _keys, current = read_keys(session)
    found = service.findings(read_use=True)
    reviews = service.reviews()
    running = next((service.progress(each) for each in reviews if each.is_under_way), None)
    ended = [each for each in reviews if not each.is_under_way]
    last = max(ended, key=lambda each: each.ended_at or each.started_at, default=None)
    data = due_value(found, running, last)
    return OfficeReport(WANTING if found.due or not current else DONE, data, [status_line(found, running, last)])


def _list(_command: OfficeCommand, session: Session) -> OfficeReport:
    service = session.office.review
    progress = [service.progress(each) for each in service.reviews()]
    lines = table(_HEADS, [review_row(each) for each in progress]) if progress else ["No reviews yet."]
    return OfficeReport(DONE, {"reviews": [summary_value(each) for each in progress]}, lines)


def _show(command: OfficeCommand, session: Session) -> OfficeReport:
    service = session.office.review
    progress = service.progress(service.find(command.options.name))
    return OfficeReport(DONE, {"review": review_value(progress)}, list(review_lines(progress)))


def _start(command: OfficeCommand, session: Session) -> OfficeReport:
    options, service = command.options, session.office.review
    read_keys(session, for_change=True)
    found = service.findings(read_use=True)
    name, since, until = options.name, parse_optional_day(options.since), parse_optional_day(options.until)
    begun = service.prepare(session.actor, name, since, until, findings=found)

    def make() -> MadeChange:
        started = service.start(session.actor, name, since, until, findings=found)
        return MadeChange(f"Started: {_described(started)}.", ("Decide about each key: apisetup review decide",))

    change = PlannedChange(
        f"review {begun.name}",
        f"start the {_described(begun)}.",
        make,
        details={"review": begun.name, "since": str(begun.since), "until": str(begun.until), "keys": len(begun.items)},
    )
    return make_changes(command, [change], ask_once(command, "Start this review?"))


def _decide(command: OfficeCommand, choice: Choice, session: Session) -> OfficeReport:
    options, service = command.options, session.office.review
    listed, _ = read_keys(session, for_change=True)
    review, choice = service.require_under_way(), service.check_choice(choice)
    # Read once, when the first decision is made: that may be long after they were listed here.
    read_once = cache(session.office.keys.list)
    changes = [
        _planned_decision(session, review, key, choice, read_once, again=options.again)
        for key in choose_keys(options, session, listed)
    ]
    if not changes:
        return OfficeReport(WANTING, {"dry_run": command.dry_run, "changes": []}, [NO_KEY])
    question = "Record this decision?" if len(changes) == 1 else f"Record these {len(changes)} decisions?"
    return make_changes(command, changes, ask_once(command, question))


def _end(command: OfficeCommand, session: Session) -> OfficeReport:
    service = session.office.review
    read_keys(session)
    review = service.require_under_way()
    left = service.progress(review).open
    with_open = command.options.with_open

    def make() -> MadeChange:
        ended = service.end(session.actor, review, with_open=with_open)
        return MadeChange(f"Ended: review {ended.name}.", tuple(f"Left open: {label}." for label in ended.left_open))

    change = PlannedChange(
        f"review {review.name}",
        f"end the review {review.name}.",
        make,
        tuple(f"It has no decision on {each.label}." for each in left),
        refusal=f"{end_refusal(left)} Add --with-open to leave them open." if left and not with_open else "",
        details={"review": review.name, "open": [each.label for each in left]},
    )
    return make_changes(command, [change], ask_once(command, "End this review?"))


def _planned_decision(
    session: Session, review: Review, key: ApiKey, choice: Choice, read_keys_once: Callable[[], KeyList], *, again: bool
) -> PlannedChange:
    item = review.item(key.fingerprint)
    decision = item.decision if item is not None else None
    refusal = ""
    if choice.kind is DecisionKind.DISABLE and not key.status.disabled:
        refusal = session.office.keys.status_refusal(key, KeyStatus.DISABLED_BY_CUSTOMER)
    unchanged = ""
    if decision is not None and not again:
        unchanged = f"{key.label}: {decision.user} decided on {decision.at:%Y-%m-%d}: {decision.choice.label}."
        unchanged += " Add --again to replace it."

    def make() -> DecisionResult:
        decide = session.office.review.decide
        return decide(session.actor, review, key.fingerprint, choice, listed=read_keys_once())

    return PlannedChange(
        key.label,
        f"decide about {key.label}: {choice.label}.",
        make,
        refusal=f"{key.label}: {refusal}" if refusal else "",
        unchanged=unchanged,
        details={
            **key_details(key),
            "review": review.name,
            "decision": choice.kind.value,
            "until": choice.until.isoformat() if choice.until is not None else None,
        },
    )


def _choice(options: argparse.Namespace) -> Choice:
    """Return the decision that the command line names.

    Raises:
        ConfigurationError: The date isn't one.
    """
    if options.keep_until is not None:
        return Choice(DecisionKind.KEEP, parse_day(options.keep_until), options.note)
    return Choice(DecisionKind.DISABLE if options.disable else DecisionKind.ASK, note=options.note)


def _described(review: Review) -> str:
    keys = "1 key" if len(review.items) == 1 else f"{len(review.items):,} keys"
    return f"review {review.name} of {keys}, {review.since} to {review.until}"
