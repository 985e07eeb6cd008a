"""`apisetup companion`: copies a companion to a server, and rotates the encryption key of its API keys."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from core.base.errors import ConfigurationError
from core.base.plural import count_of
from core.database.address import FileAddress
from core.database.companion_address import CompanionServer, parse_companion_url
from core.database.tls import Tls
from core.offices.companion_maintenance import COPY_TO, CopyTarget, copy_companion, count_keys, rotate_key
from core.offices.password_source import (
    COMPANION_KEY,
    COMPANION_PASSWORD,
    PROMPT,
    PasswordSource,
    parse_password_source,
)
from core.offices.paths import expand_user
from tui.commands.confirmation import confirm, require_answerable
from tui.commands.report import DONE, WANTING, OfficeReport
from tui.commands.sign_in import ask_for_companion_password, prompt_for_companion
from tui.widgets.safe_text import sanitize

if TYPE_CHECKING:
    import argparse

    from core.offices.open_request import OpenRequest
    from tui.commands.office_command import OfficeCommand

_NOT_CONFIRMED = "Not confirmed. Nothing was changed."


def run(command: OfficeCommand) -> int:
    """Run a verb and return the exit status.

    Raises:
        ConfigurationError: The command line is wrong, or nobody can confirm the command.
    """
    options = command.options
    if options.demo:
        raise ConfigurationError("The demo practice has no companion of its own.", "Choose another practice.")
    require_answerable(options)
    if options.verb == "copy":
        target = _target(options)
        command.selection.only(
            "One companion is copied at a time: each office needs a database of its own for it.",
            "Run it once for each office: apisetup companion copy --office NAME --to URL",
        )
        return command.run_requests(lambda request: _copy(command, request, target))
    source = _key_source(options.new_key_from)
    return command.run_requests(lambda request: _rotate(command, request, source))


# -- copy ------------------------------------------------------------------------------


def _copy(command: OfficeCommand, request: OpenRequest, target: CopyTarget) -> OfficeReport:
    options = command.options
    file = FileAddress(expand_user(options.source)) if options.source else None
    if file is None:
        ask_for_companion_password(request)
    planned = copy_companion(request, target, file, dry_run=True)
    lines = [f"Copy {planned.source} to {planned.target}: {count_of(planned.result.rows_copied, 'row')}."]
    if not options.dry_run and not confirm(options, map(sanitize, lines), "Copy?"):
        return OfficeReport(WANTING, {"result": "not confirmed"}, [_NOT_CONFIRMED])
    done = planned if options.dry_run else copy_companion(request, target, file)
    result = done.result
    data = {
        "dry_run": bool(options.dry_run),
        "from": done.source,
        "to": done.target,
        "copied": dict(result.copied),
        "present": dict(result.present),
        "kept": dict(result.kept),
        "conflicts": list(result.conflicts),
    }
    verb = "would be copied" if options.dry_run else "copied and read back"
    lines = [f"{done.source} → {done.target}"]
    lines += [f"{verb}: {result.count_of(number, what)}" for what, number in result.copied.items()]
    lines += [f"there already: {result.count_of(number, what)}" for what, number in result.present.items()]
    lines += [f"kept as they are there: {result.count_of(number, what)}" for what, number in result.kept.items()]
    lines += [f"NOT COPIED: {conflict}" for conflict in result.conflicts]
    if not result.rows_copied:
        lines.append("Nothing to copy: all rows are there already, or there are none.")
    if not options.dry_run:
        lines += [
            f"Encryption key: {done.key_place}. Every admin's computer needs it.",
            f'Next: write companion = "{options.to}" into the configuration file of each admin.',
        ]
    outcome = "" if options.dry_run else f"The companion was copied to {done.target}."
    return OfficeReport(
        WANTING if result.conflicts else DONE, data, [sanitize(line, 400) for line in lines], outcome=outcome
    )


def _target(options: argparse.Namespace) -> CopyTarget:
    address: CompanionServer = parse_companion_url(options.to, COPY_TO)
    if options.to_tls == "off" and options.to_tls_ca:
        raise ConfigurationError("--to-tls off and --to-tls-ca can't be combined.", "Choose one of them.")
    if options.to_tls == "off":
        address = replace(address, tls=None, tls_off=True)
    elif options.to_tls == "verify" or options.to_tls_ca:
        address = replace(address, tls=Tls(expand_user(options.to_tls_ca) if options.to_tls_ca else None))
    text = options.to_password_from
    source = parse_password_source(text, COMPANION_PASSWORD) if text is not None else None
    if source == PROMPT:
        return CopyTarget(address, password=prompt_for_companion(address, COPY_TO.password))
    return CopyTarget(address, source)


# -- rotate-key ------------------------------------------------------------------------


def _rotate(command: OfficeCommand, request: OpenRequest, source: PasswordSource | None) -> OfficeReport:
    ask_for_companion_password(request)
    options, keys = command.options, count_keys(request)
    plan = [f"Encrypt {_count(keys.readable)} of {request.companion_address.label} with a new encryption key."]
    if keys.unreadable:
        plan.append(
            f"{_count(keys.unreadable)} can't be read here and will stay as they are. If another computer has the"
            " encryption key, copy its key file here instead."
        )
    lines = [sanitize(line, 400) for line in plan]
    if options.dry_run:
        counts = {"dry_run": True, "readable": keys.readable, "not_readable": keys.unreadable}
        return OfficeReport(DONE, counts, [f"would: {lines[0]}", *lines[1:]])
    if not confirm(options, lines, "Rotate the encryption key?"):
        return OfficeReport(WANTING, {"result": "not confirmed"}, [_NOT_CONFIRMED])
    rotation = rotate_key(request, source, keys.current)
    data = {
        "dry_run": False,
        "key": rotation.key_id,
        "encrypted": rotation.encrypted,
        "unreadable": list(rotation.unreadable),
    }
    done = f"The encryption key is now {rotation.key_id}: {_count(rotation.encrypted)} encrypted with it."
    lines = [done]
    if rotation.unreadable:
        lines.append(
            f"NOT READABLE: {', '.join(rotation.unreadable)}. These need an encryption key that is missing. If you find"
            " it, add it to the key file as another line."
        )
    if source is not None:
        lines.append(f'Next: write companion_key_from = "{options.new_key_from}" into the configuration file.')
    elif not isinstance(request.companion_address, FileAddress):
        lines.append(f"Next: copy {request.companion_stem}.key to the computers of all other admins.")
    status = WANTING if rotation.unreadable else DONE
    return OfficeReport(status, data, [sanitize(line, 400) for line in lines], outcome=done)


def _key_source(text: str | None) -> PasswordSource | None:
    if text is None:
        return None
    source = parse_password_source(text, COMPANION_KEY)
    if source == PROMPT:
        raise ConfigurationError(
            "--new-key-from can't be prompt.", "Write env:NAME, file:PATH, command:PROGRAM ARGUMENTS or keyring."
        )
    return source


def _count(keys: int) -> str:
    return "one API key" if keys == 1 else f"{keys} API keys"
