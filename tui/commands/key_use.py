"""`apisetup keys use`: what the developers of keys changed through the API, according to the Audit Trail."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from core.model.age import format_ago
from core.model.developer_use import DAYS, IDLE_DAYS, is_idle_key
from core.opendental.permission_types import PERMISSIONS
from tui.commands.key_choice import choose_keys, read_keys
from tui.commands.report import DONE, WANTING, OfficeReport, table
from tui.widgets.safe_text import sanitize

if TYPE_CHECKING:
    from core.model.api_key import ApiKey
    from core.model.developer_use import DeveloperUse, KnownUse, TrailFloor, UseDetails
    from tui.commands.office_command import OfficeCommand
    from tui.session import Session

_HEADS = ("DEVELOPER", "KEY", "STATUS", "LAST CHANGE", f"{DAYS} DAYS", "PATIENTS", "QUERIES", "THROUGH")
_READS = (
    "Calls that only read leave no entry: a key without changes may be in use. Entries name the developer, not the key."
)


@dataclass(frozen=True)
class _UsedKey:
    """A key with what its developer changed."""

    key: ApiKey
    use: DeveloperUse | None
    """None if the key names no developer."""
    details: UseDetails | None
    """None if the developer changed nothing."""
    idle: bool
    price: int | None
    """In dollars a month; None if the price list has none for it."""
    prices_of: str
    """The month of the price list."""

    @property
    def warnings(self) -> Iterator[str]:
        """A sentence for each thing that an admin should look at."""
        if self.details is not None and self.details.after_disabled:
            last = self.details.last_after_disabled
            when = f", the last on {last:%Y-%m-%d %H:%M}" if last else ""
            yield f"{self.key.label}: {_counted(self.details.after_disabled)} after the key was disabled{when}."
        if self.idle:
            cost = (
                f" It costs about ${self.price} a month by the price list of {self.prices_of}, used or not."
                if self.price
                else ""
            )
            yield f"{self.key.label}: enabled, may write, and no change for {IDLE_DAYS} days.{cost}"


def show_use(command: OfficeCommand, session: Session) -> OfficeReport:
    """Report what the developers of the chosen keys changed; an idle key is a finding, and so is one used in vain."""
    keys, current = read_keys(session)
    chosen = choose_keys(command.options, session, keys)
    known = session.office.use.read_to_end([key.developer for key in chosen])
    used = [_used_key(session, key, known) for key in chosen]
    warnings = [warning for each in used for warning in each.warnings]
    none = "No key matches." if keys.keys else "No API keys."
    lines = table(_HEADS, [_row(each, known.now) for each in used]) if used else [none]
    remarks = [*warnings, _READS, *_floor_remarks(known.floor)]
    data = {
        "time": _text(known.now),
        "current": current,
        "days": DAYS,
        "trail_begins": _text(known.floor.oldest),
        "trail_removed": known.floor.removed or None,
        "prices": session.office.prices.date,
        "keys": [_as_json(each) for each in used],
    }
    is_well = bool(chosen or not keys.keys) and current and not warnings
    return OfficeReport(DONE if is_well else WANTING, data, [*lines, *map(sanitize, remarks)])


def _used_key(session: Session, key: ApiKey, known: KnownUse) -> _UsedKey:
    use = known.developers.get(key.developer)
    details = session.office.use.details(key) if use is not None and use.last is not None else None
    prices = session.office.prices
    idle, price = is_idle_key(key, use, known.now), prices.monthly(key.fields.permissions)
    return _UsedKey(key, use, details, idle, price, prices.date)


def _row(each: _UsedKey, now: datetime) -> Sequence[str]:
    key, use, details = each.key, each.use, each.details
    if use is None:
        return (key.developer or "(no name)", key.masked, key.status.label, "not known", "", "", "", "")
    last = f"{use.last:%Y-%m-%d} ({format_ago(max(now - use.last, now - now))})" if use.last else "none"
    patients = f"{details.patients:,}" if details is not None else "0"
    counts = (f"{use.total:,}", patients, f"{use.queries:,}")
    return (key.developer, key.masked, key.status.label, last, *counts, ", ".join(use.computers))


def _as_json(each: _UsedKey) -> dict[str, Any]:
    key, use, details = each.key, each.use, each.details
    return {
        "fingerprint": key.fingerprint,
        "key": key.masked,
        "developer": key.developer,
        "status": key.status.name.lower(),
        "known": use is not None,
        "first_change": _text(use.first) if use else None,
        "last_change": _text(use.last) if use else None,
        "changes": use.total if use else None,
        "changes_per_day": list(use.counts) if use else [],
        "kinds": {PERMISSIONS.name(kind): count for kind, count in use.kinds.items()} if use else {},
        "computers": list(use.computers) if use else [],
        "queries": use.queries if use else None,
        "patients": details.patients if details else 0 if use else None,
        "changes_after_disabled": details.after_disabled if details else None,
        "last_change_after_disabled": _text(details.last_after_disabled) if details else None,
        "idle": each.idle,
        "monthly_price": each.price,
    }


def _floor_remarks(floor: TrailFloor) -> Iterator[str]:
    if floor.oldest is not None:
        yield f"The Audit Trail begins on {floor.oldest:%Y-%m-%d}. {floor.removed}".rstrip()


def _counted(changes: int) -> str:
    return f"{changes:,} {'change' if changes == 1 else 'changes'}"


def _text(moment: datetime | None) -> str | None:
    return moment.isoformat(" ") if moment is not None else None
