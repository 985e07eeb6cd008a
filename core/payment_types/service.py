"""The service for payment types: list, add, rename, hide, show again, and put them in order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from core.audit.service import AuditService
from core.base.errors import Conflict, EditConflict, InvalidInput, OperationNotAllowed
from core.database.column_text import fit_to_length
from core.model.actor import Actor
from core.model.api_key import GONE
from core.model.event_values import PaymentTypeChange, PaymentTypeField, Setting, SettingChange
from core.model.logged_event import AuditEvent
from core.model.payment_type_events import (
    PaymentTypeAdded,
    PaymentTypeEdited,
    PaymentTypeEvent,
    PaymentTypeHidden,
    field_of,
)
from core.model.payment_types import ListedPaymentType, PaymentTypePage, PaymentTypeSaved, yes_or_no
from core.model.settings_events import SettingsChanged
from core.opendental.payment_types import (
    ACCOUNTING_PREFERENCE,
    API_PREFERENCE,
    CASH,
    MAX_NAME_LENGTH,
)
from core.opendental.signals import SignalType
from core.payment_types import changes
from core.payment_types.conflicts import order_conflict, type_conflicts, value_conflict
from core.payment_types.listing import hide_refusal, page_of
from core.payment_types.order import alphabetical, moved, new_places
from core.payment_types.rows import StoredTypes, TypeRow, knows_deposit_slips, read_types
from core.practice.practice import Practice, unchanged_on_error

_UNKNOWN_MARK = ("unknown: no column or no right to read definition.ItemValue (deposit slips)",)
_KEPT = "Payments that have this type keep it, and show it as before."
_CASH_IS_MADE_AGAIN = f"Open Dental makes a new type named {CASH} for deposit slips if none has this name."
_ACCOUNTING = "Open Dental's accounting uses this type for cash payments; choose another one there."


class PaymentTypeService:
    """Lists and changes the practice's payment types.

    Args:
        practice: The open practice.
        audit: Tells who made a change that conflicts with one of ours.
    """

    def __init__(self, practice: Practice, audit: AuditService) -> None:
        self._practice = practice
        self._audit = audit

    def load(self) -> PaymentTypePage:
        """Read all payment types in their order, hidden ones too.

        Raises:
            PracticeUnavailable: The database doesn't answer.
        """
        return page_of(read_types(self._practice), () if knows_deposit_slips(self._practice) else _UNKNOWN_MARK)

    def rename_warning(self, shown: ListedPaymentType, name: str) -> str:
        """Return what renaming a type does besides; blank for nothing."""
        return _CASH_IS_MADE_AGAIN if shown.name == CASH and name.strip() != CASH else ""

    def add(self, actor: Actor, name: str, *, on_deposit_slips: bool = True) -> PaymentTypeSaved:
        """Add a payment type at the end of the list.

        Raises:
            InvalidInput: The name can't be stored; the field is `name`.
            NotPermitted: The database user may not.
        """
        clean = self.check_name(name)
        with unchanged_on_error():
            stored = read_types(self._practice)
        place = max((row.order for row in stored.rows), default=-1) + 1
        with self._practice.unit_of_work(actor, PaymentTypeAdded(clean, actor.user_name), once=True) as work:
            number = changes.insert_type(
                work, clean, place, changes.stored_mark(on_deposit_slips) if self._has_mark else None
            )
            work.signal(SignalType.DEFS)
        return PaymentTypeSaved(f"Added: {clean}.", number=number)

    def edit(
        self,
        actor: Actor,
        shown: ListedPaymentType,
        name: str,
        *,
        on_deposit_slips: bool | None = None,
        undoing: int = 0,
    ) -> PaymentTypeSaved:
        """Rename a payment type, or change its mark for deposit slips.

        Args:
            actor: Who does it.
            shown: The type as it was shown.
            name: Its new name.
            on_deposit_slips: Its new mark; None leaves it.
            undoing: The number of the audit entry that this undoes; 0 for none.

        Raises:
            InvalidInput: The name can't be stored; the field is `name`.
            EditConflict: It was changed since it was shown.
        """
        clean = shown.name if name == shown.name else self.check_name(name)
        _, row = self._present(shown, clean)
        wanted_mark = shown.on_deposit_slips if on_deposit_slips is None else on_deposit_slips
        edits = [PaymentTypeChange(PaymentTypeField.NAME, shown.name, clean)] if clean != shown.name else []
        if self._has_mark and wanted_mark != shown.on_deposit_slips:
            edits.append(_yes_no(PaymentTypeField.DEPOSIT_SLIPS, bool(shown.on_deposit_slips), bool(wanted_mark)))
        if not edits:
            return PaymentTypeSaved("No changes to save.", number=row.number)
        values = changes.values_of(clean, bool(wanted_mark), edits)
        event = PaymentTypeEdited(clean, row.number, actor.user_name, tuple(edits), undoing)
        with self._practice.unit_of_work(actor, event, once=True) as work:
            if not changes.update_type(work, row, values):
                raise self._moved(row, edits[0])
            work.signal(SignalType.DEFS)
        warning = self.rename_warning(shown, clean)
        return PaymentTypeSaved(f"Saved: {clean}.", (warning,) if warning else (), row.number)

    def hide(
        self, actor: Actor, shown: ListedPaymentType, *, replacement: int | None = None, undoing: int = 0
    ) -> PaymentTypeSaved:
        """Hide a payment type, by Open Dental's rules.

        Args:
            actor: Who does it.
            shown: The type as it was shown.
            replacement: The type that the API uses from now on, if it uses this one.
            undoing: The number of the audit entry that this undoes; 0 for none.

        Raises:
            OperationNotAllowed: It's hidden already or can't be hidden, or the API uses it and no other was chosen.
            EditConflict: It was changed since it was shown.
        """
        stored, row = self._present(shown, "hidden")
        if row.hidden:
            raise OperationNotAllowed("This payment type is hidden already.")
        refusal = hide_refusal(row, stored)
        if refusal:
            raise OperationNotAllowed(refusal)
        choice = self._replacement(stored, row, replacement)
        hidden = PaymentTypeHidden(row.name, row.number, actor.user_name, undoing)
        events = (hidden, _chosen(row, choice)) if choice is not None else (hidden,)
        with self._practice.unit_of_work(actor, *events, once=True) as work:
            if choice is not None:
                number, value = stored.usage.preferences[API_PREFERENCE]
                if not changes.choose_for_api(work, number, value, choice.number):
                    raise EditConflict((_api_conflict(row, choice),))
                work.signal(SignalType.PREFS)
            if not changes.update_type(work, row, {"is_hidden": 1}):
                raise self._moved(row, _yes_no(PaymentTypeField.HIDDEN, False, True))
            work.signal(SignalType.DEFS)
        remarks = (_ACCOUNTING,) if stored.usage.named_by(ACCOUNTING_PREFERENCE) == row.number else ()
        also = f" The API uses {choice.name} now." if choice is not None else ""
        return PaymentTypeSaved(f"Hidden: {row.name}.{also}", (_KEPT, *remarks), row.number)

    def unhide(
        self, actor: Actor, shown: ListedPaymentType, *, for_api: bool = False, undoing: Sequence[int] = ()
    ) -> PaymentTypeSaved:
        """Show a hidden payment type again.

        Args:
            actor: Who does it.
            shown: The type as it was shown.
            for_api: Have the API use it instead of the one that it uses now.
            undoing: The numbers of the audit entries that this undoes; that of the API's type is the second.

        Raises:
            OperationNotAllowed: It isn't hidden.
            EditConflict: It was changed since it was shown.
        """
        stored, row = self._present(shown, "shown")
        if not row.hidden:
            raise OperationNotAllowed("This payment type isn't hidden.")
        edit = _yes_no(PaymentTypeField.HIDDEN, True, False)
        first, second = (*undoing, 0, 0)[:2]
        events: list[AuditEvent] = [PaymentTypeEdited(row.name, row.number, actor.user_name, (edit,), first)]
        used = stored.find(stored.usage.named_by(API_PREFERENCE)) if for_api else None
        if used is not None:
            events.append(_chosen(used, row, second))
        with self._practice.unit_of_work(actor, *events, once=True) as work:
            if not changes.update_type(work, row, {"is_hidden": 0}):
                raise self._moved(row, edit)
            if used is not None:
                number, value = stored.usage.preferences[API_PREFERENCE]
                if not changes.choose_for_api(work, number, value, row.number):
                    raise EditConflict((_api_conflict(used, row),))
                work.signal(SignalType.PREFS)
            work.signal(SignalType.DEFS)
        return PaymentTypeSaved(f"Shown again: {row.name}.", number=row.number)

    def move(self, actor: Actor, page: PaymentTypePage, number: int, by: int) -> PaymentTypeSaved:
        """Move a payment type up or down by one place, past hidden ones too.

        Args:
            actor: Who does it.
            page: The list as it was shown.
            number: The type.
            by: -1 for up, 1 for down.

        Raises:
            OperationNotAllowed: It is the first or the last one.
            EditConflict: The list was changed since it was shown.
        """
        wanted = moved(page.types, number, by)
        if wanted is None:
            raise OperationNotAllowed(f"This payment type is the {'first' if by < 0 else 'last'} one already.")
        stored = self._present_list(page, wanted)
        self.set_order(actor, stored.rows, new_places(stored.rows, wanted))
        row = next(row for row in stored.rows if row.number == number)
        return PaymentTypeSaved(f"Moved {'up' if by < 0 else 'down'}: {row.name}.", number=number)

    def alphabetize(self, actor: Actor, page: PaymentTypePage) -> PaymentTypeSaved:
        """Put all payment types in the order of their names, hidden ones too.

        Raises:
            OperationNotAllowed: They are in this order already.
            EditConflict: The list was changed since it was shown.
        """
        wanted = alphabetical(page.types)
        stored = self._present_list(page, wanted)
        places = new_places(stored.rows, wanted)
        if not places:
            raise OperationNotAllowed("The payment types are in alphabetical order already.")
        self.set_order(actor, stored.rows, places)
        return PaymentTypeSaved("Sorted by name.")

    def set_order(
        self, actor: Actor, rows: Sequence[TypeRow], places: Mapping[int, int], undoing: Mapping[int, int] | None = None
    ) -> None:
        """Give types new places, with an audit entry for each, as Open Dental's window writes them.

        Args:
            actor: Who does it.
            rows: All types as they are now.
            places: The new places by the types' numbers.
            undoing: The audit entries that this undoes, by the types' numbers.

        Raises:
            EditConflict: Another program changed the order meanwhile.
        """
        by_number = {row.number: row for row in rows}
        events = [
            PaymentTypeEdited(
                by_number[number].name,
                number,
                actor.user_name,
                (PaymentTypeChange(PaymentTypeField.ORDER, str(by_number[number].order), str(place)),),
                (undoing or {}).get(number, 0),
            )
            for number, place in places.items()
        ]
        with self._practice.unit_of_work(actor, *events, once=True) as work:
            if not changes.set_places(work, {number: by_number[number].order for number in places}, places):
                wanted = sorted(by_number, key=lambda number: places.get(number, by_number[number].order))
                raise EditConflict((order_conflict(rows, None, wanted),))
            work.signal(SignalType.DEFS)

    def check_name(self, name: str) -> str:
        """Return a name as it is stored.

        Raises:
            InvalidInput: It's blank, too long, or has characters that the column can't hold; the field is `name`.
        """
        clean = name.strip()
        if not clean:
            raise InvalidInput("name", "Please enter a name.")
        if len(clean) > MAX_NAME_LENGTH:
            raise InvalidInput("name", f"A name has at most {MAX_NAME_LENGTH} characters; this one has {len(clean)}.")
        if not clean.isprintable():
            raise InvalidInput("name", "A name can't contain line breaks or control characters.")
        if fit_to_length(clean, MAX_NAME_LENGTH, self._practice.profile.log_text.character_set) != clean:
            raise InvalidInput("name", "The database can't store a character of this name, such as an emoji.")
        return clean

    # -- after a killed process ----------------------------------------------------

    def was_made(self, event: AuditEvent) -> bool | None:
        """Return True if a change of a payment type was made, False if not, and None if that isn't known."""
        if isinstance(event, PaymentTypeAdded):
            return any(each.name == event.name for each in self.load().types)
        if isinstance(event, SettingsChanged):
            return self._was_chosen(event)
        if not isinstance(event, PaymentTypeEdited | PaymentTypeHidden):
            return None
        found = self.load().find(event.number)
        now = {field_of(event.number, what): text for what, text in found.texts.items()} if found is not None else {}
        if all(now.get(edit.what) == edit.after for edit in event.edits):
            return True
        return False if all(now.get(edit.what) == edit.before for edit in event.edits) else None

    def signals(self, event: AuditEvent) -> tuple[SignalType, ...]:
        """Return the signal that follows a change of payment types, or of the one that the API uses."""
        if isinstance(event, SettingsChanged):
            return (SignalType.PREFS,)
        return (SignalType.DEFS,) if isinstance(event, PaymentTypeEvent) else ()

    def _was_chosen(self, event: SettingsChanged) -> bool | None:
        """Return True if the API uses the type that an event chose, False if it still uses the one before."""
        now = next((each.name for each in self.load().types if each.is_api_default), "")
        edits = [edit for edit in event.edits if edit.what == Setting.PAYMENT_TYPE.value]
        if len(edits) != 1 or now not in (edits[0].before, edits[0].after):
            return None
        return now == edits[0].after

    # -- what is there now -----------------------------------------------------------

    def stored(self) -> StoredTypes:
        """Return the payment types as they are stored now."""
        with unchanged_on_error():
            return read_types(self._practice)

    @property
    def _has_mark(self) -> bool:
        return knows_deposit_slips(self._practice)

    def _replacement(self, stored: StoredTypes, row: TypeRow, replacement: int | None) -> TypeRow | None:
        """Return the type that the API uses from now on; None if it doesn't use the one to hide."""
        if stored.usage.named_by(API_PREFERENCE) != row.number:
            return None
        choice = stored.find(replacement) if replacement is not None else None
        if choice is None or choice.hidden or choice.number == row.number:
            raise OperationNotAllowed(
                "The API uses this payment type for payments that name none.", "Choose another one in the same step."
            )
        return choice

    def _present(self, shown: ListedPaymentType, wanted: str) -> tuple[StoredTypes, TypeRow]:
        """Read the types again.

        Raises:
            EditConflict: This one isn't what was shown any more.
        """
        stored = self.stored()
        row, now = stored.find(shown.number), page_of(stored).find(shown.number)
        if row is None or now is None:
            raise self._audit.with_attributions([Conflict("the payment type", shown.name, GONE, wanted)])
        found = type_conflicts(shown, now, wanted)
        if found:
            raise self._audit.with_attributions(found)
        return stored, row

    def _present_list(self, page: PaymentTypePage, wanted: Sequence[int]) -> StoredTypes:
        """Read the types again.

        Raises:
            EditConflict: They aren't in the order that was shown any more.
        """
        stored = self.stored()
        # Their places may have been numbered anew, as Open Dental's window does when it closes.
        if [row.number for row in stored.rows] != [each.number for each in page.types]:
            raise EditConflict((order_conflict(page.types, stored.rows, wanted),))
        return stored

    def _moved(self, row: TypeRow, edit: PaymentTypeChange) -> EditConflict:
        conflict = value_conflict(row.number, row.name, edit.setting, edit.before, "something else", edit.after)
        return EditConflict((conflict,))


def _chosen(row: TypeRow, choice: TypeRow, undoing: int = 0) -> SettingsChanged:
    return SettingsChanged((SettingChange(Setting.PAYMENT_TYPE, row.name, choice.name),), undoing)


def _api_conflict(row: TypeRow, choice: TypeRow) -> Conflict:
    return Conflict(Setting.PAYMENT_TYPE.value, row.name, "something else", choice.name)


def _yes_no(field: PaymentTypeField, before: bool, after: bool) -> PaymentTypeChange:
    return PaymentTypeChange(field, yes_or_no(before), yes_or_no(after))
