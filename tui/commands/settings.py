"""`apisetup settings get` and `apisetup settings set`."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from core.base.errors import ConfigurationError, InvalidInput
from core.model.settings import ApiSettings, SettingsPage, format_enabled, format_interval, format_payment_type
from core.users.service import READERS
from tui.commands.confirmation import confirm
from tui.commands.report import (
    DONE,
    WANTING,
    ChangeResult,
    ChangeState,
    OfficeReport,
    report_changes,
)
from tui.widgets.safe_text import sanitize

if TYPE_CHECKING:
    from tui.commands.office_command import OfficeCommand
    from tui.session import Session

_SUBJECT = "settings"


def run(command: OfficeCommand) -> int:
    """Run one of the `settings` commands and return the exit status.

    Raises:
        ConfigurationError: No setting to change was named.
    """
    options = command.options
    if options.verb == "get":
        return command.read(_get, *READERS)
    if options.api is None and options.interval is None and options.payment_type is None:
        raise ConfigurationError("No setting was named.", "Add --api, --interval or --payment-type.")
    return command.run(partial(_set, command))


def _get(session: Session) -> OfficeReport:
    page = session.office.settings.load()
    values = page.values
    lines = [
        f"API                   {format_enabled(values.enabled) if values.enabled is not None else 'missing'}",
        f"Interval              {format_interval(values.interval) if values.interval is not None else 'missing'}",
        f"Default payment type  {sanitize(format_payment_type(values.payment_type, page.payment_types))}",
        *map(sanitize, (*page.missing, *filter(None, (page.warning,)))),
    ]
    data = {"settings": _as_json(page), "warning": page.warning or None, "missing": list(page.missing)}
    return OfficeReport(WANTING if page.warning or page.missing else DONE, data, lines)


def _set(command: OfficeCommand, session: Session) -> OfficeReport:
    office, options = session.office, command.options
    page = office.settings.load()
    wanted = _wanted(page, options.api, options.interval, options.payment_type)
    planned = office.settings.preview(page.values, wanted)
    before = {"before": _as_json(page)}
    if not planned:
        result = ChangeResult(
            _SUBJECT, ChangeState.UNCHANGED, "No changes to save: the practice already has these values.", (), before
        )
    elif command.dry_run:
        result = ChangeResult(_SUBJECT, ChangeState.PLANNED, f"save {'; '.join(planned)}.", (), before)
    elif not confirm(options, [f"Change {each}" for each in planned], "Save?"):
        result = ChangeResult(_SUBJECT, ChangeState.NOT_CONFIRMED, "Nothing was saved.", (), before)
    else:
        saved = office.settings.save(session.actor, page.values, wanted)
        told = ("Running workstations are notified.",) if office.info.host else ()
        notes = (*told, *filter(None, (saved.warning,)))
        after = {**before, "after": _as_json(office.settings.load())}
        result = ChangeResult(_SUBJECT, ChangeState.DONE, f"Saved: {'; '.join(saved.changes)}.", notes, after)
    return report_changes([result], dry_run=command.dry_run)


def _wanted(page: SettingsPage, api: str | None, interval: str | None, payment_type: str | None) -> ApiSettings:
    wanted = page.values
    if api is not None:
        _require_setting(wanted.enabled, page)
        wanted = replace(wanted, enabled=api == "on")
    if interval is not None:
        _require_setting(wanted.interval, page)
        wanted = replace(wanted, interval="" if interval.strip().casefold() == "off" else interval)
    if payment_type is not None:
        _require_setting(wanted.payment_type, page)
        wanted = replace(wanted, payment_type=_payment_type(page, payment_type))
    return wanted


def _require_setting(value: object, page: SettingsPage) -> None:
    """Check that this practice has a setting.

    Raises:
        InvalidInput: It doesn't.
    """
    if value is None:
        raise InvalidInput("settings", " ".join(page.missing))


def _payment_type(page: SettingsPage, name: str) -> int:
    choices = [each for each in page.payment_types if not each.hidden]
    found = [each for each in choices if each.name.strip().casefold() == name.strip().casefold()]
    if len(found) == 1:
        return found[0].number
    if found:
        raise InvalidInput("payment_type", f"{len(found)} payment types are named {name}.", "Rename one of them first.")
    raise InvalidInput(
        "payment_type",
        f"There is no payment type {name} to choose.",
        f"Payment types: {', '.join(each.name for each in choices)}.",
    )


def _as_json(page: SettingsPage) -> dict[str, Any]:
    values = page.values
    number = values.payment_type
    chosen = {"number": number, "name": format_payment_type(number, page.payment_types)} if number else None
    return {"api": values.enabled, "interval": values.interval, "payment_type": chosen}
