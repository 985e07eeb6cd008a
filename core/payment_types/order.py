"""The order of the payment types: their places are numbered from 0 without gaps, hidden ones included."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from core.payment_types.rows import TypeRow


def moved(rows: Sequence[TypeRow], number: int, by: int) -> tuple[int, ...] | None:
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


def alphabetical(rows: Sequence[TypeRow]) -> tuple[int, ...]:
    """Return the numbers of all types by name, regardless of case."""
    return tuple(row.number for row in sorted(rows, key=lambda row: (row.name.casefold(), row.order, row.number)))


def new_places(rows: Sequence[TypeRow], wanted: Sequence[int]) -> Mapping[int, int]:
    """Return the new place of each type whose place changes, by its number, in the wanted order."""
    before = {row.number: row.order for row in rows}
    return {number: place for place, number in enumerate(wanted) if before[number] != place}
