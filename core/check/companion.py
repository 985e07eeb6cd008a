"""The check of the companion file: whether it is private, and has the current schema."""

from __future__ import annotations

import shlex
import stat
from pathlib import Path

from core.base.errors import ApiSetupError
from core.check.result import CheckResult, CheckStatus
from core.companion.migrations import needs_migration
from core.database.driver_errors import translate_errors
from core.database.engines import read_only_file_engine


def check_companion(path: Path) -> CheckResult:
    """Check a companion file. A missing one is only noted, since opening the practice creates it."""
    if not path.exists():
        return CheckResult("companion", CheckStatus.NOTE, f"{path} is made when the practice is opened.")
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & 0o077:
        return CheckResult(
            "companion",
            CheckStatus.WARNING,
            f"{path} has mode {mode:04o}, so others can read it.",
            f"Run: chmod 600 {shlex.quote(str(path))}",
        )
    try:
        outdated = _has_pending_migrations(path)
    except ApiSetupError as error:
        return CheckResult("companion", CheckStatus.WARNING, error.sentence, error.hint)
    if outdated:
        return CheckResult("companion", CheckStatus.NOTE, f"{path} is brought up to date when the practice is opened.")
    return CheckResult("companion", CheckStatus.OK, f"{path} is there and up to date.")


def _has_pending_migrations(path: Path) -> bool:
    engine = read_only_file_engine(path)
    try:
        with translate_errors(), engine.connect() as writable:
            return needs_migration(writable.execution_options(read_only=True))
    finally:
        engine.dispose()
