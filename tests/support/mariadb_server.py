"""A private MariaDB on a port of its own, which tests may stop and start again."""

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

from tests.support.server import Server, pymysql

DEADLINE = 60.0
"""Seconds until a server that has not started, or still has connections, fails the test."""
PROGRAMS = ("mariadbd", "mariadb-install-db")


class PrivateServer:
    """A server with a data directory of its own.

    Args:
        directory: The directory for everything that it writes.
        options: Options for `mariadbd`, in addition to those that isolate it.
    """

    def __init__(self, directory: Path, *options: str) -> None:
        self._directory = directory
        self._options = options
        self._process: subprocess.Popen[bytes] | None = None
        temporary = directory / "tmp"
        temporary.mkdir()
        # When a server starts, it deletes the temporary tables of other servers that use the same directory.
        self._environment = os.environ | {"TMPDIR": str(temporary)}
        # Root has to name the account that the server runs as; any other account can only name its own.
        self._account = pwd.getpwuid(os.geteuid()).pw_name
        install = ("--auth-root-authentication-method=normal", "--skip-test-db", f"--user={self._account}")
        self._run("mariadb-install-db", *install)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.server = Server("127.0.0.1", free.getsockname()[1], "root", "")

    def start(self) -> None:
        """Start the server, and wait until it accepts connections."""
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
        end = monotonic() + DEADLINE
        while monotonic() < end and self._process.poll() is None:
            try:
                with self.server.connection():
                    return
            except pymysql.err.OperationalError:
                continue
        raise AssertionError(f"MariaDB did not start:\n{(self._directory / 'server.log').read_text()}")

    def stop(self) -> None:
        """Stop the server if it runs."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait()
            self._process = None

    def wait_until_no_connections(self) -> None:
        """Wait until the server has closed all connections to the practice."""
        end = monotonic() + DEADLINE
        with self.server.connection() as connection, connection.cursor() as cursor:
            while monotonic() < end:
                cursor.execute("SELECT count(*) FROM information_schema.PROCESSLIST WHERE DB = 'opendental'")
                if cursor.fetchone() == ("0",):
                    return
        raise AssertionError("the practice still has connections")

    def _run(self, *words: str) -> None:
        program, *options = words
        command = [program, "--no-defaults", f"--datadir={self._directory / 'data'}", *options]
        subprocess.run(command, check=True, capture_output=True, env=self._environment)


@contextmanager
def private_server(directory: Path, *options: str) -> Iterator[PrivateServer]:
    """Start a private server, and stop it at the end."""
    private = PrivateServer(directory, *options)
    private.start()
    try:
        yield private
    finally:
        private.stop()
