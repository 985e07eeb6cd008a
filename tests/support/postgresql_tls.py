"""A private PostgreSQL server that accepts encrypted connections."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.support.certificates import Issued
from tests.support.shared_companions import PostgresqlServer

_ACCOUNT = "postgres"
"""The account that a server runs as if the tests run as root, which the server refuses."""
_INSTALLED = Path("/usr/lib/postgresql")
_RULES = """\
hostssl all certified 127.0.0.1/32 trust clientcert=verify-full
hostssl all encrypted 127.0.0.1/32 trust
host all postgres 127.0.0.1/32 trust
host all certified,encrypted 127.0.0.1/32 reject
"""


def missing_programs() -> str:
    """Return why no private server can be started here; blank if one can."""
    if _program("initdb") is None or _program("pg_ctl") is None:
        return "no PostgreSQL server is installed here to start one with TLS"
    if os.geteuid() == 0 and _ACCOUNT not in {each.pw_name for each in pwd.getpwall()}:
        return f"PostgreSQL refuses to run as root, and there is no account {_ACCOUNT}"
    return ""


@contextmanager
def postgresql_with_tls(certificate: Issued, trusted: Issued) -> Iterator[PostgresqlServer]:
    """Start a private server with this certificate.

    The user `encrypted` may only connect with TLS, and `certified` only with a certificate of the trusted authority in
    that name. Each has a database of its own name.
    """
    # Not in pytest's directory, which only the account of the tests may enter.
    with TemporaryDirectory(prefix="apisetup-postgresql-") as name:
        directory = Path(name)
        data, port = directory / "data", _free_port()
        for file, copied in (
            (certificate.certificate_file, "server.pem"),
            (certificate.key_file, "server.key"),
            (trusted.certificate_file, "trusted.pem"),
        ):
            (directory / copied).write_bytes(file.read_bytes())
            (directory / copied).chmod(0o600)
        if os.geteuid() == 0:
            for each in (directory, *directory.iterdir()):
                shutil.chown(each, _ACCOUNT)
        _run("initdb", f"--pgdata={data}", "--username=postgres", "--auth=trust", "--no-sync", "--encoding=UTF8")
        settings = {
            "ssl": "on",
            "ssl_cert_file": f"'{directory}/server.pem'",
            "ssl_key_file": f"'{directory}/server.key'",
            "ssl_ca_file": f"'{directory}/trusted.pem'",
            "listen_addresses": "'127.0.0.1'",
            "port": str(port),
            "unix_socket_directories": "''",
            "fsync": "off",
        }
        with (data / "postgresql.conf").open("a") as configuration:
            configuration.writelines(f"{setting} = {value}\n" for setting, value in settings.items())
        (data / "pg_hba.conf").write_text(_RULES)
        _run("pg_ctl", "start", "--wait", f"--pgdata={data}", f"--log={directory}/server.log")
        try:
            server = PostgresqlServer("127.0.0.1", port, "postgres", "")
            for user in "encrypted", "certified":
                server.execute(f"CREATE USER {user}")
                server.execute(f"CREATE DATABASE {user} OWNER {user}")
            yield server
        finally:
            _run("pg_ctl", "stop", "--wait", "--mode=immediate", f"--pgdata={data}")


def _run(program: str, *arguments: str) -> None:
    command = [_program(program) or program, *arguments]
    account = _ACCOUNT if os.geteuid() == 0 else None
    subprocess.run(command, check=True, user=account, group=account, cwd="/", stdout=subprocess.DEVNULL)


def _program(name: str) -> str | None:
    """Return the path of a program; Debian puts those of a server into a directory for each version."""
    versions = sorted(_INSTALLED.glob("*/bin"), key=lambda each: each.parent.name, reverse=True)
    return next((found for each in versions if (found := shutil.which(name, path=str(each)))), shutil.which(name))


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])
