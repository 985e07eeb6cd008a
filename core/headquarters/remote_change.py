"""Something that headquarters is asked to do: logged before it is asked, and its outcome logged after."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

from core.base.errors import (
    ApiSetupError,
    HeadquartersError,
    HeadquartersRefused,
    HeadquartersUnreachable,
    NoUsableAnswer,
    OutcomeUnknown,
    PracticeUnavailable,
)
from core.headquarters.responses import HeadquartersList
from core.model.actor import Actor
from core.model.audit_events import ASKED, NOT_DONE, UNKNOWN
from core.opendental.permission_types import Permission
from core.practice.practice import Practice

_logger = logging.getLogger(__name__)

_NOT_SHOWN = "Headquarters answered that it was done, but its list does not show it."
_NOT_REPEATED = "Look at headquarters' list (r) before you repeat it."


Fetch = Callable[[bool], HeadquartersList]
"""Reads headquarters' list; more than once where it is told to be patient."""


@dataclass(frozen=True)
class RemoteChange:
    """What is asked.

    Args:
        entry: The text of the audit entry, once it is done; it may name what the list tells that came after it.
        ask: Asks, and gives headquarters' message.
        shown_in: Whether a list shows that it was done.
    """

    entry: Callable[[HeadquartersList | None], str]
    ask: Callable[[], str]
    shown_in: Callable[[HeadquartersList], bool]


@dataclass(frozen=True)
class RemoteOutcome:
    """What became of it.

    Args:
        message: What headquarters said, as it came; may be empty.
        after: The list that was read after it; None where none came.
        remarks: What else an admin has to know, a sentence each.
        failure: Why it was not done, or that nobody knows; None where it was done.
    """

    message: str = ""
    after: HeadquartersList | None = None
    remarks: tuple[str, ...] = ()
    failure: ApiSetupError | None = None


def execute(log: RemoteChangeLog, actor: Actor, change: RemoteChange, fetch: Fetch) -> RemoteOutcome:
    """Ask headquarters once, and find out what became of it; both are logged.

    Args:
        log: Writes the entries.
        actor: Who asks.
        change: What is asked.
        fetch: Asks headquarters for its list; retry, or once.

    Raises:
        PracticeUnavailable: It could not be logged, so headquarters was not asked.
        OutcomeUnknown: It was done, and that could not be logged yet.
    """
    log.ask(actor, change.entry(None))
    try:
        message = change.ask()
    except (HeadquartersUnreachable, HeadquartersRefused) as error:
        log.outcome(actor, f"{NOT_DONE}{change.entry(None)} - {_reason(error)}")
        return RemoteOutcome(failure=error)
    except NoUsableAnswer as error:
        return _look_up(log, actor, change, _list(fetch, retry=True), error)
    after = _list(fetch, retry=False)
    if after is not None and not change.shown_in(after):
        return _unknown(
            log, actor, change, after, "Headquarters answered that it was done, but its list does not show it."
        )
    log.done(actor, change.entry(after))
    remark = () if after is not None else ("Its list could not be read after that; r reads it again.",)
    return RemoteOutcome(message, after, remark)


def _look_up(
    log: RemoteChangeLog, actor: Actor, change: RemoteChange, after: HeadquartersList | None, lost: NoUsableAnswer
) -> RemoteOutcome:
    """After an answer that was lost, only the list tells."""
    if after is None:
        return _unknown(log, actor, change, None, lost.sentence)
    if change.shown_in(after):
        log.done(actor, change.entry(after))
        return RemoteOutcome(
            after=after, remarks=("Headquarters' answer was lost, but its list shows that it was done.",)
        )
    log.outcome(actor, f"{NOT_DONE}{change.entry(None)} - the answer was lost, and headquarters' list does not show it")
    sentence = f"{lost.sentence} Its list, read again, does not show the change: it was not made."
    return RemoteOutcome(after=after, failure=NoUsableAnswer(sentence, "Try again, after looking at the list."))


def _unknown(
    log: RemoteChangeLog, actor: Actor, change: RemoteChange, after: HeadquartersList | None, sentence: str
) -> RemoteOutcome:
    log.outcome(actor, f"{UNKNOWN}{change.entry(None)} - look at headquarters' list before it is repeated")
    return RemoteOutcome(
        after=after, failure=OutcomeUnknown(f"{sentence} It is not known whether it was done.", _NOT_REPEATED)
    )


def _list(fetch: Fetch, *, retry: bool) -> HeadquartersList | None:
    try:
        return fetch(retry)
    except HeadquartersError as error:
        _logger.warning("The list after a change could not be read: %s", error)
        return None


def _reason(error: HeadquartersError) -> str:
    if isinstance(error, HeadquartersRefused):
        return f"headquarters refused: {error.words}" if error.words else "headquarters refused"
    return f"headquarters was not reached ({error.step.value})"


class RemoteChangeLog:
    """The entries about what headquarters is asked, under `Setup`; what could not be written is owed and written later.

    Args:
        practice: Its Audit Trail gets them.
    """

    def __init__(self, practice: Practice) -> None:
        self._practice = practice
        self._unwritten: list[tuple[Actor, str]] = []

    def ask(self, actor: Actor, entry: str) -> None:
        """Log what is asked, before it is.

        Raises:
            PracticeUnavailable: That is not possible, so nothing may be asked.
        """
        self._practice.require_resolved()
        try:
            self.flush()
            self._write(actor, ASKED + entry)
        except PracticeUnavailable as error:
            raise PracticeUnavailable(
                f"Headquarters was not asked, since that could not be logged. {error.sentence}", error.hint
            ) from error

    def done(self, actor: Actor, entry: str) -> None:
        """Log that it was done.

        Raises:
            OutcomeUnknown: That is not possible now.
        """
        try:
            self._write(actor, entry)
        except ApiSetupError as error:
            self._unwritten.append((actor, entry))
            raise OutcomeUnknown(
                f"Headquarters did it, but the Audit Trail says only that it was asked. {error.sentence}",
                "Do not repeat it; read the list again, which writes what is missing in the Audit Trail.",
            ) from error

    def outcome(self, actor: Actor, text: str) -> None:
        """Log that it was not done, or that nobody knows; that it was asked stands already."""
        try:
            self._write(actor, text)
        except ApiSetupError as error:
            self._unwritten.append((actor, text))
            _logger.warning("The outcome of a change at headquarters could not be logged: %s", error)

    def flush(self) -> None:
        """Write what is owed.

        Raises:
            PracticeUnavailable: It still cannot be written.
        """
        while self._unwritten:
            self._write(*self._unwritten[0])
            self._unwritten.pop(0)

    def _write(self, actor: Actor, text: str) -> None:
        self._practice.note(actor, Permission.SETUP, text)
