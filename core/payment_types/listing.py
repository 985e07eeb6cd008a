"""The payment types as screens show them, with what Open Dental's rules allow."""

from __future__ import annotations

from core.model.payment_types import ListedPaymentType, PaymentTypePage
from core.opendental.payment_types import (
    ACCOUNTING_PREFERENCE,
    API_PREFERENCE,
    NOT_ON_DEPOSIT_SLIPS,
    RECURRING_PREFERENCE,
)
from core.payment_types.rows import StoredTypes, TypeRow

_LAST = "The last payment type that is shown can't be hidden."
_RECURRING = "The payment type for recurring charges can't be hidden. Choose another one in Open Dental first."


def page_of(stored: StoredTypes, unknown: tuple[str, ...] = ()) -> PaymentTypePage:
    """Return the list of payment types."""
    return PaymentTypePage(tuple(_listed(row, stored) for row in stored.rows), unknown, _warning(stored))


def hide_refusal(row: TypeRow, stored: StoredTypes) -> str:
    """Return why a payment type can't be hidden, by Open Dental's own rules; blank if it can."""
    if not row.hidden and sum(not each.hidden for each in stored.rows) == 1:
        return _LAST
    if stored.usage.named_by(RECURRING_PREFERENCE) == row.number:
        return _RECURRING
    programs = stored.usage.programs.get(row.number, ())
    if programs:
        names = ", ".join(programs)
        return f"The default payment type of {names} can't be hidden. Choose another one in Open Dental first."
    return ""


def _listed(row: TypeRow, stored: StoredTypes) -> ListedPaymentType:
    usage = stored.usage
    uses = [f"default of {name}" for name in usage.programs.get(row.number, ())]
    uses += ["recurring charges"] if usage.named_by(RECURRING_PREFERENCE) == row.number else []
    uses += ["accounting (cash payments)"] if usage.named_by(ACCOUNTING_PREFERENCE) == row.number else []
    return ListedPaymentType(
        number=row.number,
        name=row.name,
        order=row.order,
        hidden=row.hidden,
        on_deposit_slips=None if row.value is None else row.value.strip().upper() != NOT_ON_DEPOSIT_SLIPS,
        is_api_default=usage.named_by(API_PREFERENCE) == row.number,
        uses=tuple(uses),
        hide_refusal=hide_refusal(row, stored),
    )


def _warning(stored: StoredTypes) -> str:
    if API_PREFERENCE not in stored.usage.preferences:
        return (
            "This database has no preference ApiPaymentType: update Open Dental to choose the type that the API uses."
        )
    number = stored.usage.named_by(API_PREFERENCE)
    found = stored.find(number)
    if found is None:
        return "The API's default payment type isn't one of these. Choose one in API Setup."
    return f"The API's default payment type, {found.name}, is hidden. Choose another one." if found.hidden else ""
