"""The line to a server: encrypted, and its other end verified, or refused with the sentence that says what is wrong."""

from __future__ import annotations

import os
import shutil
import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Thread

import pytest

from core.base.errors import ConfigurationError, InsecureConnection, LoginRefused
from core.base.secret import Secret
from core.check.office import check_office
from core.check.result import CheckResult, CheckStatus
from core.database.address import ServerAddress, parse_address
from core.database.tls import Tls
from core.model.agreement import default_agreement
from core.model.api_key import AuthorityName
from core.office.office import Office, open_server_office
from core.offices.config import Configuration
from core.offices.open_request import OpenRequest
from tests.support.certificates import Issued, create_authority, create_certificate
from tests.support.databases import make_server_practice, runtime
from tests.support.mariadb_server import PROGRAMS
from tests.support.opendental_columns import NEW
from tests.support.server import Server
from tests.support.tls_server import tls_server

DATABASE = "opendental"

# One process, so that the server is started once.
pytestmark = [pytest.mark.own_server, pytest.mark.xdist_group("tls")]


class World:
    """A server with TLS, and those who sign certificates.

    Attributes:
        ours: The authority that signed the server's certificate.
        other: An authority that signed nothing here.
        client: A certificate that the server trusts.
    """

    def __init__(self, server: Server, ours: Issued, other: Issued, client: Issued) -> None:
        self.server = server
        self.ours = ours
        self.other = other
        self.client = client

    def address(self, tls: Tls | None, user: str = "root") -> ServerAddress:
        """The address of its practice."""
        return ServerAddress(self.server.host, self.server.port, DATABASE, user, tls=tls)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A server whose certificate is for 127.0.0.1."""
    if not all(map(shutil.which, PROGRAMS)):
        reason = "no MariaDB server is installed here to start one with TLS"
        pytest.fail(reason) if os.environ.get("CI") == "true" else pytest.skip(reason)
    directory = tmp_path_factory.mktemp("tls")
    ours, other = create_authority(directory, "ours"), create_authority(directory, "other")
    own = create_certificate(directory, "server", ours, ["127.0.0.1"])
    with tls_server(directory, own, ours) as server:
        make_server_practice(server, DATABASE, NEW, "InnoDB")
        server.execute("CREATE USER certified@'%' REQUIRE X509", "GRANT SELECT ON opendental.* TO certified@'%'")
        yield World(server, ours, other, create_certificate(directory, "client", ours, []))


def opened(tmp_path: Path, address: ServerAddress) -> Office:
    """The office at an address."""
    return open_server_office(
        address, Secret(""), tmp_path / "companion", AuthorityName.HEADQUARTERS, default_agreement(), runtime()
    )


def test_a_line_that_is_verified_is_said_to_be(world: World, tmp_path: Path) -> None:
    with closing(opened(tmp_path, world.address(Tls(world.ours.certificate_file)))) as office:
        assert office.info.line.startswith("encrypted and verified (TLSv1.")


def test_a_line_without_tls_is_said_to_be(world: World, tmp_path: Path) -> None:
    with closing(opened(tmp_path, world.address(None))) as office:
        assert office.info.line == "not encrypted"


def test_a_certificate_that_nobody_trusted_signed_is_refused(world: World, tmp_path: Path) -> None:
    for authority_file in (world.other.certificate_file, None):
        with pytest.raises(InsecureConnection, match="not signed by anybody who is trusted here") as refused:
            opened(tmp_path, world.address(Tls(authority_file)))
        assert "--tls-ca" in refused.value.hint


def test_a_certificate_for_another_host_is_refused(world: World, tmp_path: Path) -> None:
    elsewhere = replace(world.address(Tls(world.ours.certificate_file)), host="localhost")
    with pytest.raises(InsecureConnection, match="for another host name"):
        opened(tmp_path, elsewhere)


def test_a_server_without_tls_is_refused(server: Server, tmp_path: Path) -> None:
    with server.connection() as connection, connection.cursor() as cursor:
        cursor.execute("SELECT @@have_ssl")
        if cursor.fetchone()[0] == "YES":
            pytest.skip("this server has TLS")
    plain = ServerAddress(server.host, server.port, "mysql", server.user, tls=Tls())
    with pytest.raises(InsecureConnection, match="offers no encrypted line"):
        opened(tmp_path, plain)


def test_an_expired_certificate_is_refused(world: World, tmp_path: Path) -> None:
    long_ago = datetime.now(UTC) - timedelta(days=90)
    expired = create_certificate(tmp_path, "expired", world.ours, ["127.0.0.1"], begins=long_ago)
    with tls_server(tmp_path, expired, world.ours) as server:
        address = ServerAddress(server.host, server.port, DATABASE, "root", tls=Tls(world.ours.certificate_file))
        with pytest.raises(InsecureConnection, match="not valid at this time"):
            opened(tmp_path, address)


def test_a_server_may_ask_for_our_certificate(world: World, tmp_path: Path) -> None:
    ours = world.ours.certificate_file
    with pytest.raises(LoginRefused):
        opened(tmp_path, world.address(Tls(ours), user="certified"))
    shown = Tls(ours, world.client.certificate_file, world.client.key_file)
    with closing(opened(tmp_path, world.address(shown, user="certified"))) as office:
        assert office.info.database_user == "certified@%"


# -- what a check says of the line to a server that refuses the user --------------------


def checked(tmp_path: Path, address: ServerAddress) -> dict[str, CheckResult]:
    """What a check of the practice at an address finds, by name."""
    opening = OpenRequest(address, Configuration(), runtime(), tmp_path / "companion", tmp_path / "log")
    return {each.id: each for each in check_office(opening, Secret(""), None)}


def test_a_line_over_which_the_user_was_refused_is_said_to_be_verified(world: World, tmp_path: Path) -> None:
    found = checked(tmp_path, world.address(Tls(world.ours.certificate_file), user="certified"))
    assert found["database-user"].state is CheckStatus.FAILED
    assert found["server"].state is CheckStatus.OK
    assert found["tls"] == CheckResult("tls", CheckStatus.OK, "Encrypted and verified.")


def test_a_line_that_was_refused_before_it_was_encrypted_is_not_said_to_be(tmp_path: Path) -> None:
    with refusing_at_once() as port:
        found = checked(tmp_path, ServerAddress("127.0.0.1", port, DATABASE, "root", tls=Tls()))
    assert found["database-user"].state is CheckStatus.FAILED
    assert found["server"].state is CheckStatus.OK
    assert found["tls"].state is CheckStatus.NOT_CHECKED


@contextmanager
def refusing_at_once() -> Iterator[int]:
    """The port of a server whose first words are that it refuses the user."""
    words = b"\xff" + (1045).to_bytes(2, "little") + b"#28000Access denied"

    def refuse() -> None:
        with listening.accept()[0] as line:
            line.sendall(len(words).to_bytes(3, "little") + b"\0" + words)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        answering = Thread(target=refuse)
        answering.start()
        yield listening.getsockname()[1]
        answering.join()


# -- files and addresses ---------------------------------------------------------------


@pytest.mark.parametrize("names", ["authority", "certificate", "key"])
def test_files_that_cannot_be_used_are_named(tmp_path: Path, names: str) -> None:
    rubbish = tmp_path / "rubbish.pem"
    rubbish.write_text("no certificate")
    own = create_authority(tmp_path, "own")
    tls = {
        "authority": Tls(rubbish),
        "certificate": Tls(None, rubbish),
        "key": Tls(None, own.certificate_file, tmp_path / "missing"),
    }[names]
    with pytest.raises(ConfigurationError, match="cannot be used"):
        tls.context()


@pytest.mark.parametrize(
    ("url", "protected"),
    [
        ("mysql://u@db.example/opendental", True),
        ("mysql://u@10.0.0.5/opendental", True),
        ("mysql://u@127.0.0.1/opendental", False),
        ("mysql://u@127.9.9.9/opendental", False),
        ("mysql://u@[::1]/opendental", False),
        ("mysql://u@localhost/opendental", False),
        ("mysql://u@localhost.example/opendental", True),
        ("mysql://u@db/opendental?unix_socket=/run/s", False),
    ],
)
def test_only_a_line_that_stays_on_this_computer_is_not_encrypted(url: str, protected: bool) -> None:
    address = parse_address(url)
    assert isinstance(address, ServerAddress)
    assert (address.tls is not None) is protected
