"""The conflicts between payment types as they were shown and as they are stored now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from core.base.errors import Conflict
from core.model.event_values import PaymentTypeField
from core.model.payment_type_events import field_of
from core.model.payment_types import ListedPaymentType
from core.payment_types.order import Placed

MAX_NAMES = 8
"""The number of names that each value of a conflict about the order shows."""


def type_conflicts(shown: ListedPaymentType, now: ListedPaymentType, wanted: str) -> list[Conflict]:
    """Return a conflict for each value of a payment type that differs now, apart from its place."""
    return [
        value_conflict(shown.number, shown.name, what, before, now.texts[what], wanted)
        for what, before in shown.texts.items()
        if before != now.texts[what] and what is not PaymentTypeField.ORDER
    ]


def value_conflict(number: int, name: str, what: PaymentTypeField, read: str, now: str, wanted: str) -> Conflict:
    """Return the conflict about one value of a payment type, which is named as the admin saw it."""
    return Conflict(field_of(number, what), read, now, wanted, title=f"{name}, {what.value}")


def order_conflict(shown: Sequence[Placed], now: Sequence[Placed] | None, wanted: Sequence[int]) -> Conflict:
    """Return the conflict about an order that another program changed.

    Each value lists the names of the types that stand elsewhere, in their order.

    Args:
        shown: The types as they were shown.
        now: The types as they are stored now; None if they weren't read again.
        wanted: The numbers of all types as the admin wanted them.
    """
    names = {each.number: each.name for each in (*shown, *(now or ()))}
    orders = [[each.number for each in order] for order in (shown, now) if order is not None]
    places = [{number: place for place, number in enumerate(order)} for order in (*orders, wanted)]
    moved = [number for number in names if len({order.get(number) for order in places}) > 1]
    read, *stored = (_names(order, moved, names) for order in orders)
    return Conflict("the order", read, stored[0] if stored else "something else", _names(wanted, moved, names))


def _names(order: Sequence[int], moved: Sequence[int], names: Mapping[int, str]) -> str:
    found = [names[number] for number in order if number in moved]
    more = len(found) - MAX_NAMES
    return ", ".join(found[:MAX_NAMES]) + (f" and {more} more" if more > 0 else "")
