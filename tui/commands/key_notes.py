"""`apisetup keys note`: the owner, purpose, agreement and review date of keys."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from core.base.errors import ConfigurationError
from core.model.key_note import KeyRecord, note_changes
from core.reports.review_values import note_value
from tui.commands.changes import MadeChange, PlannedChange, ask_once, make_changes
from tui.commands.dates import parse_optional_day
from tui.commands.key_changes import NO_KEY, key_details
from tui.commands.key_choice import choose_keys, read_keys
from tui.commands.report import WANTING, OfficeReport

if TYPE_CHECKING:
    from core.model.api_key import ApiKey
    from tui.commands.office_command import OfficeCommand
    from tui.session import Session

_OPTIONS = ("owner", "purpose", "baa_date", "baa_reference", "review_date", "former_name")


def note(command: OfficeCommand, session: Session) -> OfficeReport:
    """Save the notes that the command line gives for the chosen keys.

    Raises:
        ConfigurationError: No note was given, or a date isn't one.
    """
    options = command.options
    if all(getattr(options, name) is None for name in _OPTIONS):
        names = ", ".join(f"--{name.replace('_', '-')}" for name in _OPTIONS)
        raise ConfigurationError("There is nothing to note.", f"Add one or more of {names}.")
    listed, _ = read_keys(session)
    changes = [_planned(options, session, key) for key in choose_keys(options, session, listed)]
    if not changes:
        return OfficeReport(WANTING, {"dry_run": command.dry_run, "changes": []}, [NO_KEY])
    return make_changes(command, changes, ask_once(command, "Save these notes?"))


def record_as_json(record: KeyRecord) -> dict[str, Any]:
    """Return the notes on a key for JSON, without the BAA date, which is the key's own."""
    return {**note_value(record.note), "former_names": list(record.former_names)}


def record_lines(record: KeyRecord) -> Mapping[str, str]:
    """Return the notes on a key by their labels."""
    kept = record.note
    return {
        "Owner": kept.owner,
        "Purpose": kept.purpose,
        "BAA reference": kept.agreement_reference,
        "Review date": kept.review_date.isoformat() if kept.review_date else "",
        "Former names": "; ".join(record.former_names),
    }


def _planned(options: argparse.Namespace, session: Session, key: ApiKey) -> PlannedChange:
    read = session.office.notes.of(key)
    wanted = _wanted(options, read)
    session.office.notes.check(key, read, wanted)
    phrases = _differences(read, wanted)

    def make() -> MadeChange:
        return MadeChange(session.office.notes.save(session.actor, key, read, wanted).sentence)

    return PlannedChange(
        key.label,
        f"note for {key.label}: {'; '.join(phrases)}.",
        make,
        unchanged="" if phrases else f"{key.label}: these notes are there already.",
        details={**key_details(key), "key_notes": record_as_json(wanted)},
    )


def _wanted(options: argparse.Namespace, read: KeyRecord) -> KeyRecord:
    texts = {
        name: getattr(options, option).strip()
        for name, option in (
            ("owner", "owner"),
            ("purpose", "purpose"),
            ("agreement_reference", "baa_reference"),
        )
        if getattr(options, option) is not None
    }
    changed: dict[str, Any] = dict(texts)
    if options.review_date is not None:
        changed["review_date"] = parse_optional_day(options.review_date)
    wanted = replace(read, note=replace(read.note, **changed))
    if options.baa_date is not None:
        wanted = replace(wanted, agreement_since=parse_optional_day(options.baa_date))
    if options.former_name is not None:
        names = tuple(name.strip() for name in options.former_name if name.strip())
        wanted = replace(wanted, former_names=names)
    return wanted


def _differences(read: KeyRecord, wanted: KeyRecord) -> list[str]:
    phrases = [
        f"{each.setting.value} {each.after}, before {each.before}" for each in note_changes(read.note, wanted.note)
    ]
    if read.agreement_since != wanted.agreement_since:
        phrases.append(f"BAA date {wanted.agreement_since or 'none'}, before {read.agreement_since or 'none'}")
    if set(read.former_names) != set(wanted.former_names):
        before = "; ".join(read.former_names) or "none"
        phrases.append(f"former names {'; '.join(wanted.former_names) or 'none'}, before {before}")
    return phrases
