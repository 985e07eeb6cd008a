"""Reviews in the companion."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, TypeAlias, cast

from sqlalchemy import Connection, CursorResult, Row, delete, insert, select, update

from core.base.errors import CompanionUnavailable
from core.companion.store import Companion
from core.companion.tables.reviews import REVIEW, REVIEW_ITEM
from core.model.key_text import fingerprint_tag
from core.model.review import Review, ReviewItem, in_order
from core.review.stored_review import (
    decision_from_json,
    decision_to_json,
    findings_from_json,
    findings_to_json,
    snapshot_from_json,
    snapshot_to_json,
)

_Row: TypeAlias = Row[*tuple[Any, ...]]


class ReviewStore:
    """Keeps reviews and their decisions. What writes takes a connection from the unit of work that logs it.

    Args:
        companion: The companion.
    """

    def __init__(self, companion: Companion) -> None:
        self._companion = companion

    def reviews(self) -> tuple[Review, ...]:
        """Return all reviews with their items, newest first.

        Raises:
            PracticeUnavailable: The companion can't be read.
        """
        with self._companion.read() as connection:
            rows = connection.execute(select(REVIEW).order_by(REVIEW.c.number.desc())).all()
            if not rows:
                return ()
            items = connection.execute(select(REVIEW_ITEM)).all()
        return tuple(_review(row, [item for item in items if item.review == row.number]) for row in rows)

    def review(self, connection: Connection, number: int) -> Review | None:
        """Return a review with its items; None if it's gone."""
        row = connection.execute(select(REVIEW).where(REVIEW.c.number == number)).one_or_none()
        if row is None:
            return None
        return _review(row, connection.execute(select(REVIEW_ITEM).where(REVIEW_ITEM.c.review == number)).all())

    def read(self, number: int) -> Review | None:
        """Return a review with its items; None if it's gone.

        Raises:
            PracticeUnavailable: The companion can't be read.
        """
        with self._companion.read() as connection:
            return self.review(connection, number)

    def review_of_key(self, connection: Connection, number: int, fingerprint: str) -> Review | None:
        """Return a review with no item but that of a key, in one query; None if it's gone."""
        items = REVIEW_ITEM.c
        is_of_key = (items.review == REVIEW.c.number) & (items.fingerprint == fingerprint)
        query = select(REVIEW, REVIEW_ITEM).outerjoin(REVIEW_ITEM, is_of_key).where(REVIEW.c.number == number)
        row = connection.execute(query).one_or_none()
        if row is None:
            return None
        return _review(row, [row] if row.fingerprint is not None else [])

    def read_of_key(self, number: int, fingerprint: str) -> Review | None:
        """Return a review with no item but that of a key; None if it's gone.

        Raises:
            PracticeUnavailable: The companion can't be read.
        """
        with self._companion.read() as connection:
            return self.review_of_key(connection, number, fingerprint)

    # -- writing -----------------------------------------------------------------------

    def names_and_numbers(self, connection: Connection) -> list[tuple[int, str, datetime | None]]:
        """Return the number, the name and the end of each review."""
        columns = REVIEW.c
        query = select(columns.number, columns.name, columns.ended_at)
        return [(number, name, ended_at) for number, name, ended_at in connection.execute(query)]

    def add(self, connection: Connection, review: Review) -> None:
        """Add a review with its items."""
        known = {"findings": findings_to_json(review.findings), "unknown": list(review.unknown)}
        connection.execute(
            insert(REVIEW).values(
                number=review.number,
                name=review.name,
                since=review.since,
                until=review.until,
                started_at=review.started_at,
                started_by=review.started_by,
                known=known,
                ended_at=review.ended_at,
                ended_by=review.ended_by,
                left_open=list(review.left_open),
            )
        )
        self._insert_items(connection, review.number, review.items)

    def remove(self, connection: Connection, review: Review) -> None:
        """Remove a review whose start failed, and its items."""
        is_ours = (REVIEW.c.number == review.number, REVIEW.c.name == review.name)
        removed = cast("CursorResult[Any]", connection.execute(delete(REVIEW).where(*is_ours))).rowcount
        if removed:
            connection.execute(delete(REVIEW_ITEM).where(REVIEW_ITEM.c.review == review.number))

    def put_item(self, connection: Connection, review: int, before: ReviewItem, after: ReviewItem) -> None:
        """Replace the decision on a key. A key that the review doesn't list is added."""
        if not self._set_decision(connection, review, before, after):
            self._insert_items(connection, review, [after])

    def take_back(self, connection: Connection, review: int, before: ReviewItem | None, after: ReviewItem) -> None:
        """Take a decision back that then failed, if it was written and stands.

        Args:
            connection: To the companion.
            review: The number of the review.
            before: The item before the decision; None if the review didn't list the key.
            after: The item with the decision.
        """
        columns = REVIEW_ITEM.c
        if before is not None:
            self._set_decision(connection, review, after, before)
            return
        is_ours = (columns.review == review, columns.fingerprint == after.fingerprint)
        connection.execute(delete(REVIEW_ITEM).where(*is_ours, columns.revision == after.revision))

    def _set_decision(self, connection: Connection, review: int, before: ReviewItem, after: ReviewItem) -> bool:
        columns = REVIEW_ITEM.c
        is_item = (columns.review == review, columns.fingerprint == before.fingerprint)
        values = {"decision": decision_to_json(after.decision), "revision": after.revision}
        change = update(REVIEW_ITEM).where(*is_item, columns.revision == before.revision).values(**values)
        return cast("CursorResult[Any]", connection.execute(change)).rowcount == 1

    def set_end(self, connection: Connection, review: Review) -> None:
        """Set the end of a review."""
        values = {"ended_at": review.ended_at, "ended_by": review.ended_by, "left_open": list(review.left_open)}
        connection.execute(update(REVIEW).where(REVIEW.c.number == review.number).values(**values))

    def reopen(self, connection: Connection, review: Review) -> None:
        """Take back the end of a review that then failed, if it was written."""
        values: dict[str, Any] = {"ended_at": None, "ended_by": "", "left_open": []}
        is_ours = (REVIEW.c.number == review.number, REVIEW.c.ended_at == review.ended_at)
        connection.execute(update(REVIEW).where(*is_ours, REVIEW.c.ended_by == review.ended_by).values(**values))

    def _insert_items(self, connection: Connection, review: int, items: Iterable[ReviewItem]) -> None:
        rows = [
            {
                "review": review,
                "fingerprint": item.fingerprint,
                "snapshot": snapshot_to_json(item.snapshot),
                "decision": decision_to_json(item.decision),
                "revision": item.revision,
            }
            for item in items
        ]
        if rows:
            connection.execute(insert(REVIEW_ITEM), rows)


def _review(row: _Row, items: Iterable[_Row]) -> Review:
    found = (_item(row.name, each) for each in items)
    known = row.known or {}
    return Review(
        row.number,
        row.name,
        row.since,
        row.until,
        row.started_at,
        row.started_by,
        in_order(found),
        findings_from_json(known.get("findings", ())),
        tuple(known.get("unknown", ())),
        row.ended_at,
        row.ended_by,
        tuple(row.left_open),
    )


def _item(review: str, row: _Row) -> ReviewItem:
    try:
        snapshot = snapshot_from_json(row.fingerprint, row.snapshot)
        return ReviewItem(snapshot, decision_from_json(row.decision), row.revision)
    except (ValueError, TypeError, KeyError) as error:
        # Left out, it would look as if nothing had to be decided about this key.
        raise CompanionUnavailable(
            f"The review {review} can't be read: the companion's row of the key {fingerprint_tag(row.fingerprint)} is"
            f" damaged ({type(error).__name__}).",
            "Restore the companion from a backup.",
        ) from error
