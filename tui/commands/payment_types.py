"""`apisetup payment-types list`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tui.commands.report import DONE, WANTING, OfficeReport
from tui.widgets.safe_text import sanitize

if TYPE_CHECKING:
    from core.model.payment_types import ListedPaymentType, PaymentTypePage
    from tui.commands.office_command import OfficeCommand
    from tui.session import Session


def run(command: OfficeCommand) -> int:
    """Run one of the `payment-types` commands and return the exit status."""
    return command.run(_list)


def _list(session: Session) -> OfficeReport:
    page = session.office.payment_types.load()
    remarks = [sanitize(each) for each in (page.warning, *page.unknown) if each]
    lines = [*map(_line, page.types), *remarks]
    return OfficeReport(WANTING if page.warning else DONE, _as_json(page), lines)


def _line(each: ListedPaymentType) -> str:
    uses = ", ".join((*(("the API",) if each.is_api_default else ()), *each.uses))
    return sanitize(f"{each.number:<6} {'hidden' if each.hidden else 'shown':<7} {each.name}{uses and f' ({uses})'}")


def _as_json(page: PaymentTypePage) -> dict[str, Any]:
    return {
        "payment_types": [
            {
                "number": each.number,
                "name": each.name,
                "hidden": each.hidden,
                "on_deposit_slips": each.on_deposit_slips,
                "api_default": each.is_api_default,
                "uses": each.uses,
            }
            for each in page.types
        ],
        "warning": page.warning or None,
        "unknown": page.unknown,
    }
