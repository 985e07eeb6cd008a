"""The rows behind the payment types, and what else of the practice uses them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select

from core.opendental.payment_types import (
    ACCOUNTING_PREFERENCE,
    API_PREFERENCE,
    CATEGORY,
    PROGRAM_PROPERTIES,
    PROGRAM_PROPERTIES_SINCE,
    RECURRING_PREFERENCE,
)
from core.opendental.schema import DEFINITION, PREFERENCE, PROGRAM, PROGRAM_PROPERTY
from core.practice.practice import Practice

_PREFERENCES = (API_PREFERENCE, RECURRING_PREFERENCE, ACCOUNTING_PREFERENCE)
_VALUE_COLUMN = ("definition", "ItemValue")


@dataclass(frozen=True)
class TypeRow:
    """A row of `definition` that is a payment type."""

    number: int
    order: int
    name: str
    value: str | None
    """Its `ItemValue`; None if that can't be read."""
    hidden: bool


@dataclass(frozen=True)
class Usage:
    """The columns in which the practice names payment types by their numbers."""

    preferences: Mapping[str, tuple[int, str]]
    """The number of the row and the value of each preference that names one."""
    programs: Mapping[int, tuple[str, ...]]
    """The names of the payment programs whose default a type is, by the number of the type."""

    def named_by(self, preference: str) -> int:
        """Return the number of the type that a preference names; 0 for none."""
        _, text = self.preferences.get(preference, (0, ""))
        stripped = text.strip()
        return int(stripped) if stripped.isascii() and stripped.isdigit() and len(stripped) < 20 else 0


@dataclass(frozen=True)
class StoredTypes:
    """All payment types in their order, and what uses them."""

    rows: tuple[TypeRow, ...]
    usage: Usage

    def find(self, number: int) -> TypeRow | None:
        """Return the row with a number; None if there is none."""
        return next((row for row in self.rows if row.number == number), None)


def knows_deposit_slips(practice: Practice) -> bool:
    """Return True if the mark for deposit slips can be read."""
    return practice.profile.has_column(*_VALUE_COLUMN)


def read_types(practice: Practice) -> StoredTypes:
    """Read the payment types and what uses them.

    Raises:
        PracticeUnavailable: The database doesn't answer.
    """
    with practice.read() as connection:
        rows = _read_rows(connection, with_value=knows_deposit_slips(practice))
        preferences = _read_preferences(connection)
        since = practice.profile.is_at_least(*PROGRAM_PROPERTIES_SINCE)
        programs = _read_programs(connection, {row.number for row in rows}) if since else {}
    return StoredTypes(rows, Usage(preferences, programs))


def _read_rows(connection: Connection, *, with_value: bool) -> tuple[TypeRow, ...]:
    columns: list[Any] = [DEFINITION.c.def_num, DEFINITION.c.item_order, DEFINITION.c.item_name, DEFINITION.c.is_hidden]
    query = select(*columns, *([DEFINITION.c.item_value] if with_value else []))
    rows = connection.execute(
        query.where(DEFINITION.c.category == CATEGORY).order_by(DEFINITION.c.item_order, DEFINITION.c.def_num)
    )
    return tuple(
        TypeRow(row[0], row[1], row[2] or "", (row[4] or "") if with_value else None, bool(row[3])) for row in rows
    )


def _read_preferences(connection: Connection) -> dict[str, tuple[int, str]]:
    query = select(PREFERENCE.c.pref_name, PREFERENCE.c.pref_num, PREFERENCE.c.value_string)
    rows = connection.execute(
        query.where(PREFERENCE.c.pref_name.in_(_PREFERENCES)).order_by(PREFERENCE.c.pref_num.desc())
    )
    # The server compares names without regard to case; of several rows with one name the first counts.
    names = {name.lower(): name for name in _PREFERENCES}
    return {names[name.lower()]: (number, value or "") for name, number, value in rows}


def _read_programs(connection: Connection, numbers: set[int]) -> dict[int, tuple[str, ...]]:
    query = (
        select(PROGRAM.c.prog_name, PROGRAM_PROPERTY.c.property_value)
        .join(PROGRAM_PROPERTY, PROGRAM_PROPERTY.c.program_num == PROGRAM.c.program_num)
        .where(PROGRAM_PROPERTY.c.property_desc.in_(PROGRAM_PROPERTIES))
        .order_by(PROGRAM.c.program_num)
    )
    found: dict[int, tuple[str, ...]] = {}
    for name, value in connection.execute(query):
        text = (value or "").strip()
        number = int(text) if text.isascii() and text.isdigit() and len(text) < 20 else 0
        if number in numbers and (name or "") not in found.get(number, ()):
            found[number] = (*found.get(number, ()), name or "")
    return found
