"""`apisetup audit verify --export` and `--proof`: checks on another computer, without the database."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from core.base.errors import ConfigurationError
from core.base.regular_file import read_regular_file
from core.seals.export_check import check_export
from core.seals.proof import EntryProof, parse_proof
from core.seals.signing import short_key
from tui.commands.audit_verify import seal_report_as_json
from tui.commands.public_key import read_public_key
from tui.commands.report import DONE, VERSION, WANTING
from tui.flows.seal_report import seal_lines, seal_moment, sealed_entry_line
from tui.platform.output import print_result
from tui.widgets.safe_text import sanitize

_MAX_PROOF_BYTES = 1_000_000


def run(options: argparse.Namespace) -> int:
    """Check an export or a proof, and return the exit status.

    Raises:
        ConfigurationError: A file can't be read or used.
        UnreadableSeal: A file isn't a seal.
        UnreadableProof: A file isn't a proof.
    """
    public_key = read_public_key(options.public_key)
    if options.proof:
        return _check_proof(options, public_key)
    if not options.seal:
        raise ConfigurationError("There is no seal to compare the export with.", "Name one or more with --seal FILE.")
    report = check_export(Path(options.export), [Path(each) for each in options.seal], public_key)
    lines = [*map(sanitize, seal_lines(report)), *(sealed_entry_line(each) for each in report.found)]
    status = DONE if report.clean else WANTING
    _print(options, status, {"seals": seal_report_as_json(report)}, lines)
    return status


def _check_proof(options: argparse.Namespace, public_key: str) -> int:
    try:
        text = read_regular_file(Path(options.proof), _MAX_PROOF_BYTES).decode("utf-8", "replace")
    except OSError as error:
        raise ConfigurationError(f"{options.proof} can't be read: {error.strerror}.", "Check its name.") from error
    proof = parse_proof(text, options.proof)
    key = proof.seal.content.public_key
    problem = proof.problem
    if not problem and public_key and key != public_key:
        problem = (
            f"The seal is signed with another key ({short_key(key)}) than the one given ({short_key(public_key)})."
        )
    lines = (
        [sanitize(problem)] if problem else [sanitize(line) for line in _proof_lines(proof, pinned=bool(public_key))]
    )
    status = WANTING if problem else DONE
    _print(options, status, {"proved": not problem, "problem": problem or None}, lines)
    return status


def _proof_lines(proof: EntryProof, *, pinned: bool) -> list[str]:
    content = proof.seal.content
    values = ", ".join(f"{name} {value}" for name, value in proof.named_values)
    lines = [
        f"Entry {proof.values[0]} is in seal {content.number} of {content.practice or 'a practice without a title'},"
        f" sealed on {seal_moment(proof.seal)}.",
        f"{values}, CompName {proof.computer}",
        f"Open Dental's hash: {proof.computed_hash}",
    ]
    if not pinned:
        lines.append(f"Signed with the key {short_key(content.public_key)}. Compare it, or name the key: --public-key")
    return lines


def _print(options: argparse.Namespace, status: int, data: dict[str, Any], lines: list[str]) -> None:
    if options.json:
        found = {"version": VERSION, "command": "audit verify", "status": status, **data}
        print_result(json.dumps(found, indent=2))
    else:
        print_result("\n".join(lines))
