"""`apisetup keys`: list and show keys, and run the other verbs."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from core.audit.export_format import json_value
from core.model.api_key import format_fields
from core.users.service import READERS
from tui.commands.key_addition import add
from tui.commands.key_changes import disable, enable, remove
from tui.commands.key_choice import choose_keys, read_keys, refuse_whole_key
from tui.commands.key_notes import note, record_as_json, record_lines
from tui.commands.key_use import show_use
from tui.commands.report import DONE, WANTING, OfficeReport, table
from tui.widgets.safe_text import sanitize

if TYPE_CHECKING:
    from core.model.api_key import ApiKey
    from core.model.audit_entry import AuditEntry
    from core.model.key_note import KeyRecord
    from tui.commands.office_command import OfficeCommand
    from tui.session import Session

_LABEL_WIDTH = 30
_READING = ("list", "show", "use")


def run(command: OfficeCommand) -> int:
    """Run one of the `keys` commands and return the exit status."""
    if command.options.verb == "add":
        return add(command)
    refuse_whole_key(*getattr(command.options, "key", ()))
    if is_for_fleet(command):
        from tui.commands import fleet_keys

        return fleet_keys.run(command)
    verbs = {
        "list": _list,
        "show": _show,
        "use": show_use,
        "disable": disable,
        "enable": enable,
        "note": note,
        "remove": remove,
    }
    work = partial(verbs[command.options.verb], command)
    # Showing a key in full is recorded as a use of Setup.
    only_reads = command.options.verb in _READING and not getattr(command.options, "reveal", False)
    return command.read(work, *READERS) if only_reads else command.run(work)


def is_for_fleet(command: OfficeCommand) -> bool:
    """Return True for a change in several offices that gets one receipt."""
    options = command.options
    if getattr(options, "continues", False) or getattr(options, "receipt", None) is not None:
        return True
    return options.verb == "disable" and options.developer is not None and command.selection.several


def _list(command: OfficeCommand, session: Session) -> OfficeReport:
    keys, current = read_keys(session)
    chosen = choose_keys(command.options, session, keys)
    data = {
        "authority": keys.authority.name.value,
        "current": current,
        "notes": list(keys.notes),
        "keys": [key_as_json(key) for key in chosen],
    }
    lines = table(("DEVELOPER", "KEY", "STATUS", "BAA", "PERMISSIONS"), [_row(key) for key in chosen])
    if not chosen:
        lines = ["No API keys." if not keys.keys else "No key matches the filter."]
    return OfficeReport(DONE if current else WANTING, data, [*lines, *map(sanitize, keys.notes)])


def _show(command: OfficeCommand, session: Session) -> OfficeReport:
    keys, current = read_keys(session)
    chosen = choose_keys(command.options, session, keys)
    shown: list[dict[str, Any]] = []
    lines: list[str] = []
    for key in chosen:
        text = session.office.keys.show(session.actor, key).reveal() if command.options.reveal else None
        history, record = session.office.keys.history(key), session.office.notes.of(key)
        entries = [_entry_as_json(each) for each in history]
        shown.append({**key_as_json(key), "notes": record_as_json(record), "text": text, "history": entries})
        lines += [*([""] if lines else []), *_details(key, text, record), *_history_lines(history)]
    data = {"authority": keys.authority.name.value, "current": current, "keys": shown}
    return OfficeReport(DONE if chosen and current else WANTING, data, lines or ["No key matches."])


def key_as_json(key: ApiKey) -> dict[str, Any]:
    """Return a key for JSON, without its text."""
    accepted, fields = key.license, key.fields
    return {
        "fingerprint": key.fingerprint,
        "key": key.masked,
        "ending": key.ending,
        "developer": key.developer,
        "status": key.status.name.lower(),
        "enabled": key.status.enabled and not key.gone,
        "known": key.known,
        "gone": key.gone,
        "unusable": key.unusable or None,
        "email": fields.email or None,
        "phone": fields.phone or None,
        "permissions": list(fields.permissions),
        "baa_since": _text(fields.agreement_since),
        "added": _text(key.added),
        "disabled": _text(key.date_disabled),
        "license": {
            "title": accepted.title,
            "sha256": accepted.sha256,
            "accepted_by": accepted.accepted_by,
            "accepted": _text(accepted.accepted_at),
        }
        if accepted is not None
        else None,
    }


def _row(key: ApiKey) -> tuple[str, ...]:
    since = key.fields.agreement_since
    status = f"{key.status.label}{', gone' if key.gone else ''}"
    return key.developer, key.masked, status, str(since) if since else "none", ", ".join(key.fields.permissions)


def _details(key: ApiKey, text: str | None, record: KeyRecord) -> Iterator[str]:
    accepted = key.license
    values = {
        "Developer": key.developer,
        "API key": text if text is not None else key.masked,
        "Fingerprint (SHA-256)": key.fingerprint,
        "Status": key.status.label,
        **{f"{name[:1].upper()}{name[1:]}": value for name, value in format_fields(key.fields).items()},
        "Added": f"{key.added:%Y-%m-%d %H:%M}" if key.added else "",
        "Disabled": f"{key.date_disabled:%Y-%m-%d %H:%M}" if key.date_disabled else "",
        "License": f"{accepted.title}, accepted by {accepted.accepted_by} on {accepted.accepted_at:%Y-%m-%d %H:%M}"
        if accepted
        else "",
        "Remark": key.unusable or key.last_known,
        **record_lines(record),
    }
    for label, value in values.items():
        if value:
            yield f"{label:<{_LABEL_WIDTH}}{sanitize(value)}"


def _history_lines(history: tuple[AuditEntry, ...]) -> Iterator[str]:
    for entry in history:
        yield sanitize(f"  {entry.stored_moment}  {entry.user}  {entry.text}", 400)


def _entry_as_json(entry: AuditEntry) -> dict[str, Any]:
    return {"number": json_value(entry.number), "time": entry.stored_moment, "user": entry.user, "text": entry.text}


def _text(value: date | datetime | None) -> str | None:
    if value is None:
        return None
    return value.isoformat(" ") if isinstance(value, datetime) else value.isoformat()
