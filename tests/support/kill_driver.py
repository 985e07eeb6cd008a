"""A process that is killed for the tests: it forks a child for each fault, and the child dies after a statement.

Run as a module. Each line that it reads is a request in JSON, each line that it writes the fate of one child.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import traceback
from contextlib import closing, suppress
from pathlib import Path
from typing import Any, Self

from sqlalchemy import Connection, Engine, event

from core.base.errors import ApiSetupError
from core.base.secret import Secret
from core.database.address import FileAddress, ServerAddress
from core.model.agreement import default_agreement
from core.model.api_key import AuthorityName
from core.office.office import Office, open_file_office, open_server_office
from tests.support.change_kinds import KINDS
from tests.support.databases import SamplePractice, SampleServer, runtime
from tests.support.fault_injection import after_statement
from tests.support.headquarters_office import AT_HEADQUARTERS, RENEW_COPY, ask

ROOT = Path(__file__).parents[2]
FIRST_START = "first start"


class KillDriver:
    """The other side of this module, for tests."""

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

    def killed(
        self, sample: SamplePractice, kind: str, statement: int, authority: AuthorityName = AuthorityName.LOCAL
    ) -> bool:
        """Whether the change was long enough for its process to be killed after that statement."""
        request: dict[str, Any] = {"kind": kind, "statement": statement, "companion": str(sample.companion)}
        request["authority"] = authority.value
        if isinstance(sample, SampleServer):
            server = sample.server
            request["server"] = [server.host, server.port, sample.database, server.user, server.password]
        return self._killed(request)

    def killed_in_first_start(self, path: Path, statement: int) -> bool:
        """Whether the first start on a file was long enough for that."""
        return self._killed({"kind": FIRST_START, "statement": statement, "companion": str(path)})

    def _killed(self, request: dict[str, Any]) -> bool:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{json.dumps(request)}\n")
        self._process.stdin.flush()
        fate = self._process.stdout.readline().strip()
        assert fate in ("killed", "finished"), fate
        return fate == "killed"


def _open(request: dict[str, Any]) -> Office:
    companion = Path(request["companion"])
    if "server" not in request:
        return open_file_office(FileAddress(companion), default_agreement(), runtime())
    host, port, database, user, password = request["server"]
    address = ServerAddress(host, port, database, user)
    agreement = default_agreement()
    authority = AuthorityName(request["authority"])
    return open_server_office(address, Secret(password), companion, authority, agreement, runtime())


def _start(request: dict[str, Any]) -> None:
    """Open an office, and die after one of its statements that write."""
    left = int(request["statement"])

    def executed(_connection: Connection, _cursor: Any, statement: str, *_arguments: Any) -> None:
        nonlocal left
        left -= 0 if statement.lstrip().startswith(("SELECT", "PRAGMA")) else 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    event.listen(Engine, "after_cursor_execute", executed)
    _open(request).close()


def _child(request: dict[str, Any]) -> None:
    if request["kind"] == FIRST_START:
        _start(request)
        return
    with closing(_open(request)) as office:
        strike = after_statement(office, request["statement"], lambda _: os.kill(os.getpid(), signal.SIGKILL))
        with strike, suppress(ApiSetupError):
            (KINDS | AT_HEADQUARTERS | {RENEW_COPY: ask})[request["kind"]](office)


def _serve(request: dict[str, Any]) -> str:
    process = os.fork()
    if process == 0:
        status = 1
        try:
            _child(request)
            status = 0
        except BaseException:  # noqa: BLE001 - told in full on the standard error, where pytest shows it
            traceback.print_exc()
        os._exit(status)
    _, status = os.waitpid(process, 0)
    if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL:
        return "killed"
    return "finished" if status == 0 else f"failed with status {status}"


def _main() -> None:
    for line in sys.stdin:
        print(_serve(json.loads(line)), flush=True)


if __name__ == "__main__":
    _main()
