"""The order of the payment types: their places are numbered from 0 without gaps, hidden ones included."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from core.model.payment_types import ListedPaymentType
from core.payment_types.rows import TypeRow

Placed: TypeAlias = TypeRow | ListedPaymentType
"""A payment type with its place, as it is stored or as it was shown."""


def moved(rows: Sequence[Placed], number: int, by: int) -> tuple[int, ...] | None:
    """Return the numbers of all types after one of them was moved; None if it can't move that way.

    Args:
        rows: The types in their order.
        number: The type to move.
        by: -1 for up, 1 for down.
    """
    numbers = [row.number for row in rows]
    here = numbers.index(number)
    there = here + by
    if not 0 <= there < len(numbers):
        return None
    numbers[here], numbers[there] = numbers[there], numbers[here]
    return tuple(numbers)


def alphabetical(rows: Sequence[Placed]) -> tuple[int, ...]:
    """Return the numbers of all types by name, regardless of case."""
    return tuple(row.number for row in sorted(rows, key=lambda row: (row.name.casefold(), row.order, row.number)))


def new_places(rows: Sequence[Placed], wanted: Sequence[int]) -> Mapping[int, int]:
    """Return the new place of each type whose place changes, by its number, in the wanted order."""
    before = {row.number: row.order for row in rows}
    return {number: place for place, number in enumerate(wanted) if before[number] != place}
