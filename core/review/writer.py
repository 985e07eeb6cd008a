"""Writes reviews to the companion, each change with its entry in the Audit Trail."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from core.base.errors import Conflict, EditConflict, InvalidInput, OperationNotAllowed
from core.companion.store import Companion
from core.model.actor import Actor
from core.model.event_text import NOT_DECIDED
from core.model.logged_event import AuditEvent
from core.model.review import Decision, Review, ReviewItem
from core.model.review_events import KeyReviewed
from core.practice.practice import Practice
from core.practice.unit_of_work import UnitOfWork
from core.review.store import ReviewStore


class ReviewWriter:
    """Adds a review, a decision or an end.

    Where no transaction covers practice and companion, the entry is committed first. A kill in between leaves an entry
    without a row, which the next start logs as not done: over-logged, never under-logged.

    Args:
        practice: The open practice.
        companion: Keeps the reviews.
        store: Reads and writes their rows.
    """

    def __init__(self, practice: Practice, companion: Companion, store: ReviewStore) -> None:
        self._practice = practice
        self._companion = companion
        self._store = store

    def add(self, actor: Actor, event: AuditEvent, review: Review) -> Review:
        """Add a review, and return it with its number.

        Raises:
            InvalidInput: Another program used the name; the field is `name`.
            OperationNotAllowed: Another program started one.
        """
        with self._change(actor, event) as (work, connection):
            known = self._store.names_and_numbers(connection)
            refuse_second(review.name, [(name, ended_at) for _number, name, ended_at in known])
            numbered = replace(review, number=max((number for number, *_ in known), default=0) + 1)
            self._companion.add_compensation(work, lambda over: self._store.remove(over, numbered))
            self._store.add(connection, numbered)
        return numbered

    def decide(self, actor: Actor, event: AuditEvent, review: Review, before: ReviewItem, after: ReviewItem) -> None:
        """Put a decision, or none, in the place of the one that was read.

        Raises:
            EditConflict: Another program decided about the key.
            OperationNotAllowed: The review has ended.
        """
        with self._change(actor, event) as (work, connection):
            now = self._store.review_of_key(connection, review.number, before.fingerprint)
            _require_unchanged(now, review, before, after.decision)
            listed = now.item(before.fingerprint) if now is not None else None
            self._companion.add_compensation(
                work, lambda over: self._store.take_back(over, review.number, listed, after)
            )
            self._store.put_item(connection, review.number, before, after)

    def end(self, actor: Actor, event: AuditEvent, review: Review) -> None:
        """Set the end of a review.

        Raises:
            OperationNotAllowed: Another program ended it, or decided about a key since.
        """
        with self._change(actor, event) as (work, connection):
            now = self._store.review(connection, review.number)
            require_under_way(now, review)
            if now is not None and _revisions(now) != _revisions(review):
                raise OperationNotAllowed(
                    "A decision about a key was made in the meantime. The review was not ended.",
                    "Look at the review again, then end it.",
                )
            self._companion.add_compensation(work, lambda over: self._store.reopen(over, review))
            self._store.set_end(connection, review)

    def require_unchanged(self, review: Review, before: ReviewItem, wanted: Decision | None) -> None:
        """Require that a review is under way, and that nobody decided about a key since it was read.

        Raises:
            EditConflict: Somebody did.
            OperationNotAllowed: The review has ended, or is gone.
        """
        now = self._store.read_of_key(review.number, before.fingerprint)
        _require_unchanged(now, review, before, wanted)

    @contextmanager
    def _change(self, actor: Actor, event: AuditEvent) -> Iterator[tuple[UnitOfWork, Connection]]:
        mode = self._companion.write_mode
        with (
            self._practice.unit_of_work(actor, event, mode=mode, once=True) as work,
            self._companion.within(work) as connection,
        ):
            yield work, connection


def refuse_second(name: str, known: Iterable[tuple[str, datetime | None]]) -> None:
    """Refuse a review while another one is under way, or with a name that is used.

    Args:
        name: The name.
        known: The name and the end of each review.

    Raises:
        InvalidInput: The name is used; the field is `name`.
        OperationNotAllowed: One is under way.
    """
    reviews = tuple(known)
    running = next((each for each, ended_at in reviews if ended_at is None), None)
    if running is not None:
        raise OperationNotAllowed(f"The review {running} is under way.", "End it before you start another one.")
    if name.casefold() in {each.casefold() for each, _ in reviews}:
        raise InvalidInput("name", f"There is a review named {name} already.", "Choose another name.")


def require_under_way(now: Review | None, review: Review) -> Review:
    """Return a review as it is now, if it is under way.

    Raises:
        OperationNotAllowed: It has ended, or is gone.
    """
    if now is None:
        raise OperationNotAllowed(f"The review {review.name} is gone from the companion.")
    if now.ended_at is not None:
        raise OperationNotAllowed(
            f"{now.ended_by} ended the review {now.name} on {now.ended_at:%Y-%m-%d %H:%M}.",
            "An ended review can't be changed. Start another one.",
        )
    return now


def decision_conflict(label: str, read: Decision | None, now: Decision | None, wanted: Decision | None) -> EditConflict:
    """Return the error that another admin decided about a key, or undid the decision.

    Args:
        label: The key as sentences name it.
        read: The decision as it was read.
        now: The decision as it is now.
        wanted: The decision that was to be saved.
    """
    was, there, mine = map(decision_text, (read, now, wanted))
    conflict = Conflict(f"Decision about {label}", was, there, mine, _attribution(now))
    happened = f"A decision about {label} was made" if now is not None else f"The decision about {label} was undone"
    return EditConflict((conflict,), f"{happened} in the meantime.")


def decision_undo_conflict(event: KeyReviewed, item: ReviewItem | None) -> EditConflict:
    """Return the error that a decision to be undone doesn't stand any more.

    Args:
        event: The decision.
        item: The key as the review has it now; None if it doesn't list it.
    """
    now = item.decision if item is not None else None
    label = item.snapshot.label if item is not None else f"API key {event.key_name}"
    conflict = Conflict(f"Decision about {label}", event.decision, decision_text(now), NOT_DECIDED, _attribution(now))
    return EditConflict((conflict,), f"The decision about {label} was changed since.")


def decision_text(decision: Decision | None) -> str:
    """Return a decision as conflicts and audit entries show it."""
    return decision.choice.label if decision is not None else NOT_DECIDED


def _require_unchanged(now: Review | None, review: Review, before: ReviewItem, wanted: Decision | None) -> None:
    present = require_under_way(now, review).item(before.fingerprint)
    revision = present.revision if present is not None else 0
    if revision != before.revision:
        there = present.decision if present is not None else None
        raise decision_conflict(before.snapshot.label, before.decision, there, wanted)


def _revisions(review: Review) -> dict[str, int]:
    return {item.fingerprint: item.revision for item in review.items}


def _attribution(decision: Decision | None) -> str:
    if decision is None:
        return ""
    note = f" Note: {decision.choice.note}" if decision.choice.note else ""
    return f"{decision.user} decided on {decision.at:%Y-%m-%d %H:%M}.{note}"
