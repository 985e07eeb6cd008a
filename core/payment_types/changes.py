"""The statements that change payment types, each with the statement that takes it back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, Connection, case, delete, select, update

from core.base.errors import NotPermitted
from core.database.driver_errors import translate_errors
from core.model.event_values import PaymentTypeChange, PaymentTypeField
from core.opendental.payment_types import CATEGORY, NOT_ON_DEPOSIT_SLIPS
from core.opendental.schema import DEFINITION, PREFERENCE
from core.payment_types.rows import TypeRow
from core.practice.unit_of_work import UnitOfWork


def stored_mark(on_deposit_slips: bool) -> str:
    """Return the `ItemValue` of a mark for deposit slips."""
    return "" if on_deposit_slips else NOT_ON_DEPOSIT_SLIPS


def values_of(name: str, on_deposit_slips: bool, edits: Sequence[PaymentTypeChange]) -> dict[str, object]:
    """Return the new values of the columns that edits change."""
    edited = {each.setting for each in edits}
    values: dict[str, object] = {"item_name": name} if PaymentTypeField.NAME in edited else {}
    if PaymentTypeField.DEPOSIT_SLIPS in edited:
        values["item_value"] = stored_mark(on_deposit_slips)
    return values


def insert_type(work: UnitOfWork, name: str, place: int, mark: str | None) -> int:
    """Insert a payment type and return its number.

    Args:
        work: The unit of work.
        name: Its name.
        place: Its place in the list.
        mark: Its `ItemValue`; None if the table has no such column, or the database user may not see it.
    """
    values: dict[str, object] = {"category": CATEGORY, "item_order": place, "item_name": name, "is_hidden": 0}
    if mark is not None:
        values |= {"item_value": mark, "item_color": 0}
    return work.run_compensated(
        partial(work.insert, DEFINITION.c.def_num, **values), partial(_take_back, name=name, place=place)
    )


def update_type(work: UnitOfWork, row: TypeRow, values: Mapping[str, object]) -> bool:
    """Change columns of a payment type if they still are what was read; return False if they aren't."""
    read = {"item_name": row.name, "item_value": row.value, "is_hidden": int(row.hidden)}
    columns: dict[str, Any] = {
        "item_name": DEFINITION.c.item_name,
        "item_value": DEFINITION.c.item_value,
        "is_hidden": DEFINITION.c.is_hidden,
    }
    is_row = (DEFINITION.c.def_num == row.number, DEFINITION.c.category == CATEGORY)
    unchanged = tuple(_is_still(columns[name], read[name]) for name in values)
    written = tuple(columns[name] == value for name, value in values.items())
    before = update(DEFINITION).where(*is_row, *written).values({columns[name]: read[name] for name in values})
    statement = update(DEFINITION).where(*is_row, *unchanged).values({columns[name]: values[name] for name in values})
    return work.change_row(statement, lambda connection: connection.execute(before))


def choose_for_api(work: UnitOfWork, preference: int, read: str, number: int) -> bool:
    """Have the API use another payment type, if the preference still is what was read."""
    return work.compare_and_set(PREFERENCE.c.value_string, PREFERENCE.c.pref_num, preference, read, str(number))


def set_places(work: UnitOfWork, before: Mapping[int, int], after: Mapping[int, int]) -> bool:
    """Give payment types new places in one statement, so that no program sees half of it.

    Returns:
        False if another program changed a place meanwhile; what was written then is taken back with the unit of work.
    """
    return work.change_rows(
        _places(before, after), len(after), lambda connection: connection.execute(_places(after, before))
    )


def _places(read: Mapping[int, int], wanted: Mapping[int, int]) -> Any:
    number = DEFINITION.c.def_num
    return (
        update(DEFINITION)
        .where(number.in_(list(wanted)), DEFINITION.c.category == CATEGORY)
        .where(DEFINITION.c.item_order == case(dict(read), value=number))
        .values({DEFINITION.c.item_order: case(dict(wanted), value=number)})
    )


def _is_still(column: Any, read: object) -> ColumnElement[bool]:
    # A name may be NULL, which reads as blank.
    condition: ColumnElement[bool] = column == read
    return condition | column.is_(None) if read == "" else condition


def _take_back(connection: Connection, *, name: str, place: int) -> None:
    """Delete a type that was inserted; hide it if the database user may not delete, as the README's may not."""
    added = (DEFINITION.c.category == CATEGORY, DEFINITION.c.item_order == place, DEFINITION.c.item_name == name)
    numbers = list(connection.scalars(select(DEFINITION.c.def_num).where(*added)))
    try:
        with translate_errors():
            connection.execute(delete(DEFINITION).where(DEFINITION.c.def_num.in_(numbers)))
    except NotPermitted:
        connection.execute(update(DEFINITION).where(DEFINITION.c.def_num.in_(numbers)).values(is_hidden=1))
