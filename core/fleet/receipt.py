"""The receipt of a change in many offices: a JSON file, and a text to print."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.base.errors import ConfigurationError, ExportFailed
from core.base.file_status import file_status
from core.base.private_file import replace_private_file
from core.base.regular_file import read_regular_file
from core.fleet.change_json import change_from_json, change_to_json
from core.model.fleet_change import FleetPlan, OfficeOutcome, OfficeResult, RecordedChange, WrittenReceipt
from core.opendental.key_status import KeyStatus

if TYPE_CHECKING:
    from core.fleet.store import FleetStore

_NUMBER = re.compile(r"R\d{8}-[0-9A-F]{6}")
FORMAT, VERSION = "apisetup-receipt", 1


@dataclass(frozen=True)
class ReadReceipt:
    """A receipt that was read from its file."""

    plan: FleetPlan
    results: tuple[OfficeResult, ...]
    sha256: str


def receipt_content(plan: FleetPlan, results: Iterable[OfficeResult], written_at: datetime) -> str:
    """Return the content of the JSON file."""
    content = {
        "format": FORMAT,
        "version": VERSION,
        "receipt": plan.receipt,
        "written_at": written_at.isoformat(sep=" ", timespec="seconds"),
        "developer": plan.developer,
        "status": plan.status.label,
        "undoes_receipt": plan.undoes or None,
        "not_looked_at": list(plan.unseen),
        "offices": [
            {
                "office": result.office,
                "database": result.database,
                "user": result.user,
                "outcome": result.outcome.value,
                "changes": list(map(change_to_json, result.changes)),
                "problems": list(result.problems),
            }
            for result in results
        ],
    }
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def write_receipt(
    directory: Path, plan: FleetPlan, results: Sequence[OfficeResult], written_at: datetime
) -> tuple[WrittenReceipt, str]:
    """Write both files with mode 0600, in place of those of an earlier attempt; return the JSON file's content, too.

    Raises:
        ExportFailed: A file can't be written.
    """
    content = receipt_content(plan, results, written_at)
    sha256 = hashlib.sha256(content.encode()).hexdigest()
    file, text_file = receipt_files(directory, plan.receipt)
    try:
        replace_private_file(file, content)
        replace_private_file(text_file, _text(plan, results, written_at, sha256))
    except OSError as error:
        raise ExportFailed(
            f"The receipt {file} can't be written: {error.strerror}. The changes were made and logged.",
            "Fix the cause, then retry: nothing is changed twice.",
        ) from error
    return WrittenReceipt(plan.receipt, str(file), str(text_file), sha256), content


def receipt_files(directory: Path, receipt: str) -> tuple[Path, Path]:
    """Return the paths of a receipt's JSON file and of its text."""
    return directory / f"{receipt}.json", directory / f"{receipt}.txt"


def read_receipt(file: Path) -> ReadReceipt:
    """Read a receipt.

    Raises:
        ConfigurationError: The file can't be read, or isn't a receipt of this version.
    """
    try:
        data = read_regular_file(file, 50_000_000)
    except OSError as error:
        raise ConfigurationError(
            f"The receipt {file} can't be read: {error.strerror}.", "Name another file."
        ) from error
    try:
        content = json.loads(data)
        if content["format"] != FORMAT or content["version"] != VERSION:
            raise ValueError
        plan, results = _parse(content)
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise ConfigurationError(
            f"{file} isn't a receipt that this version can read.", "Name the JSON file of a receipt."
        ) from error
    return ReadReceipt(plan, results, hashlib.sha256(data).hexdigest())


def find_receipt(store: FleetStore, directory: Path, number: str) -> Path:
    """Return the JSON file of a receipt. One that another admin's program wrote is first copied from the companion.

    Args:
        store: The memory of all offices together.
        directory: The directory of the receipts on this computer.
        number: The number of the receipt.

    Raises:
        ExportFailed: The copy can't be written.
        PracticeUnavailable: The companion can't be read.
    """
    file, _ = receipt_files(directory, number)
    # The number comes from the keyboard, and names a file.
    if not _NUMBER.fullmatch(number) or file_status(file) is not None:
        return file
    content = store.receipt_content(number)
    if content:
        try:
            replace_private_file(file, content)
        except OSError as error:
            raise ExportFailed(
                f"The receipt {file} can't be written: {error.strerror}.", "Check the directory's permissions."
            ) from error
    return file


def _parse(content: Mapping[str, Any]) -> tuple[FleetPlan, tuple[OfficeResult, ...]]:
    results = tuple(
        OfficeResult(
            str(each["office"]),
            OfficeOutcome(each["outcome"]),
            tuple(map(change_from_json, each["changes"])),
            tuple(each["problems"]),
            str(each["database"]),
            str(each["user"]),
        )
        for each in content["offices"]
    )
    status = next(each for each in KeyStatus if each.label == content["status"])
    return FleetPlan(
        str(content["receipt"]), str(content["developer"]), status, (), content["undoes_receipt"] or ""
    ), results


def _text(plan: FleetPlan, results: Iterable[OfficeResult], written_at: datetime, sha256: str) -> str:
    lines = [
        f"Receipt {plan.receipt}",
        f"{plan.verb} the API keys of {plan.developer} in several offices",
        *([f"Takes back receipt {plan.undoes}"] if plan.undoes else []),
        f"Written {written_at:%Y-%m-%d %H:%M:%S}",
        f"SHA-256 of {plan.receipt}.json: {sha256}",
        *(["", f"! {plan.unseen_sentence}"] if plan.unseen else []),
    ]
    for result in results:
        lines += ["", f"{result.office}: {result.outcome.value}"]
        lines += [f"  Database {result.database}, by {result.user}"] if result.database else []
        lines += [line for change in result.changes for line in _change_lines(change)]
        lines += [f"  ! {problem}" for problem in result.problems]
    return "\n".join(lines) + "\n"


def _change_lines(change: RecordedChange) -> list[str]:
    moment = f"{change.moment:%Y-%m-%d %H:%M:%S}" if change.moment is not None else "no time"
    return [
        f"  {change.what}: {change.before} -> {change.after}",
        f"    Key SHA-256 {change.fingerprint}",
        f"    Entry {change.entry}, {moment} (server time), hash {change.entry_hash or 'none'}",
    ]
