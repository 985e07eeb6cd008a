"""The check of the companion file: whether it is private and whole, and has the current schema."""

from __future__ import annotations

from pathlib import Path

from core.base.errors import ApiSetupError
from core.check.result import CheckResult, CheckStatus
from core.companion.store import Companion
from core.database.database_file import database_exists
from core.database.engines import read_only_file_engine


def check_companion(path: Path, *, shared: bool) -> CheckResult:
    """Check a companion file. A missing one is only noted, since opening the practice creates it.

    Args:
        path: The file.
        shared: True if it's also the practice's file.
    """
    try:
        if not database_exists(path):
            return CheckResult("companion", CheckStatus.NOTE, f"{path} will be created when the practice is opened.")
        outdated = _needs_migration(path, shared=shared)
    except ApiSetupError as error:
        return CheckResult("companion", CheckStatus.WARNING, error.sentence, error.hint)
    if outdated:
        return CheckResult("companion", CheckStatus.NOTE, f"{path} will be upgraded when the practice is opened.")
    return CheckResult("companion", CheckStatus.OK, f"{path} exists and is up to date.")


def _needs_migration(path: Path, *, shared: bool) -> bool:
    companion = Companion(read_only_file_engine(path), shared=shared)
    try:
        return companion.inspect()
    finally:
        companion.close()
