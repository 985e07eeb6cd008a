"""`apisetup keys add`: reads a key, has the license agreement accepted, and adds the key."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from datetime import date
from functools import partial
from getpass import getpass
from typing import TYPE_CHECKING, Any

from core.base.errors import ConfigurationError
from core.keys.pasted_key import PasteSource, find_key
from core.model.api_key import KeyFields, NewKey
from core.model.key_text import fingerprint
from core.opendental.api_permissions import API_PERMISSIONS
from tui.commands.confirmation import confirm
from tui.commands.key_choice import read_keys
from tui.commands.report import ChangeResult, ChangeState, OfficeReport, report_changes
from tui.platform.output import ask, is_terminal, print_note

if TYPE_CHECKING:
    import argparse

    from core.model.agreement import Agreement
    from tui.commands.office_command import OfficeCommand
    from tui.session import Session

_MAX_INPUT = 100_000
"""The maximum number of characters that are read from standard input; a whole email fits."""
_DECLINED = "Declined: the agreement must be accepted to add an API key. Nothing was added."
_UNDECIDED = "Nothing was added: the agreement was neither accepted nor declined."


@dataclass(frozen=True)
class _Addition:
    """The new key, as the command line, standard input and the admin's answers describe it."""

    text: str
    """The text that the key is in."""
    developer: str
    fields: KeyFields


def add(command: OfficeCommand) -> int:
    """Add a key to one office, and return the exit status.

    Raises:
        ConfigurationError: Something is missing, and there is no terminal to prompt on; or the agreement isn't the one
            that was read.
    """
    options = command.options
    request = command.selection.only(
        "A key is added to one office at a time: each office has a key of its own, and accepts the license agreement"
        " for itself.",
        "Run it once for each office: apisetup keys add --office NAME",
    )
    agreement = request.office.agreement()
    _require_read(options, agreement)
    fields = KeyFields(
        (options.email or "").strip(), (options.phone or "").strip(), _permissions(options), _agreement_date(options)
    )
    addition = _Addition(_read_text(), (options.developer or "").strip(), fields)
    return command.run(partial(_add, command, addition))


def _add(command: OfficeCommand, addition: _Addition, session: Session) -> OfficeReport:
    options, office = command.options, session.office
    read_keys(session, for_change=True)
    new = NewKey(office.keys.check_new(addition.text), addition.developer, addition.fields)
    _refuse_contacts(session, new)
    office.keys.check_details(new)
    found = find_key(addition.text)
    where = "" if found.source is PasteSource.ALONE else f" from {found.source.value}"
    left_out = " The developer's key is left out." if found.drops_developer_key else ""
    print_note(f"Understood: {found.masked}{where}.{left_out}")
    agreement = office.licenses.agreement
    subject = f"API key {found.masked} ({new.developer})" if new.developer else f"API key {found.masked}"
    details = _details(new, found.masked, agreement)
    if command.dry_run:
        plan = f"add {subject}, after accepting the {agreement.title}."
        return _report(command, ChangeResult(subject, ChangeState.PLANNED, plan, (), details))
    accepted = _is_accepted(options, agreement, subject)
    if accepted is None:
        return _report(command, ChangeResult(subject, ChangeState.NOT_CONFIRMED, _UNDECIDED, (), details))
    if not accepted:
        office.licenses.decline(session.actor, new)
        return _report(command, ChangeResult(subject, ChangeState.NOT_CONFIRMED, _DECLINED, (), details))
    acceptance = office.licenses.accept(session.actor, new)
    change = office.keys.add(session.actor, new, acceptance)
    result = ChangeResult(
        change.key.label,
        ChangeState.DONE,
        change.sentence,
        change.consequences,
        {**details, "developer": change.key.developer},
    )
    return _report(command, result)


def _report(command: OfficeCommand, result: ChangeResult) -> OfficeReport:
    return report_changes([result], dry_run=command.dry_run)


def _details(new: NewKey, masked: str, agreement: Agreement) -> dict[str, Any]:
    since = new.fields.agreement_since
    return {
        "fingerprint": fingerprint(new.key.reveal()),
        "key": masked,
        "developer": new.developer,
        "baa_since": since.isoformat() if since else None,
        "license_sha256": agreement.sha256,
    }


# -- the agreement -----------------------------------------------------------------------


def _require_read(options: argparse.Namespace, agreement: Agreement) -> None:
    """Print the agreement, unless its hash says that it was read.

    Raises:
        ConfigurationError: The hash is that of another text, or it is missing and nobody can be asked.
    """
    given = (options.accept_license or "").strip().casefold()
    if given == agreement.sha256:
        return
    for line in (agreement.title, "", *agreement.text.splitlines(), "", f"SHA-256 of this text: {agreement.sha256}"):
        print_note(line)
    if given:
        raise ConfigurationError(
            "--accept-license names another text than the agreement above.",
            "Read it, and name its SHA-256 to accept it.",
        )
    if not (options.dry_run or is_terminal(sys.stdin)):
        raise ConfigurationError(
            "The license agreement must be accepted, and there is no terminal to prompt on.",
            f"Read it, and accept it with --accept-license {agreement.sha256}.",
        )


def _is_accepted(options: argparse.Namespace, agreement: Agreement, subject: str) -> bool | None:
    """Return True if the agreement is accepted, False if it is declined, and None if neither."""
    if options.accept_license:
        return confirm(options, [f"Add {subject}, and accept the {agreement.title}."], "Add it?") or None
    answer = (ask(f"Do you accept the {agreement.title} for {subject}? Type accept or decline:") or "").casefold()
    return {"accept": True, "decline": False}.get(answer)


# -- the details -------------------------------------------------------------------------


def _read_text() -> str:
    """Return the text that the key is in: standard input, or what is typed without being shown.

    Raises:
        ConfigurationError: Nothing was entered, or it can't be read.
    """
    try:
        if is_terminal(sys.stdin):
            return getpass("API key, or a text that contains it: ")
        text = sys.stdin.read(_MAX_INPUT + 1) if sys.stdin is not None else ""
    except (EOFError, OSError, UnicodeDecodeError) as error:
        # Not chained: the error may contain the text.
        raise ConfigurationError(f"The key can't be read: {type(error).__name__}.", "Write it as UTF-8 text.") from None
    if len(text) > _MAX_INPUT:
        raise ConfigurationError("The text on standard input is too long.", "Write the key and little else.")
    if not text.strip():
        raise ConfigurationError(
            "No key was entered.", "Write it to standard input; others can read the arguments of commands."
        )
    return text


def _agreement_date(options: argparse.Namespace) -> date | None:
    """Return the date of the Business Associate Agreement; asks for it if the command line doesn't say.

    Raises:
        ConfigurationError: Nothing says whether there is one, or it isn't a date.
    """
    text = options.baa_since
    if text is None and not options.no_baa:
        if not is_terminal(sys.stdin):
            raise ConfigurationError(
                "Nothing says whether there is a Business Associate Agreement with this developer.",
                "Add --baa-since DATE or --no-baa.",
            )
        text = ask("Business Associate Agreement signed on (YYYY-MM-DD), nothing for none:") or ""
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ConfigurationError(f"Not a valid date: {text}.", "Write it as YYYY-MM-DD.") from None


def _permissions(options: argparse.Namespace) -> tuple[str, ...]:
    """Return the permissions of the command line, as Open Dental spells them.

    Raises:
        ConfigurationError: One of them doesn't exist.
    """
    by_name = {name.casefold(): name for name in API_PERMISSIONS}
    chosen = [each for text in options.permission for each in text.split(",") if each.strip()]
    for name in chosen:
        if name.strip().casefold() not in by_name:
            raise ConfigurationError(f"Unknown permission: {name}.", f"Permissions: {', '.join(API_PERMISSIONS)}.")
    return tuple(dict.fromkeys(by_name[name.strip().casefold()] for name in chosen))


def _refuse_contacts(session: Session, new: NewKey) -> None:
    """Refuse a developer, a contact and permissions where headquarters supplies them.

    Raises:
        ConfigurationError: One of them was given.
    """
    fields = new.fields
    given = new.developer or fields.email or fields.phone or fields.permissions
    if given and not session.office.keys.authority.keeps_contacts:
        raise ConfigurationError(
            "Headquarters provides the developer, the contact and the permissions of a key.",
            "Leave out --developer, --email, --phone and --permission.",
        )
