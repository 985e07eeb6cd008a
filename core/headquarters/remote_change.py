"""One change at headquarters: logged before it is asked for, asked for once, and its outcome logged after."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
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
from core.headquarters.messages import NOT_ASKED_STEPS
from core.model.actor import Actor
from core.model.logged_event import AuditEvent, LoggedEvent, Reason, Stage
from core.practice.practice import Practice
from core.practice.unit_of_work import UnitOfWork, WriteMode

_logger = logging.getLogger(__name__)

_NOT_SHOWN = "Headquarters confirmed the change, but its list doesn't show it."
_NOT_REPEATED = "Press r to check headquarters' list before you repeat it."


@dataclass(frozen=True)
class Reply:
    """The answer to a change that headquarters did not refuse."""

    message: str = ""
    """The message of headquarters, as it came; may be empty."""
    lost: NoUsableAnswer | None = None
    """The reason the answer can't be used, so that only the list shows the result; None for a usable answer."""


class RemoteChange:
    """A change at headquarters whose `ASKED` row is written.

    Args:
        practice: Its Audit Trail gets the rows.
        actor: Who asks.
        event: What is asked.
        work: The unit of work that wrote the row.
    """

    def __init__(self, practice: Practice, actor: Actor, event: AuditEvent, work: UnitOfWork) -> None:
        self._work = work
        self._practice = practice
        self._actor = actor
        self._event = event

    def send(self, request: Callable[[], str | None]) -> Reply:
        """Ask headquarters once.

        Args:
            request: Asks, and returns the message of headquarters if there is one.

        Raises:
            HeadquartersUnreachable: Headquarters was not asked; that is logged.
            HeadquartersRefused: Headquarters did nothing; that is logged.
        """
        try:
            return Reply(request() or "")
        except (HeadquartersUnreachable, HeadquartersRefused) as error:
            self._log_failure(Stage.NOT_DONE, _reason(error))
            raise
        except NoUsableAnswer as error:
            return Reply(lost=error)

    def conclude(self, reply: Reply, done: AuditEvent, *, is_listed: bool | None) -> ApiSetupError | None:
        """Log what became of the change.

        Args:
            reply: The answer.
            done: The event if the change was made; it may name what only the new list told.
            is_listed: Does the list that was read after the change show it? None if no list came.

        Returns:
            Why the change was not made or isn't known to be; None if it was made.
        """
        if is_listed is False and reply.lost is not None:
            self._log_failure(Stage.NOT_DONE, (Reason.UNUSABLE if reply.lost.arrived else Reason.NOT_SHOWN).value)
            sentence = f"{reply.lost.sentence} Headquarters' list doesn't show the change: it was not made."
            return NoUsableAnswer(sentence, "Check the list, then try again.")
        if is_listed is False or (is_listed is None and reply.lost is not None):
            self._log_failure(Stage.UNKNOWN, Reason.UNCERTAIN.value)
            sentence = reply.lost.sentence if reply.lost is not None else _NOT_SHOWN
            return OutcomeUnknown(f"{sentence} It is unknown whether the change was made.", _NOT_REPEATED)
        return self._log_success(done)

    def _log_success(self, done: AuditEvent) -> OutcomeUnknown | None:
        try:
            self._practice.log_outcome(self._actor, LoggedEvent(done), self._work.announced)
        except ApiSetupError as error:
            failure = OutcomeUnknown(
                f"Headquarters made the change, but the Audit Trail has only the request. {error.sentence}",
                "Don't repeat it. Reload the list to add the missing entry to the Audit Trail.",
            )
            failure.__cause__ = error
            return failure
        return None

    def _log_failure(self, stage: Stage, reason: str) -> None:
        """Log that the change was not made, or that nobody knows. The `ASKED` row exists already."""
        try:
            self._practice.log_outcome(self._actor, LoggedEvent(self._event, stage, reason), self._work.announced)
        except ApiSetupError as error:
            _logger.warning("The outcome of a change at headquarters could not be logged: %s", error)


@contextmanager
def open_remote_change(practice: Practice, actor: Actor, event: AuditEvent) -> Iterator[RemoteChange]:
    """Log what is asked, before it is asked.

    Raises:
        PracticeUnavailable: That can't be logged, so nothing is asked.
        OutcomeUnknown: It's still not known what became of the change before, so nothing is asked.
    """
    with ExitStack() as stack:
        try:
            work = stack.enter_context(practice.unit_of_work(actor, event, mode=WriteMode.REMOTE))
        except OutcomeUnknown:
            raise
        except PracticeUnavailable as error:
            raise PracticeUnavailable(
                f"Headquarters wasn't contacted because the request could not be logged. {error.sentence}", error.hint
            ) from error
        yield RemoteChange(practice, actor, event, work)


def remarks_on(reply: Reply, *, is_listed: bool | None) -> tuple[str, ...]:
    """Return what else an admin has to know of a change that was made, one sentence each."""
    if reply.lost is not None:
        what = "can't be used" if reply.lost.arrived else "was lost"
        return (f"Headquarters' response {what}, but its list shows that the change was made.",)
    return () if is_listed is not None else ("Its list could not be read afterwards. Press r to reload it.",)


def _reason(error: HeadquartersError) -> str:
    if isinstance(error, HeadquartersRefused):
        return f"{Reason.REFUSED.value}: {error.words}" if error.words else Reason.REFUSED.value
    reason = Reason.NOT_ASKED if error.step in NOT_ASKED_STEPS else Reason.NOT_REACHED
    return f"{reason.value} ({error.step.value})"
