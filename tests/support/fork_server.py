"""A process that has imported the program once, and forks a child for each start of it.

Importing takes most of the time of a start. A child is a process of its own in every other respect: it has its own
session, terminal, environment, working directory and exit status.

Run as a module, it reads requests from the socket that is its standard input.
"""

from __future__ import annotations

import fcntl
import gc
import importlib
import json
import os
import pkgutil
import runpy
import selectors
import socket
import subprocess
import sys
import termios
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, Self

if TYPE_CHECKING:
    from tests.support.pseudo_terminal import Spawn

ROOT = Path(__file__).parents[2]
PROGRAM = "tui.__main__"
# What the program imports only when it needs it, besides its own modules.
_LATE_IMPORTS = (
    "sqlalchemy.dialects.mysql.pymysql",
    "sqlalchemy.dialects.sqlite.pysqlite",
    "httpx",
    "tomlkit",
    "defusedxml.ElementTree",
    "textual.drivers.linux_driver",
    "textual.widgets._input",
)
_LONGEST_REQUEST = 100_000


class ForkedProcess:
    """A program that the server has started; it has the methods of `subprocess.Popen` that tests use.

    Attributes:
        pid: The process ID.
        returncode: The exit status, negative if a signal killed it; None while the process runs.
    """

    def __init__(self, pid: int, status: int) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._status = status

    def poll(self) -> int | None:
        """Return the exit status, or None while the process runs."""
        if self.returncode is None and _is_readable(self._status, 0):
            self.returncode = int(os.read(self._status, 20))
            os.close(self._status)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Wait until the process exits, and return its status.

        Raises:
            subprocess.TimeoutExpired: It still runs after `timeout` seconds.
        """
        if self.returncode is None and not _is_readable(self._status, timeout):
            raise subprocess.TimeoutExpired(str(self.pid), timeout or 0)
        status = self.poll()
        assert status is not None
        return status

    def send_signal(self, number: int) -> None:
        """Send a signal, unless the process has exited."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """Kill the process, unless it has exited."""
        self.send_signal(9)


class ForkServer:
    """The test's side of this module."""

    def __init__(self) -> None:
        self._socket, its_end = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}
        with its_end:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.support.fork_server"], cwd=ROOT, stdin=its_end.fileno(), env=kept
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._socket.close()
        self._process.wait(timeout=20)

    def start(
        self,
        arguments: Sequence[str],
        env: Mapping[str, str],
        files: tuple[int, int, int],
        *,
        module: str = PROGRAM,
        controls_terminal: bool = False,
    ) -> ForkedProcess:
        """Start a program in a session of its own.

        Args:
            arguments: Its arguments.
            env: All of its environment variables.
            files: The file descriptors of its standard input, output and error.
            module: The module to run.
            controls_terminal: The standard input is its controlling terminal.
        """
        request = {"arguments": list(arguments), "env": dict(env), "module": module, "terminal": controls_terminal}
        status, its_end = os.pipe()
        try:
            socket.send_fds(self._socket, [json.dumps(request).encode()], [*files, its_end])
        finally:
            os.close(its_end)
        return ForkedProcess(int(self._socket.recv(20)), status)

    def spawn(self, module: str, arguments: Sequence[str]) -> Spawn:
        """Return a function with which `Terminal` starts a program here, instead of the command that it names."""

        def spawn(_command: Sequence[str], env: Mapping[str, str], terminal: int, controls: bool) -> ForkedProcess:
            files = terminal, terminal, terminal
            return self.start(arguments, env, files, module=module, controls_terminal=controls)

        return spawn


class _Server:
    """Forks a child for each request, and reports its exit status."""

    def __init__(self) -> None:
        # Nothing of the server may end up in a child, so the socket does not stay the standard input.
        self._socket = socket.socket(fileno=os.dup(0))
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._socket, selectors.EVENT_READ)
        self._status_of: dict[int, tuple[int, int]] = {}
        """By the descriptor of a child: its process ID, and the descriptor to which its exit status is written."""

    def serve(self) -> None:
        """Serve until the test closes the socket; a child leaves this by raising SystemExit."""
        while True:
            for key, _events in self._selector.select():
                if key.fd in self._status_of:
                    self._report(key.fd)
                    continue
                content, files, _flags, _address = socket.recv_fds(self._socket, _LONGEST_REQUEST, 4)
                if not content:
                    return
                self._start(json.loads(content), files)

    def _start(self, request: dict[str, object], files: list[int]) -> None:
        *standard, status = files
        pid = os.fork()
        if pid == 0:
            _run(request, standard)
        for file in standard:
            os.close(file)
        child = os.pidfd_open(pid)
        self._status_of[child] = pid, status
        self._selector.register(child, selectors.EVENT_READ)
        self._socket.send(str(pid).encode())

    def _report(self, child: int) -> None:
        pid, status = self._status_of.pop(child)
        self._selector.unregister(child)
        os.close(child)
        _, wait_status = os.waitpid(pid, 0)
        os.write(status, str(os.waitstatus_to_exitcode(wait_status)).encode())
        os.close(status)


def _run(request: dict[str, object], files: list[int]) -> NoReturn:
    """Become the program: what follows is as if this process had been started for it."""
    os.setsid()
    for number, file in enumerate(files):
        os.dup2(file, number)
    os.closerange(3, os.sysconf("SC_OPEN_MAX"))
    if request["terminal"]:
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    os.environ.clear()
    env, arguments = request["env"], request["arguments"]
    assert isinstance(env, dict)
    assert isinstance(arguments, list)
    os.environ.update(env)
    time.tzset()
    _reopen_standard_streams()
    sys.argv = ["apisetup", *arguments]
    if request["module"] == PROGRAM:
        sys.exit(importlib.import_module(PROGRAM).main())
    runpy.run_module(str(request["module"]), run_name="__main__", alter_sys=True)
    sys.exit()


def _reopen_standard_streams() -> None:
    """Make `sys.stdin`, `sys.stdout` and `sys.stderr` as Python makes them when it starts in the C.UTF-8 locale."""
    for file, name, mode in ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w")):
        stream = os.fdopen(
            file,
            mode,
            buffering=1 if name == "stderr" or os.isatty(file) else -1,
            encoding="utf-8",
            errors="backslashreplace" if name == "stderr" else "surrogateescape",
        )
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)


def _is_readable(file: int, timeout: float | None) -> bool:
    with selectors.DefaultSelector() as selector:
        selector.register(file, selectors.EVENT_READ)
        return bool(selector.select(timeout))


def import_program() -> None:
    for package in ("core", "tui"):
        path = importlib.import_module(package).__path__
        for module in pkgutil.walk_packages(path, f"{package}."):
            importlib.import_module(module.name)
    for name in _LATE_IMPORTS:
        importlib.import_module(name)
    gc.collect()
    # The children share these objects, as long as no collection touches them.
    gc.freeze()


if __name__ == "__main__":
    import_program()
    _Server().serve()
