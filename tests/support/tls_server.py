"""A MariaDB of the tests' own whose lines are encrypted."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.certificates import Signed
from tests.support.databases import Server
from tests.support.mariadb_server import own_server


@contextmanager
def tls_server(directory: Path, own: Signed, trusted: Signed) -> Iterator[Server]:
    """A server on a port of its own, with this certificate; it trusts clients whom the other one signed."""
    files = (
        f"--ssl-ca={trusted.certificate_file}",
        f"--ssl-cert={own.certificate_file}",
        f"--ssl-key={own.key_file}",
    )
    with own_server(directory, *files) as started:
        yield started.server
