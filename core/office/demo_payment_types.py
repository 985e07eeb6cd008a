"""The uses of the payment types of the demo practice, so that its list shows each case."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import insert, update

from core.opendental.payment_types import ACCOUNTING_PREFERENCE, NOT_ON_DEPOSIT_SLIPS, RECURRING_PREFERENCE
from core.opendental.schema import DEFINITION, PREFERENCE

if TYPE_CHECKING:
    from core.practice.practice import Practice

_CASH, _CREDIT_CARD, _TRANSFER = 2, 3, 5


def add_payment_type_uses(practice: Practice) -> None:
    """Have recurring charges and accounting use a type each, and take two from the deposit slips."""
    uses = ((RECURRING_PREFERENCE, _TRANSFER), (ACCOUNTING_PREFERENCE, _CASH))
    with practice.engine.begin() as connection:
        for name, number in uses:
            connection.execute(insert(PREFERENCE).values(pref_name=name, value_string=str(number)))
        connection.execute(
            update(DEFINITION)
            .where(DEFINITION.c.def_num.in_((_CREDIT_CARD, _TRANSFER)))
            .values(item_value=NOT_ON_DEPOSIT_SLIPS)
        )
