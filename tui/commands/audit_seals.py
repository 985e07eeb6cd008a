"""`apisetup audit seal`, `seals`, `seal-key` and `proof`."""

from __future__ import annotations

import json
from dataclasses import asdict
from functools import partial
from typing import TYPE_CHECKING, Any

from core.base.program_version import program_version
from core.model.audit_entry import counted
from core.opendental.permission_types import Permission
from core.seals.service import copy_safely
from core.seals.signing import public_key_as_pem, short_key
from tui.commands.outcome import COULD_NOT, report_error
from tui.commands.progress import Progress
from tui.commands.public_key import read_public_key
from tui.commands.report import DONE, OfficeReport, table
from tui.flows.seal_report import seal_moment
from tui.platform.output import print_error
from tui.widgets.safe_text import sanitize

if TYPE_CHECKING:
    from collections.abc import Callable

    from core.seals.seal import Seal
    from tui.commands.office_command import OfficeCommand
    from tui.commands.signals import SignalHandler
    from tui.session import Session


def run(command: OfficeCommand, signals: SignalHandler) -> int:
    """Run one of these commands and return the exit status."""
    work: dict[str, Callable[[OfficeCommand, Session], OfficeReport]] = {
        "seal": partial(_seal, signals),
        "seals": _list,
        "seal-key": _public_key,
        "proof": _proof,
    }
    run = command.run if command.options.verb == "seal" else command.read
    return run(partial(work[command.options.verb], command), Permission.AUDIT_TRAIL)


def _seal(signals: SignalHandler, command: OfficeCommand, session: Session) -> OfficeReport:
    options, seals = command.options, session.office.seals
    next_key = read_public_key(options.next_key)
    session.require_recordable()
    if session.office.may_have_interrupted_changes:
        # A killed program may have logged a seal that it didn't make.
        for change in session.office.recovery.settle(session.actor):
            print_error(change.sentence)
    first = not seals.seals()
    sealing = seals.sealing(
        session.actor,
        program_version(),
        next_key=next_key,
        rotate=options.rotate,
        replaces_lost=options.replace_lost,
    )
    progress = Progress()
    try:
        while not (reading := sealing.read_batch()).complete:
            signals.raise_pending()
            progress.show(f"{reading.fraction:4.0%}  {counted(reading.entries)}")
        signals.raise_pending()
        seal = sealing.store()
    finally:
        progress.clear()
        sealing.discard()
    not_copied = copy_safely(seals, seal)
    lines = [seal.as_line()] if options.line else _seal_lines(seal)
    if first and not options.line:
        lines.append("Keep the public key elsewhere: apisetup audit seal-key. A copy of each seal, too: see seal_dir.")
    if not_copied is not None:
        report_error(not_copied)
    status = DONE if not_copied is None else COULD_NOT
    return OfficeReport(status, {"seal": _as_json(seal)}, lines, outcome=f"Seal {seal.content.number} was made.")


def _seal_lines(seal: Seal) -> list[str]:
    content = seal.content
    lines = [
        f"Seal {content.number}: {counted(content.entries)}, up to {seal_moment(seal)}",
        f"Root {content.root}",
        f"Signed with the key {short_key(content.public_key)}",
    ]
    if content.next_key != content.public_key:
        lines.append(f"The next seal is signed with the key {short_key(content.next_key)}.")
    return lines


def _list(command: OfficeCommand, session: Session) -> OfficeReport:
    seals = session.office.seals.seals()
    rows = [
        (str(content.number), seal_moment(each), f"{content.entries:,}", content.actor, content.root)
        for each in seals
        for content in (each.content,)
    ]
    lines = table(("SEAL", "SEALED", "ENTRIES", "BY", "ROOT"), rows) if rows else ["No seals yet."]
    if command.options.line:
        lines = [each.as_line() for each in seals]
    return OfficeReport(DONE, {"seals": [_as_json(each) for each in seals]}, lines)


def _public_key(_command: OfficeCommand, session: Session) -> OfficeReport:
    key = session.office.seals.public_key()
    return OfficeReport(DONE, {"public_key": key}, public_key_as_pem(key).splitlines())


def _proof(command: OfficeCommand, session: Session) -> OfficeReport:
    proof = session.office.seals.proof(command.options.number).as_json()
    return OfficeReport(DONE, {"proof": json.loads(proof)}, [sanitize(proof, len(proof))])


def _as_json(seal: Seal) -> dict[str, Any]:
    return {**asdict(seal.content), "signature": seal.signature, "sha256": seal.sha256, "line": seal.as_line()}
