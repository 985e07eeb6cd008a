"""A process that forks a child for each fault; the child kills itself after a statement of a change.

Run as a module, it reads one request in JSON per line and answers each with a line that says how its child ended.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import traceback
from collections import ChainMap
from collections.abc import Callable, Mapping
from contextlib import closing, suppress
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Self

from sqlalchemy import Connection

from core.base.errors import ApiSetupError
from core.base.secret import Secret
from core.companion.opening import CompanionSource
from core.database.address import FileAddress, ServerAddress
from core.database.companion_address import companion_url, parse_companion_url
from core.model.agreement import default_agreement
from core.model.authority_name import AuthorityName
from core.office.office import Office
from core.office.opening import open_file_office, open_server_office
from core.reports.evidence_writing import RecordingOffice, write_evidence
from tests.support.actors import ADMIN
from tests.support.audit_exports import begin_export, finish
from tests.support.change_kinds import KINDS
from tests.support.databases import SampleFile, SamplePractice, SampleServer, make_file_template, runtime
from tests.support.fault_injection import after_statement
from tests.support.fork_server import import_program
from tests.support.headquarters_office import AT_HEADQUARTERS, RENEW_COPY, fetch_list
from tests.support.memory_files import temporary_root
from tests.support.review_evidence import evidence_of, read_evidence
from tests.support.reviews import IN_REVIEW
from tests.support.shared_companions import SharedCompanion
from tests.support.table_lists import listed_tables

ROOT = Path(__file__).parents[2]
FIRST_START = "first start"
EXPORT = "export"
EVIDENCE = "evidence"
_OPERATIONS = ("open", "os.link", "os.mkdir", "os.rename", "os.remove")
"""The audit events of operations that change a directory."""


class KillDriver:
    """The parent's side of this module, for tests."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.kill_driver"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait(timeout=20)

    def kill_change(
        self,
        sample: SamplePractice,
        kind: str,
        statement: int,
        authority: AuthorityName = AuthorityName.LOCAL,
        shared: SharedCompanion | None = None,
    ) -> bool:
        """Make a change in a process that is killed after a statement.

        Args:
            sample: The practice.
            kind: The name of the change, in `KINDS`, `AT_HEADQUARTERS` or `IN_REVIEW`.
            statement: The number of the statement, from 1, as `after_statement` counts.
            authority: Who decides about the practice's keys.
            shared: The companion on a server; None for the sample's own.

        Returns:
            False if the change has fewer statements and was made to its end.
        """
        request: dict[str, Any] = {"kind": kind, "statement": statement, "companion": str(sample.companion)}
        request["authority"] = authority.value
        if shared is not None:
            request["shared"] = [companion_url(shared.address), str(shared.source().stem)]
        if isinstance(sample, SampleServer):
            server = sample.server
            request["server"] = [server.host, server.port, sample.database, server.user, server.password]
        return self._kill(request)

    def kill_first_start(self, path: Path, statement: int) -> bool:
        """Start on a new file in a process that is killed after a statement; False if it has fewer statements."""
        return self._kill({"kind": FIRST_START, "statement": statement, "companion": str(path)})

    def kill_export(self, sample: SamplePractice, file: Path, operation: int, *, may_replace: bool) -> bool:
        """Export in a process that is killed before an operation on the export's directory.

        Args:
            sample: The practice.
            file: The export.
            operation: The number of the operation, from 1: creating, linking, renaming or removing a file.
            may_replace: True if an existing export may be replaced.

        Returns:
            False if the export has fewer operations and was finished.
        """
        request: dict[str, Any] = {"kind": EXPORT, "statement": operation, "companion": str(sample.companion)}
        return self._kill(request | {"file": str(file), "may_replace": may_replace})

    def kill_evidence(self, sample: SamplePractice, folder: Path, operation: int) -> bool:
        """Write the evidence of the last review in a process that is killed before an operation on its directory.

        Args:
            sample: The practice.
            folder: The folder to write.
            operation: The number of the operation, from 1.

        Returns:
            False if there are fewer operations and the folder was written.
        """
        request: dict[str, Any] = {"kind": EVIDENCE, "statement": operation, "companion": str(sample.companion)}
        return self._kill(request | {"file": str(folder)})

    def _kill(self, request: dict[str, Any]) -> bool:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{json.dumps(request)}\n")
        self._process.stdin.flush()
        ending = self._process.stdout.readline().strip()
        assert ending in ("killed", "finished"), ending
        return ending == "killed"


_KINDS_OF_CHANGES: tuple[Mapping[str, Callable[[Office], object]], ...] = (
    KINDS,
    AT_HEADQUARTERS,
    IN_REVIEW,
    {RENEW_COPY: fetch_list},
)
_CHANGES = dict(ChainMap(*map(dict, _KINDS_OF_CHANGES)))
assert len(_CHANGES) == sum(map(len, _KINDS_OF_CHANGES)), "two kinds of change have the same name"


def _open(request: dict[str, Any]) -> Office:
    companion = Path(request["companion"])
    if "server" not in request:
        return open_file_office(FileAddress(companion), default_agreement(), runtime())
    host, port, database, user, password = request["server"]
    address = ServerAddress(host, port, database, user)
    agreement = default_agreement()
    authority = AuthorityName(request["authority"])
    source = CompanionSource.file(companion)
    if "shared" in request:
        url, stem = request["shared"]
        source = CompanionSource(parse_companion_url(url), Path(stem))
    return open_server_office(address, Secret(password), source, authority, agreement, runtime())


def _run_child(request: dict[str, Any]) -> None:
    number = int(request["statement"])
    if request["kind"] == FIRST_START:
        with after_statement(number, _kill_this_process):
            _open(request).close()
        return
    if request["kind"] == EXPORT:
        with closing(_open(request)) as office:
            export = begin_export(office, Path(request["file"]), may_replace=request["may_replace"])
            _kill_before_operation(number, request["file"])
            finish(export)
        return
    if request["kind"] == EVIDENCE:
        with closing(_open(request)) as office:
            evidence = evidence_of(read_evidence(office))
            _kill_before_operation(number, request["file"])
            write_evidence(evidence, Path(request["file"]), [RecordingOffice("North", office, ADMIN)])
        return
    change = _CHANGES[request["kind"]]
    with closing(_open(request)) as office, after_statement(number, _kill_this_process), suppress(ApiSetupError):
        change(office)


def _kill_before_operation(number: int, file: str) -> None:
    """Kill this process before an operation on the directory of a file."""
    operations, directory = count(1), str(Path(file).parent)

    def hook(event: str, arguments: tuple[object, ...]) -> None:
        if event in _OPERATIONS and str(arguments[0]).startswith(directory) and next(operations) == number:
            os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(hook)


def _kill_this_process(_connection: Connection) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _serve(request: dict[str, Any]) -> str:
    process = os.fork()
    if process == 0:
        status = 1
        try:
            _run_child(request)
            status = 0
        except BaseException:  # noqa: BLE001 - shown in full on the standard error, where pytest captures it
            traceback.print_exc()
        # The child must not run the parent's exit handlers.
        os._exit(status)
    _, status = os.waitpid(process, 0)
    if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL:
        return "killed"
    return "finished" if status == 0 else f"failed with status {status}"


class _Rehearsals:
    """Makes changes in this process, so that its children have what takes most of their time: compiled statements.

    Args:
        directory: An empty directory for a practice of its own.
    """

    def __init__(self, directory: Path) -> None:
        template = directory / "template.sqlite3"
        make_file_template(template)
        self._sample = SampleFile(template, directory / "practice.sqlite3")
        self._made: set[str] = set()

    def make(self, kind: str) -> None:
        """Make a change of this kind, unless it was made or needs more than a practice in a file."""
        if kind in self._made or kind not in KINDS:
            return
        self._made.add(kind)
        self._sample.restore()
        with self._sample.office() as office, suppress(ApiSetupError):
            KINDS[kind](office)


def _main() -> None:
    import_program()
    with TemporaryDirectory(dir=temporary_root()) as directory, listed_tables():
        rehearsals = _Rehearsals(Path(directory))
        for line in sys.stdin:
            request = json.loads(line)
            rehearsals.make(request["kind"])
            print(_serve(request), flush=True)


if __name__ == "__main__":
    _main()
