"""A private MariaDB that accepts encrypted connections."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.certificates import Issued
from tests.support.mariadb_server import private_server
from tests.support.server import Server


@contextmanager
def tls_server(directory: Path, certificate: Issued, trusted: Issued) -> Iterator[Server]:
    """Start a private server with this certificate; it accepts clients with a certificate of the trusted authority."""
    options = (
        f"--ssl-ca={trusted.certificate_file}",
        f"--ssl-cert={certificate.certificate_file}",
        f"--ssl-key={certificate.key_file}",
    )
    with private_server(directory, *options) as private:
        yield private.server
