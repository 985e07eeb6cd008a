"""`apisetup audit verify` and `apisetup audit export`: the Audit Trail without a screen."""

from __future__ import annotations

import argparse
import json
import logging
import os
import signal
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from core.audit.export_target import TargetExists, validate_target
from core.audit.filter import AuditFilter
from core.audit.filter_language import FilterError, parse_day, parse_filter
from core.base.errors import ApiSetupError, ConfigurationError
from core.model.audit_entry import counted
from tui.commands.office_session import office_session
from tui.screens.verification_report import progress_words, result_lines
from tui.widgets.plain import visible

if TYPE_CHECKING:
    from types import FrameType

    from core.audit.export import AuditExport, ExportResult
    from core.audit.service import AuditService
    from core.audit.verification import VerificationReport
    from core.model.audit_entry import AuditEntry
    from core.offices.open_request import OpenRequest
    from tui.session import Session

_logger = logging.getLogger(__name__)

DONE, DOUBTFUL, FAILED = 0, 1, 2
"""The exit statuses; the second one is only that of `verify`."""


def run(options: argparse.Namespace, opening: OpenRequest, environment: Mapping[str, str]) -> int:
    """Run one of the commands; gives the exit status."""
    work = _verify if options.audit_command == "verify" else _export
    try:
        with _ended_by_signals(), office_session(opening, options.user, environment) as session:
            return work(options, session)
    except TargetExists as error:
        _complain(error)
        print("apisetup: --replace replaces it.", file=sys.stderr)
        return FAILED
    except ApiSetupError as error:
        _complain(error)
        return FAILED
    except OSError as error:
        # What is left would be written once more at the end, and complained about.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        print(f"apisetup: the result could not be written: {error.strerror}.", file=sys.stderr)
        return FAILED
    except Exception as error:
        # A job must not take an error of ours for entries that were altered.
        _logger.exception("Unforeseen")
        print(f"apisetup: stopped by an error of its own ({type(error).__name__}).", file=sys.stderr)
        return FAILED
    except _Ended as ended:
        print(f"apisetup: ended by signal {ended.number}; nothing was kept.", file=sys.stderr)
        return 128 + ended.number


def _verify(options: argparse.Namespace, session: Session) -> int:
    wanted = _dates(options, session)
    verification = session.office.audit.verification(wanted)
    progress, known = _Progress(), verification.run_batch()
    while not known.done:
        progress.show(f"{known.fraction:4.0%}  {progress_words(known, progress.seconds)}")
        known = verification.run_batch()
    progress.end()
    if options.json:
        _tell(json.dumps(_verified(known, wanted, session), indent=2))
    else:
        _tell("\n".join([*result_lines(known), *map(_line, known.listed)]))
    return DONE if known.clean else DOUBTFUL


def _export(options: argparse.Namespace, session: Session) -> int:
    audit, dates = session.office.audit, _dates(options, session)
    wanted = _filter(options.filter, audit)
    if dates != AuditFilter():
        if wanted.since or wanted.until:
            raise ConfigurationError("The dates are given twice.", "Give them as options, or in the filter.")
        wanted = replace(wanted, since=dates.since, until=dates.until)
    file = validate_target(options.file, may_replace=options.replace)
    export = audit.export(session.actor, wanted, file, may_replace=options.replace)
    export.begin()
    try:
        done = _written(export)
    except BaseException:
        try:
            export.cancel()
        except ApiSetupError as error:
            # What ended the export is told by the one who asked for it.
            _complain(error)
        raise
    if options.json:
        told = {"file": str(done.file), "about": str(done.manifest), "entries": done.count, "sha256": done.sha256}
        _tell(json.dumps(told, indent=2))
    else:
        _tell(f"{counted(done.count)} written to {visible(str(done.file))}\nSHA-256 {done.sha256}")
    return DONE


def _written(export: AuditExport) -> ExportResult:
    progress, done = _Progress(), export.run_batch()
    while not done.done:
        reached = f", came to {done.reached:%Y-%m-%d}" if done.reached else ""
        progress.show(f"{counted(done.count)}{reached}")
        done = export.run_batch()
    progress.end()
    return done


def _filter(line: str, audit: AuditService) -> AuditFilter:
    try:
        return parse_filter(line, audit.users(), audit.today())
    except FilterError as error:
        # In one cell for each character, so that the mark stands below the word.
        shown = "".join(each if each.isprintable() else "?" for each in line)
        print(f"  {shown}\n  {' ' * error.start}{'^' * max(1, error.end - error.start)}", file=sys.stderr)
        raise


def _dates(options: argparse.Namespace, session: Session) -> AuditFilter:
    today = session.office.audit.today()
    since = parse_day(options.since, today) if options.since is not None else None
    until = parse_day(options.until, today) if options.until is not None else None
    if since and until and since > until:
        raise ConfigurationError(f"The range ends on {until}, before it begins.", "Exchange the two dates.")
    return AuditFilter(since=since, until=until)


def _verified(known: VerificationReport, wanted: AuditFilter, session: Session) -> dict[str, Any]:
    facts = session.office.info
    return {
        "practice": facts.title,
        "database": facts.database,
        "server": facts.host,
        "verified_by": session.actor.user_name,
        "since": str(wanted.since) if wanted.since else None,
        "until": str(wanted.until) if wanted.until else None,
        "checked": known.checked,
        "genuine": known.genuine,
        "altered": known.altered,
        "without_hash": known.without_hash,
        "deleted": known.orphaned,
        "deleted_numbers": known.orphaned_numbers,
        "entries": [
            {
                "number": entry.number,
                "time": entry.stored_moment,
                "user": entry.user,
                "permission": entry.permission,
                "text": entry.text,
                "hash": entry.genuineness.value,
            }
            for entry in known.listed
        ],
    }


def _line(entry: AuditEntry) -> str:
    words = f"{entry.number}  {entry.stored_moment}  {entry.genuineness.value}  {entry.user}  {entry.permission}"
    return visible(f"{words}  {entry.text}", 400)


def _tell(result: str) -> None:
    # At once, so that a full disk or a closed pipe is met here.
    print(result, flush=True)


def _complain(error: ApiSetupError) -> None:
    _logger.warning("%s", error, exc_info=error)
    print(f"apisetup: {visible(str(error))}", file=sys.stderr)


class _Progress:
    """One line on the terminal that is written over, or nothing where there is no terminal."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._shown = 0

    @property
    def seconds(self) -> float:
        """How long it takes already."""
        return time.monotonic() - self._began

    def show(self, words: str) -> None:
        """Say how far it is."""
        if sys.stderr.isatty():
            print(f"\r{words.ljust(self._shown)}", end="", file=sys.stderr, flush=True)
            self._shown = len(words)

    def end(self) -> None:
        """Leave the line empty for what comes."""
        if self._shown:
            print(f"\r{' ' * self._shown}\r", end="", file=sys.stderr, flush=True)


class _Ended(BaseException):
    """A signal asks the command to end."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


@contextmanager
def _ended_by_signals() -> Iterator[None]:
    """Let signals end the command as an error would, so that what is unfinished is cleared away."""

    def end(number: int, _frame: FrameType | None) -> None:
        raise _Ended(number)

    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, end) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
