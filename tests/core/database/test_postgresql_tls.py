"""A companion on a PostgreSQL server over TLS: the same rules as for MySQL, with real certificates."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import pytest

from core.base.errors import CompanionUnavailable
from core.base.secret import Secret
from core.companion.opening import CompanionSource, open_companion
from core.database.postgresql_address import PostgresqlAddress
from core.database.tls import Tls
from core.offices.companion_maintenance import COPY_TO
from tests.support.certificates import Issued, create_authority, create_certificate
from tests.support.databases import NOW
from tests.support.postgresql_tls import missing_programs, postgresql_with_tls
from tests.support.shared_companions import PostgresqlServer, require_postgresql

pytestmark = pytest.mark.xdist_group("postgresql_tls")
ENCRYPTED = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()"


@dataclass(frozen=True)
class Setup:
    """A server whose certificate is for `localhost` alone, and certificate authorities."""

    server: PostgresqlServer
    ours: Issued
    """The authority that signed the server's certificate."""
    other: Issued
    client: Issued
    """A certificate for the user `certified`."""

    def address(self, tls: Tls | None, user: str = "encrypted", host: str = "localhost") -> PostgresqlAddress:
        """Return the address of a user's own companion."""
        return PostgresqlAddress(host, self.server.port, user, user, tls=tls)


@pytest.fixture(scope="module")
def setup(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Setup]:
    """A private server; without its programs, these tests are skipped."""
    reason = "the package psycopg is not installed" if find_spec("psycopg") is None else missing_programs()
    if reason:
        pytest.fail(reason) if os.environ.get("CI") == "true" else pytest.skip(reason)
    directory = tmp_path_factory.mktemp("tls")
    ours, other = create_authority(directory, "ours"), create_authority(directory, "other")
    own = create_certificate(directory, "server", ours, ["localhost"])
    client = create_certificate(directory, "certified", ours, [])
    client.key_file.chmod(0o600)
    with postgresql_with_tls(own, ours) as server:
        yield Setup(server, ours, other, client)


def source_of(address: PostgresqlAddress, directory: Path) -> CompanionSource:
    return CompanionSource(address, directory / "shared", Secret(""))


def is_encrypted(address: PostgresqlAddress, directory: Path) -> bool:
    """Open the companion, and return whether the server says that the connection is encrypted."""
    with (
        closing(open_companion(source_of(address, directory), lambda: NOW)) as companion,
        companion.read() as connection,
    ):
        return bool(connection.exec_driver_sql(ENCRYPTED).scalar())


def refusal(address: PostgresqlAddress, directory: Path) -> CompanionUnavailable:
    """Return the error with which opening the companion fails."""
    with pytest.raises(CompanionUnavailable) as caught:
        open_companion(source_of(address, directory), lambda: NOW)
    return caught.value


def test_a_verified_connection_is_encrypted(setup: Setup, tmp_path: Path) -> None:
    assert is_encrypted(setup.address(Tls(setup.ours.certificate_file)), tmp_path)


def test_a_local_connection_is_encrypted_if_the_server_offers_it(setup: Setup, tmp_path: Path) -> None:
    assert is_encrypted(setup.address(None), tmp_path)
    plain = PostgresqlAddress("localhost", setup.server.port, "encrypted", "postgres", tls_off=True)
    assert not is_encrypted(plain, tmp_path)


def test_a_certificate_that_cannot_be_verified_is_refused(setup: Setup, tmp_path: Path) -> None:
    by_another = refusal(setup.address(Tls(setup.other.certificate_file)), tmp_path)
    for_another = refusal(setup.address(Tls(setup.ours.certificate_file), host="127.0.0.1"), tmp_path)
    by_system = refusal(setup.address(Tls()), tmp_path)
    for error in by_another, for_another, by_system:
        assert "The server's certificate can't be verified." in error.sentence
        assert error.hint == "Check companion_tls, companion_tls_ca, and the certificate of the companion's server."
    assert 'certificate for "localhost"' in for_another.sentence


def test_a_server_without_tls_is_refused(setup: Setup, tmp_path: Path) -> None:
    server = require_postgresql()
    with server.connect() as connection:
        if connection.execute("SHOW ssl").fetchone() == ("on",):
            pytest.skip("the PostgreSQL for tests offers TLS")
    address = PostgresqlAddress("localhost", server.port, "postgres", server.user, tls=Tls(setup.ours.certificate_file))
    error = refusal(address, tmp_path)
    assert "doesn't support encrypted connections, so nothing was sent to it" in error.sentence


def test_a_server_may_require_encryption_or_a_client_certificate(setup: Setup, tmp_path: Path) -> None:
    plain = PostgresqlAddress("localhost", setup.server.port, "encrypted", "encrypted", tls_off=True)
    assert "pg_hba.conf rejects connection" in refusal(plain, tmp_path).sentence
    authority, client = setup.ours.certificate_file, setup.client
    without = refusal(setup.address(Tls(authority), "certified"), tmp_path)
    assert "requires a valid client certificate" in without.sentence
    certified = Tls(authority, client.certificate_file, client.key_file)
    assert is_encrypted(setup.address(certified, "certified"), tmp_path)


def test_the_hints_of_a_copy_name_its_options(setup: Setup, tmp_path: Path) -> None:
    source = CompanionSource(
        setup.address(Tls(setup.other.certificate_file)), tmp_path / "shared", Secret(""), settings=COPY_TO
    )
    with pytest.raises(CompanionUnavailable) as caught:
        source.companion().inspect()
    assert caught.value.hint == "Check --to-tls, --to-tls-ca, and the certificate of the companion's server."
