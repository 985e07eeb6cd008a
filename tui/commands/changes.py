"""The changes that a command makes in one office: planned, confirmed, made one by one, and reported."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from core.base.errors import ApiSetupError
from tui.commands.confirmation import confirm, confirm_with
from tui.commands.report import ChangeResult, ChangeState, OfficeReport, report_changes

if TYPE_CHECKING:
    from tui.commands.office_command import OfficeCommand

NOTHING = "Nothing was changed."


class Made(Protocol):
    """The result of a change, as a service returns it."""

    @property
    def sentence(self) -> str:
        """The change, in a sentence."""

    @property
    def consequences(self) -> tuple[str, ...]:
        """Its consequences, one sentence each."""


@dataclass(frozen=True)
class MadeChange:
    """A change that was made, where no service describes it."""

    sentence: str
    consequences: tuple[str, ...] = ()


@dataclass(frozen=True)
class PlannedChange:
    """One change, with an audit entry of its own.

    Args:
        subject: What is changed, as sentences name it.
        plan: What is done, as the rest of a sentence that begins with "would".
        make: Does it.
        notes: What follows from it, one sentence each.
        refusal: Why it can't be done; blank if it can.
        unchanged: Why there is nothing to do; blank if there is something.
        details: More values for JSON.
    """

    subject: str
    plan: str
    make: Callable[[], Made]
    notes: tuple[str, ...] = ()
    refusal: str = ""
    unchanged: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_possible(self) -> bool:
        """True if there is something to do, and nothing stands against it."""
        return not (self.refusal or self.unchanged)

    def without(self, state: ChangeState, sentence: str, notes: tuple[str, ...] = ()) -> ChangeResult:
        """Return the result of this change, which was not made."""
        return ChangeResult(self.subject, state, sentence, notes, self.details)


Confirmation = Callable[[Sequence[PlannedChange]], bool]


def make_changes(command: OfficeCommand, changes: Sequence[PlannedChange], confirmed: Confirmation) -> OfficeReport:
    """Ask for confirmation once, make each change that is possible, and report all of them.

    Args:
        command: The command; with --dry-run, nothing is asked and nothing is made.
        changes: The changes, in order.
        confirmed: Asks whether to make those that are possible.
    """
    possible = [each for each in changes if each.is_possible]
    go_on = bool(possible) and (command.dry_run or confirmed(possible))
    results = [_result(each, dry_run=command.dry_run, go_on=go_on) for each in changes]
    return report_changes(results, dry_run=command.dry_run)


def ask_once(command: OfficeCommand, question: str) -> Confirmation:
    """Return a confirmation that lists the changes and takes yes for an answer."""
    return lambda changes: confirm(command.options, _listed(changes), question)


def ask_for_text(command: OfficeCommand, expected: str, what: str) -> Confirmation:
    """Return a confirmation that lists the changes and has a text typed."""
    return lambda changes: confirm_with(command.options, _listed(changes), expected, what)


def _listed(changes: Sequence[PlannedChange]) -> list[str]:
    return [line for each in changes for line in (f"{each.plan[:1].upper()}{each.plan[1:]}", *_indented(each.notes))]


def _indented(notes: Sequence[str]) -> list[str]:
    return [f"  {note}" for note in notes]


def _result(change: PlannedChange, *, dry_run: bool, go_on: bool) -> ChangeResult:
    if change.refusal:
        return change.without(ChangeState.REFUSED, change.refusal)
    if change.unchanged:
        return change.without(ChangeState.UNCHANGED, change.unchanged)
    if dry_run:
        return change.without(ChangeState.PLANNED, change.plan, change.notes)
    if not go_on:
        return change.without(ChangeState.NOT_CONFIRMED, NOTHING)
    try:
        made = change.make()
    except ApiSetupError as error:
        return ChangeResult.of_error(change.subject, error, **change.details)
    return change.without(ChangeState.DONE, made.sentence, tuple(made.consequences))
