"""A MariaDB of the tests' own, on a port of its own, that can be stopped and started again."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic

from tests.support.databases import Server, pymysql

SECONDS_TO_START = 60
PROGRAMS = ("mariadbd", "mariadb-install-db")


class OwnServer:
    """A server with its own data.

    Args:
        directory: Where everything of it is.
        options: What it is started with, besides what keeps it apart from others.
    """

    def __init__(self, directory: Path, *options: str) -> None:
        self._directory = directory
        self._options = options
        self._process: subprocess.Popen[bytes] | None = None
        temporary = directory / "tmp"
        temporary.mkdir()
        # A server that starts removes what others left in its directory for temporary tables, and what they need there.
        self._environment = os.environ | {"TMPDIR": str(temporary)}
        # Root has to name the account that the server runs as; any other account can only name its own.
        self._account = pwd.getpwuid(os.geteuid()).pw_name
        install = ("--auth-root-authentication-method=normal", "--skip-test-db", f"--user={self._account}")
        self._run("mariadb-install-db", *install)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.server = Server("127.0.0.1", free.getsockname()[1], "root", "")

    def start(self) -> None:
        """Start it, and wait until it answers."""
        command = [
            shutil.which("mariadbd") or "mariadbd",
            "--no-defaults",
            f"--user={self._account}",
            f"--datadir={self._directory / 'data'}",
            f"--tmpdir={self._directory / 'tmp'}",
            f"--port={self.server.port}",
            "--bind-address=127.0.0.1",
            f"--socket={self._directory / 'socket'}",
            f"--pid-file={self._directory / 'pid'}",
            *self._options,
        ]
        with (self._directory / "server.log").open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log, env=self._environment)
        end = monotonic() + SECONDS_TO_START
        while monotonic() < end and self._process.poll() is None:
            try:
                with self.server.connection():
                    return
            except pymysql.err.OperationalError:
                continue
        raise AssertionError(f"MariaDB did not start:\n{(self._directory / 'server.log').read_text()}")

    def stop(self) -> None:
        """Stop it, if it runs."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait()
            self._process = None

    def wait_until_nobody_is_connected(self) -> None:
        """Wait until the server has given up all connections but the one that asks."""
        end = monotonic() + SECONDS_TO_START
        with self.server.connection() as connection, connection.cursor() as cursor:
            while monotonic() < end:
                cursor.execute("SELECT count(*) FROM information_schema.PROCESSLIST WHERE DB = 'opendental'")
                if cursor.fetchone() == ("0",):
                    return
        raise AssertionError("somebody is still connected")

    def _run(self, *words: str) -> None:
        program, *options = words
        command = [program, "--no-defaults", f"--datadir={self._directory / 'data'}", *options]
        subprocess.run(command, check=True, capture_output=True, env=self._environment)


@contextmanager
def own_server(directory: Path, *options: str) -> Iterator[OwnServer]:
    """A running server, stopped at the end."""
    made = OwnServer(directory, *options)
    made.start()
    try:
        yield made
    finally:
        made.stop()
