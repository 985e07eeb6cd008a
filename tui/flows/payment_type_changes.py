"""Adding, renaming, hiding and ordering payment types, with the questions before it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from core.base.errors import AlreadyApplied, EditConflict
from tui.flows.typed_values import ask_until_saved
from tui.flows.undo import show_change
from tui.modals.choice import Choice
from tui.modals.payment_type import PaymentTypeDialog, TypedPaymentType
from tui.modals.question import Answer, Question

if TYPE_CHECKING:
    from collections.abc import Callable

    from core.model.payment_types import ListedPaymentType, PaymentTypePage, PaymentTypeSaved
    from tui.platform.base_screen import BaseScreen
    from tui.session import Session

_LOGGED = "This is recorded in the Audit Trail."
_NOTHING = "Nothing was changed."
_TOLD = "Running workstations are notified."


async def add_payment_type(screen: BaseScreen[Any], session: Session, *, knows_mark: bool) -> int:
    """Ask for a name, and add a payment type at the end of the list. Call it from a flow.

    Returns:
        The number of the type that was added; 0 if none was.

    Raises:
        NotPermitted: The session is read-only.
        ApiSetupError: The change failed.
    """
    session.require_writable()
    types, actor = session.office.payment_types, session.actor
    initial = TypedPaymentType("", True if knows_mark else None)

    def dialog(typed: TypedPaymentType | None) -> PaymentTypeDialog:
        return PaymentTypeDialog("Add a payment type", initial, types.check_name, typed=typed)

    async def add(typed: TypedPaymentType) -> PaymentTypeSaved:
        change = partial(types.add, actor, typed.name, on_deposit_slips=typed.on_deposit_slips is not False)
        return await _make(screen, session, change)

    saved = await ask_until_saved(screen, dialog, add)
    if saved is None:
        screen.show_status(_NOTHING)
        return 0
    return saved.number


async def edit_payment_type(screen: BaseScreen[Any], session: Session, shown: ListedPaymentType) -> bool:
    """Ask for another name or mark, and save it. Call it from a flow.

    Returns:
        True if something may have changed.

    Raises:
        NotPermitted: The session is read-only.
        EditConflict: It was changed since it was shown.
        ApiSetupError: The change failed.
    """
    session.require_writable()
    types, actor = session.office.payment_types, session.actor
    initial = TypedPaymentType(shown.name, shown.on_deposit_slips)

    def dialog(typed: TypedPaymentType | None) -> PaymentTypeDialog:
        warn = partial(types.rename_warning, shown)
        return PaymentTypeDialog("Edit the payment type", initial, types.check_name, warn, typed)

    async def edit(typed: TypedPaymentType) -> bool:
        warning = types.rename_warning(shown, typed.name)
        if typed == initial or not await _may_rename(screen, shown, typed.name, warning):
            return False
        change = partial(types.edit, actor, shown, typed.name, on_deposit_slips=typed.on_deposit_slips)
        await _make(screen, session, change)
        return True

    if await ask_until_saved(screen, dialog, edit, closes_on=(AlreadyApplied, EditConflict)):
        return True
    screen.show_status(_NOTHING)
    return False


async def _may_rename(screen: BaseScreen[Any], shown: ListedPaymentType, name: str, warning: str) -> bool:
    if not warning:
        return True
    lines = [f"Name  {shown.name} → {name}", "", warning, _LOGGED]
    question = Question(f"Rename {shown.name}?", lines, Answer("ctrl+y", "Rename", "rename"))
    return await screen.app.push_screen_wait(question) is not None


async def hide_payment_type(
    screen: BaseScreen[Any], session: Session, page: PaymentTypePage, shown: ListedPaymentType
) -> bool:
    """Ask, and hide a payment type; the one that the API uses needs another one chosen first. Call it from a flow.

    Returns:
        True if something may have changed.

    Raises:
        NotPermitted: The session is read-only.
        EditConflict: It was changed since it was shown.
        ApiSetupError: The change failed.
    """
    session.require_writable()
    if shown.hidden:
        screen.show_status("This payment type is already hidden. Press E to show it again.")
        return False
    if shown.hide_refusal:
        screen.show_status(shown.hide_refusal, "problem")
        return False
    replacement = None
    if shown.is_api_default:
        replacement = await _choose_replacement(screen, page, shown)
        if replacement is None:
            screen.show_status(_NOTHING)
            return False
    question = Question(f"Hide {shown.name}?", _hide_lines(shown, replacement), Answer("ctrl+y", "Hide", "hide"))
    if await screen.app.push_screen_wait(question) is None:
        screen.show_status(_NOTHING)
        return False
    number = replacement.number if replacement is not None else None
    hide = partial(session.office.payment_types.hide, session.actor, shown, replacement=number)
    await _make(screen, session, hide)
    return True


async def unhide_payment_type(screen: BaseScreen[Any], session: Session, shown: ListedPaymentType) -> bool:
    """Ask, and show a hidden payment type again. Call it from a flow.

    Returns:
        True if something may have changed.

    Raises:
        NotPermitted: The session is read-only.
        EditConflict: It was changed since it was shown.
        ApiSetupError: The change failed.
    """
    session.require_writable()
    if not shown.hidden:
        screen.show_status("This payment type isn't hidden.")
        return False
    lines = ["It can be chosen for payments again.", _LOGGED]
    question = Question(f"Show {shown.name} again?", lines, Answer("ctrl+y", "Show", "show"))
    if await screen.app.push_screen_wait(question) is None:
        screen.show_status(_NOTHING)
        return False
    await _make(screen, session, partial(session.office.payment_types.unhide, session.actor, shown))
    return True


async def alphabetize(screen: BaseScreen[Any], session: Session, page: PaymentTypePage) -> bool:
    """Ask, and put all payment types in the order of their names. Call it from a flow.

    Returns:
        True if something may have changed.

    Raises:
        NotPermitted: The session is read-only.
        EditConflict: The list was changed since it was shown.
        ApiSetupError: The change failed.
    """
    session.require_writable()
    lines = [
        "All payment types will be sorted by name, including hidden ones.",
        "Each one that moves is recorded in the Audit Trail.",
    ]
    question = Question("Sort the payment types by name?", lines, Answer("ctrl+y", "Sort", "sort"))
    if await screen.app.push_screen_wait(question) is None:
        screen.show_status(_NOTHING)
        return False
    await _make(screen, session, partial(session.office.payment_types.alphabetize, session.actor, page))
    return True


async def move_payment_type(
    screen: BaseScreen[Any], session: Session, page: PaymentTypePage, number: int, by: int
) -> None:
    """Move a payment type by one place without a question: the opposite key takes it back. Call it from a flow.

    Raises:
        NotPermitted: The session is read-only.
        EditConflict: The list was changed since it was shown.
        ApiSetupError: The change failed.
    """
    session.require_writable()
    await _make(screen, session, partial(session.office.payment_types.move, session.actor, page, number, by))


async def _make(screen: BaseScreen[Any], session: Session, change: Callable[[], PaymentTypeSaved]) -> PaymentTypeSaved:
    with screen.busy("Saving…"):
        saved = await screen.commit(change)
    told = (_TOLD,) if session.office.info.host else ()
    show_change(screen, session, " ".join((saved.sentence, *saved.consequences, *told)))
    return saved


async def _choose_replacement(
    screen: BaseScreen[Any], page: PaymentTypePage, shown: ListedPaymentType
) -> ListedPaymentType | None:
    others = [each for each in page.shown if each.number != shown.number]
    choice = Choice("Which type should the API use instead?", [each.name for each in others])
    index = await screen.app.push_screen_wait(choice)
    return others[index] if index is not None else None


def _hide_lines(shown: ListedPaymentType, replacement: ListedPaymentType | None) -> list[str]:
    return [
        *([f"Default payment type of the API  {shown.name} → {replacement.name}", ""] if replacement else []),
        *(f"Used for: {use}" for use in shown.uses),
        "It can no longer be chosen for payments. Payments that have it keep it.",
        _LOGGED,
    ]
