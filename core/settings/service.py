"""The service for the API's settings: load them, and save what changed."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from sqlalchemy import Column, ColumnElement, Connection, ScalarSelect, Select, literal, select

from core.base.errors import Conflict, EditConflict, InvalidInput
from core.model.settings import (
    ApiSettings,
    PaymentType,
    SavedSettings,
    SettingsPage,
    clean_interval,
    format_enabled,
    format_interval,
    format_payment_type,
)
from core.opendental.schema import DEFINITION, PREFERENCE, PROGRAM, PROGRAM_PROPERTY
from core.opendental.signals import SignalType
from core.practice.practice import Practice, unchanged_on_error

if TYPE_CHECKING:
    from core.audit.service import AuditService
    from core.model.actor import Actor
    from core.model.event_values import Setting, SettingChange
    from core.model.settings_events import SettingsChanged

_PAYMENT_TYPES = 10
_MAX_QUOTED = 40

T = TypeVar("T", bool, str, int)
_Column: TypeAlias = Column[int] | Column[str] | Column[str | None]


class SettingsService:
    """Loads and saves the API's settings: Enabled, the subscription interval and the default payment type."""

    def __init__(self, practice: Practice, audit: AuditService) -> None:
        self._practice = practice
        self._audit = audit

    def load(self) -> SettingsPage:
        """Read the settings and the payment types to choose from."""
        with self._practice.read() as connection:
            return _read(connection).page

    def check(self, read: ApiSettings, wanted: ApiSettings) -> None:
        """Refuse values that `save` would refuse, and write nothing.

        Args:
            read: The values that were shown.
            wanted: The values to save.

        Raises:
            InvalidInput: As for `save`.
        """
        with self._practice.read() as connection:
            _checked(_read(connection), read, wanted)

    def preview(self, read: ApiSettings, wanted: ApiSettings) -> tuple[str, ...]:
        """Return what `save` would change, one phrase for each value, and write nothing.

        Args:
            read: The values that were shown.
            wanted: The values to save.

        Raises:
            InvalidInput: As for `save`.
        """
        with self._practice.read() as connection:
            stored = _read(connection)
        return tuple(_phrase(edit) for edit in _edits(stored, read, _checked(stored, read, wanted)))

    def save(self, actor: Actor, read: ApiSettings, wanted: ApiSettings, *, undoing: int = 0) -> SavedSettings:
        """Write the values that differ between `read` and `wanted`, if they still are what was read.

        Args:
            actor: Who saves.
            read: The values that were shown.
            wanted: The values to save.
            undoing: The number of the audit entry that this undoes; 0 for none.

        Raises:
            InvalidInput: A value cannot be saved; the fields are `interval` and `payment_type`.
            EditConflict: Another program changed a value that was to be written; nothing was written.
        """
        # Imported here, since a start only loads the settings.
        from core.model.event_values import Setting
        from core.model.settings_events import SettingsChanged

        with unchanged_on_error(), self._practice.read() as connection:
            stored = _read(connection)
        edits = _edits(stored, read, _checked(stored, read, wanted))
        conflicts = tuple(edit.conflict for edit in edits if edit.conflict)
        if conflicts:
            raise self._audit.with_attributions(conflicts)
        if not edits:
            return SavedSettings((), stored.page.warning)
        try:
            self._write(actor, edits, SettingsChanged(tuple(edit.change for edit in edits), undoing))
        except EditConflict as error:
            with self._practice.read() as connection:
                moved = _edits(_read(connection), read, wanted)
            conflicts = tuple(edit.conflict for edit in moved if edit.conflict)
            raise self._audit.with_attributions(conflicts or error.conflicts) from error
        changes = [edit.change for edit in edits]
        chosen = any(each.setting is Setting.PAYMENT_TYPE for each in changes)
        return SavedSettings(
            tuple(map(_phrase, edits)),
            "" if chosen else stored.page.warning,
        )

    def _write(self, actor: Actor, edits: list[_Edit], event: SettingsChanged) -> None:
        with self._practice.unit_of_work(actor, event, once=True) as work:
            for edit in edits:
                cell = edit.cell
                if not work.compare_and_set(cell.column, cell.key, cell.number, cell.value, edit.raw):
                    before, after = edit.change.before, edit.change.after
                    raise EditConflict((Conflict(edit.change.setting.value, before, "something else", after),))
                work.signal(cell.signal)


@dataclass(frozen=True)
class _Cell:
    """A column of one row, and the value in it."""

    column: _Column
    key: Column[int]
    number: int
    value: int | str | None
    signal: SignalType


@dataclass(frozen=True)
class _Stored:
    page: SettingsPage
    enabled: _Cell | None
    interval: _Cell | None
    payment_type: _Cell | None


@dataclass(frozen=True)
class _Edit:
    """One value to write."""

    change: SettingChange
    cell: _Cell
    raw: int | str
    conflict: Conflict | None


def _phrase(edit: _Edit) -> str:
    return f"{edit.change.setting.value} from {edit.change.before} to {edit.change.after}"


def _read(connection: Connection) -> _Stored:
    """Read the settings and the payment types in one statement, since each one is a round trip to the server."""
    rows = connection.execute(_select_settings()).all()
    enabled = _cell(PROGRAM.c.enabled, PROGRAM.c.program_num, rows[0][0:2], SignalType.PROGRAMS)
    interval = _cell(
        PROGRAM_PROPERTY.c.property_value, PROGRAM_PROPERTY.c.program_property_num, rows[0][2:4], SignalType.PROGRAMS
    )
    preference = _cell(PREFERENCE.c.value_string, PREFERENCE.c.pref_num, rows[0][4:6], SignalType.PREFS)
    current = _number(preference.value) if preference else None
    values = ApiSettings(
        enabled=bool(enabled.value) if enabled else None,
        interval=str(interval.value or "") if interval else None,
        payment_type=current,
    )
    missing = tuple(
        sentence
        for cell, sentence in (
            (enabled, "This database has no program FHIR: the API cannot be enabled here."),
            (interval, "This database has no setting for the subscription interval."),
            (preference, "This database has no preference ApiPaymentType: update Open Dental to choose one."),
        )
        if cell is None
    )
    payment_types = _choices(
        [PaymentType(row[6], row[7] or "", bool(row[8])) for row in rows if row[6] is not None], current
    )
    warning = _payment_type_warning(preference, current, payment_types) if preference else ""
    return _Stored(SettingsPage(values, payment_types, missing, warning), enabled, interval, preference)


def _cell(column: _Column, key: Column[int], read: Sequence[Any], signal: SignalType) -> _Cell | None:
    """Return a cell from the number of its row and its value; None if there is no such row."""
    number, value = read
    return _Cell(column, key, number, value, signal) if number is not None else None


@cache
def _select_settings() -> Select[*tuple[Any, ...]]:
    """Return the query of `_read`: a row per payment type, at least one, with the cells of the settings in front."""
    program = _first(PROGRAM.c.program_num, PROGRAM.c.program_num, PROGRAM.c.prog_name == "FHIR")
    interval = (
        PROGRAM_PROPERTY.c.program_num == program,
        PROGRAM_PROPERTY.c.property_desc == "SubscriptionProcessingFrequency",
    )
    payment_type = (PREFERENCE.c.pref_name == "ApiPaymentType",)
    one_row = select(literal(1).label("one")).subquery()
    return (
        select(
            program,
            _first(PROGRAM.c.enabled, PROGRAM.c.program_num, PROGRAM.c.prog_name == "FHIR"),
            _first(PROGRAM_PROPERTY.c.program_property_num, PROGRAM_PROPERTY.c.program_property_num, *interval),
            _first(PROGRAM_PROPERTY.c.property_value, PROGRAM_PROPERTY.c.program_property_num, *interval),
            _first(PREFERENCE.c.pref_num, PREFERENCE.c.pref_num, *payment_type),
            _first(PREFERENCE.c.value_string, PREFERENCE.c.pref_num, *payment_type),
            DEFINITION.c.def_num,
            DEFINITION.c.item_name,
            DEFINITION.c.is_hidden,
        )
        .select_from(one_row.outerjoin(DEFINITION, DEFINITION.c.category == _PAYMENT_TYPES))
        .order_by(DEFINITION.c.item_order, DEFINITION.c.def_num)
    )


def _first(column: _Column, key: Column[int], *conditions: ColumnElement[bool]) -> ScalarSelect[Any]:
    """Return a column of the first row, by its primary key, that meets the conditions."""
    return select(column).where(*conditions).order_by(key).limit(1).scalar_subquery()


def _number(value: int | str | None) -> int:
    """Return a preference's text as a number; a text that is no number counts as 0, not chosen."""
    text = str(value or "").strip()
    return int(text) if re.fullmatch(r"[0-9]{1,19}", text) else 0


def _payment_type_warning(preference: _Cell, current: int | None, payment_types: tuple[PaymentType, ...]) -> str:
    """Return a sentence about a stored payment type that can't be chosen, or an empty text."""
    text = str(preference.value or "").strip()
    if text in ("", "0"):
        return "No default payment type is chosen."
    if not current:
        return f'The stored default payment type is not a number: "{text[:_MAX_QUOTED]}". Choose one.'
    chosen = next((each for each in payment_types if each.number == current), None)
    if chosen is not None and not chosen.hidden:
        return ""
    if chosen is not None and chosen.known:
        return f'The default payment type "{chosen.name[:_MAX_QUOTED]}" is hidden in Open Dental. Choose another one.'
    return f"The default payment type {current} is not one of this practice's payment types. Choose another one."


def _choices(known: Sequence[PaymentType], current: int | None) -> tuple[PaymentType, ...]:
    """Return the payment types to choose from, and the current one even if it's hidden or unknown."""
    active = [payment_type for payment_type in known if not payment_type.hidden]
    if not current or any(payment_type.number == current for payment_type in active):
        return tuple(active)
    hidden = [payment_type for payment_type in known if payment_type.number == current]
    return (*active, *(hidden or [PaymentType(current, f"unknown type {current}", hidden=True, known=False)]))


def _checked(stored: _Stored, read: ApiSettings, wanted: ApiSettings) -> ApiSettings:
    """Return the values as they are saved, after checking those that were changed.

    Open Dental's window refuses to save anything while the payment type is hidden or unknown. Here the other values can
    be saved, because somebody must be able to turn the API off.
    """
    interval = None if stored.interval is None else clean_interval(wanted.interval or "")
    if interval == (read.interval or "").strip():
        interval = read.interval
    if stored.payment_type is not None and wanted.payment_type != read.payment_type:
        _require_active(stored.page, wanted.payment_type)
    return ApiSettings(wanted.enabled, interval, wanted.payment_type)


def _require_active(page: SettingsPage, number: int | None) -> None:
    if not number:
        raise InvalidInput("payment_type", "The default payment type can't be blank.", "Choose one.")
    if number not in {payment_type.number for payment_type in page.payment_types if not payment_type.hidden}:
        raise InvalidInput(
            "payment_type", "This payment type is hidden or was deleted in Open Dental.", "Choose another one."
        )


def _edits(stored: _Stored, read: ApiSettings, wanted: ApiSettings) -> list[_Edit]:
    from core.model.event_values import Setting

    now = stored.page.values

    def named(number: int | None) -> str:
        return format_payment_type(number, stored.page.payment_types)

    candidates = (
        _edit(Setting.ENABLED, stored.enabled, (read.enabled, now.enabled, wanted.enabled), format_enabled, int),
        _edit(Setting.INTERVAL, stored.interval, (read.interval, now.interval, wanted.interval), format_interval),
        _edit(
            Setting.PAYMENT_TYPE, stored.payment_type, (read.payment_type, now.payment_type, wanted.payment_type), named
        ),
    )
    return [edit for edit in candidates if edit is not None]


def _edit(
    setting: Setting,
    cell: _Cell | None,
    values: tuple[T | None, T | None, T | None],
    worded: Callable[[T | None], str],
    raw: type[int] | type[str] = str,
) -> _Edit | None:
    """Return one value to write, from the values read, present and wanted; None if nothing is to be written."""
    from core.model.event_values import SettingChange

    read, now, wanted = values
    if cell is None or wanted is None or wanted in (read, now):
        return None
    conflict = Conflict(setting.value, worded(read), worded(now), worded(wanted)) if read != now else None
    return _Edit(SettingChange(setting, worded(now), worded(wanted)), cell, raw(wanted), conflict)
