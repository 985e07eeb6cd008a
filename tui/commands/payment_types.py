"""`apisetup payment-types`: list, add, rename, hide, unhide, move and sort."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from core.base.errors import InvalidInput
from core.users.service import READERS
from tui.commands.changes import PlannedChange, ask_once, make_changes
from tui.commands.report import DONE, WANTING, OfficeReport
from tui.widgets.safe_text import sanitize

if TYPE_CHECKING:
    from core.model.payment_types import ListedPaymentType, PaymentTypePage
    from tui.commands.office_command import OfficeCommand
    from tui.session import Session


def run(command: OfficeCommand) -> int:
    """Run one of the `payment-types` commands and return the exit status."""
    if command.options.verb == "list":
        return command.read(_list, *READERS)
    return command.run(partial(_change, command))


def _list(session: Session) -> OfficeReport:
    page = session.office.payment_types.load()
    remarks = [sanitize(each) for each in (page.warning, *page.unknown) if each]
    lines = [*map(_line, page.types), *remarks]
    return OfficeReport(WANTING if page.warning else DONE, _as_json(page), lines)


def _change(command: OfficeCommand, session: Session) -> OfficeReport:
    page = session.office.payment_types.load()
    change = _PLANS[command.options.verb](command.options, session, page)
    return make_changes(command, [change], ask_once(command, "Save?"))


def _add(options: argparse.Namespace, session: Session, _page: PaymentTypePage) -> PlannedChange:
    types = session.office.payment_types
    name = types.check_name(options.name)
    make = partial(types.add, session.actor, name, on_deposit_slips=not options.no_deposit_slips)
    return PlannedChange(name, f"add {name} at the end of the list.", make, details={"number": None})


def _rename(options: argparse.Namespace, session: Session, page: PaymentTypePage) -> PlannedChange:
    types, shown = session.office.payment_types, _find(page, options.name)
    name = types.check_name(options.new_name)
    warning = types.rename_warning(shown, name)
    return PlannedChange(
        shown.name,
        f"rename {shown.name} to {name}.",
        partial(types.edit, session.actor, shown, name),
        (warning,) if warning else (),
        unchanged=f"{name} has this name already." if name == shown.name else "",
        details={"number": shown.number},
    )


def _hide(options: argparse.Namespace, session: Session, page: PaymentTypePage) -> PlannedChange:
    types, shown = session.office.payment_types, _find(page, options.name)
    replacement = _find(page, options.replacement) if options.replacement is not None else None
    refusal = shown.hide_refusal
    if shown.is_api_default and not shown.hidden and (replacement is None or replacement.hidden):
        refusal = "The API uses this payment type. Choose another one with --replacement."
    number = replacement.number if replacement is not None else None
    also = f" The API would use {replacement.name}." if replacement is not None and shown.is_api_default else ""
    return PlannedChange(
        shown.name,
        f"hide {shown.name}.{also}",
        partial(types.hide, session.actor, shown, replacement=number),
        tuple(f"Used for: {use}" for use in shown.uses),
        refusal="" if shown.hidden else refusal,
        unchanged=f"{shown.name} is hidden already." if shown.hidden else "",
        details={"number": shown.number},
    )


def _unhide(options: argparse.Namespace, session: Session, page: PaymentTypePage) -> PlannedChange:
    shown = _find(page, options.name)
    return PlannedChange(
        shown.name,
        f"show {shown.name} again.",
        partial(session.office.payment_types.unhide, session.actor, shown),
        unchanged="" if shown.hidden else f"{shown.name} isn't hidden.",
        details={"number": shown.number},
    )


def _move(options: argparse.Namespace, session: Session, page: PaymentTypePage) -> PlannedChange:
    shown, by = _find(page, options.name), -1 if options.direction == "up" else 1
    is_at_end = page.types[0 if by < 0 else -1].number == shown.number
    return PlannedChange(
        shown.name,
        f"move {shown.name} {options.direction}.",
        partial(session.office.payment_types.move, session.actor, page, shown.number, by),
        unchanged=f"{shown.name} is the {'first' if by < 0 else 'last'} one already." if is_at_end else "",
        details={"number": shown.number},
    )


def _sort(_options: argparse.Namespace, session: Session, page: PaymentTypePage) -> PlannedChange:
    names = [each.name.casefold() for each in page.types]
    return PlannedChange(
        "payment types",
        "put all payment types in the order of their names.",
        partial(session.office.payment_types.alphabetize, session.actor, page),
        unchanged="The payment types are in alphabetical order already." if names == sorted(names) else "",
        details={"number": None},
    )


_PLANS: Mapping[str, Callable[[argparse.Namespace, Session, PaymentTypePage], PlannedChange]] = {
    "add": _add,
    "rename": _rename,
    "hide": _hide,
    "unhide": _unhide,
    "move": _move,
    "sort": _sort,
}


def _find(page: PaymentTypePage, text: str) -> ListedPaymentType:
    """Return the payment type with a name, in any case, or with a number.

    Raises:
        InvalidInput: There is none, or there are several of this name; the field is `name`.
    """
    folded = text.strip().casefold()
    found = [each for each in page.types if each.name.strip().casefold() == folded]
    found = found or [each for each in page.types if str(each.number) == folded]
    if len(found) == 1:
        return found[0]
    if found:
        numbers = ", ".join(str(each.number) for each in found)
        raise InvalidInput("name", f"{len(found)} payment types are named {text}.", f"Use a number instead: {numbers}.")
    names = ", ".join(each.name for each in page.types)
    raise InvalidInput("name", f"There is no payment type {text}.", f"Payment types: {names}.")


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
