"""TLS connections to a server: encrypted and verified, or refused with a message that kind the reason."""

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
from core.companion.opening import CompanionSource
from core.database.address import ServerAddress, parse_address
from core.database.tls import Tls
from core.model.agreement import default_agreement
from core.model.authority_name import AuthorityName
from core.office.office import Office
from core.office.opening import open_server_office
from core.offices.configured_office import ConfiguredOffice
from core.offices.open_request import LaunchContext, OpenRequest
from core.offices.paths import Paths
from tests.support.certificates import Issued, create_authority, create_certificate
from tests.support.databases import make_server_practice, runtime
from tests.support.mariadb_server import PROGRAMS
from tests.support.opendental_columns import NEW
from tests.support.server import Server
from tests.support.tls_server import tls_server
from tests.support.tls_terminator import tls_terminator

pytestmark = pytest.mark.xdist_group("tls")
DATABASE = "opendental"


class TlsSetup:
    """A server with TLS, and certificate authorities.

    Attributes:
        ours: The authority that signed the server's certificate.
        other: An authority that signed nothing.
        client: A client certificate that the server trusts.
    """

    def __init__(self, server: Server, ours: Issued, other: Issued, client: Issued) -> None:
        self.server = server
        self.ours = ours
        self.other = other
        self.client = client

    def address(self, tls: Tls | None, user: str = "root") -> ServerAddress:
        """Return the address of the server's practice."""
        return ServerAddress(self.server.host, self.server.port, DATABASE, user, tls=tls)


@pytest.fixture(scope="module")
def setup(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TlsSetup]:
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
        yield TlsSetup(server, ours, other, create_certificate(directory, "client", ours, []))


def open_office(tmp_path: Path, address: ServerAddress) -> Office:
    """Open the office at an address."""
    return open_server_office(
        address,
        Secret(""),
        CompanionSource.file(tmp_path / "companion"),
        AuthorityName.HEADQUARTERS,
        default_agreement(),
        runtime(),
    )


def test_a_verified_connection_is_reported_as_verified(setup: TlsSetup, tmp_path: Path) -> None:
    with closing(open_office(tmp_path, setup.address(Tls(setup.ours.certificate_file)))) as office:
        assert office.info.line.startswith("encrypted and verified (TLSv1.")


def test_a_local_connection_is_encrypted_if_the_server_offers_it(setup: TlsSetup, tmp_path: Path) -> None:
    with closing(open_office(tmp_path, setup.address(None))) as office:
        assert office.info.line.startswith("encrypted, not verified (TLSv1.")
        assert office.info.line.endswith(", local)")
    found = run_check(tmp_path, setup.address(None))["tls"]
    assert found.status is CheckStatus.OK
    assert "The server isn't verified" in found.sentence


@pytest.mark.parametrize(("host", "line"), [("127.0.0.1", "not encrypted (local)"), ("127.1", "not encrypted")])
def test_a_connection_without_tls_is_reported_as_not_encrypted(
    setup: TlsSetup, tmp_path: Path, host: str, line: str
) -> None:
    address = replace(setup.address(None), host=host, tls_off=True)
    with closing(open_office(tmp_path, address)) as office:
        assert office.info.line == line


def test_a_certificate_of_an_unknown_authority_is_refused(setup: TlsSetup, tmp_path: Path) -> None:
    for authority_file in (setup.other.certificate_file, None):
        with pytest.raises(
            InsecureConnection, match="isn't signed by a certificate authority that this computer trusts"
        ) as refused:
            open_office(tmp_path, setup.address(Tls(authority_file)))
        assert "--tls-ca" in refused.value.hint


def test_a_certificate_for_another_host_is_refused(setup: TlsSetup, tmp_path: Path) -> None:
    other_name = replace(setup.address(Tls(setup.ours.certificate_file)), host="localhost")
    with pytest.raises(InsecureConnection, match="for another host name"):
        open_office(tmp_path, other_name)


def test_a_server_without_tls_is_refused(server: Server, tmp_path: Path) -> None:
    if server.offers_tls:
        pytest.skip("this server has TLS")
    plain = ServerAddress(server.host, server.port, "mysql", server.user, tls=Tls())
    with pytest.raises(InsecureConnection, match="doesn't support encrypted connections"):
        open_office(tmp_path, plain)


def test_an_expired_certificate_is_refused(setup: TlsSetup, tmp_path: Path) -> None:
    long_ago = datetime.now(UTC) - timedelta(days=90)
    expired = create_certificate(tmp_path, "expired", setup.ours, ["127.0.0.1"], begins=long_ago)
    with tls_server(tmp_path, expired, setup.ours) as server:
        address = ServerAddress(server.host, server.port, DATABASE, "root", tls=Tls(setup.ours.certificate_file))
        with pytest.raises(InsecureConnection, match="not valid at this time"):
            open_office(tmp_path, address)


def test_a_server_may_require_a_client_certificate(setup: TlsSetup, tmp_path: Path) -> None:
    ours = setup.ours.certificate_file
    with pytest.raises(LoginRefused):
        open_office(tmp_path, setup.address(Tls(ours), user="certified"))
    with_certificate = Tls(ours, setup.client.certificate_file, setup.client.key_file)
    with closing(open_office(tmp_path, setup.address(with_certificate, user="certified"))) as office:
        assert office.info.database_user == "certified@%"


# -- a proxy that ends TLS, so that only the server sees the unencrypted connection -----------


@contextmanager
def tls_ending_at_a_proxy(setup: TlsSetup, tmp_path: Path) -> Iterator[ServerAddress]:
    """Yield the address of a proxy with a good certificate, behind which nothing is encrypted."""
    good = create_certificate(tmp_path, "proxy", setup.ours, ["127.0.0.1"])
    with tls_terminator(setup.server, good) as port:
        yield replace(setup.address(Tls(setup.ours.certificate_file)), port=port)


def test_a_server_that_reports_an_unencrypted_connection_is_refused(setup: TlsSetup, tmp_path: Path) -> None:
    with (
        tls_ending_at_a_proxy(setup, tmp_path) as address,
        pytest.raises(InsecureConnection, match="reports an unencrypted connection"),
    ):
        open_office(tmp_path, address)
    assert not (tmp_path / "companion").exists()


def test_a_check_fails_where_the_server_reports_an_unencrypted_connection(setup: TlsSetup, tmp_path: Path) -> None:
    with tls_ending_at_a_proxy(setup, tmp_path) as address:
        found = run_check(tmp_path, address)
    assert found["tls"] == CheckResult("tls", CheckStatus.FAILED, "The server reports an unencrypted connection.")


# -- checks of a server that refuses the user -------------------------------------------


def request_for(tmp_path: Path, address: ServerAddress) -> OpenRequest:
    """Return a request to open the practice at an address."""
    context = LaunchContext(runtime(), Paths(tmp_path / "config.toml", tmp_path / "log"))
    return OpenRequest(ConfiguredOffice("", address), context)


def run_check(tmp_path: Path, address: ServerAddress) -> dict[str, CheckResult]:
    """Check the practice at an address and return the results by ID."""
    return {each.id: each for each in check_office(request_for(tmp_path, address), Secret(""), None)}


def test_a_check_reports_a_refused_certificate_and_skips_the_later_steps(setup: TlsSetup, tmp_path: Path) -> None:
    address = setup.address(Tls(setup.other.certificate_file))
    states = [(each.id, each.status) for each in check_office(request_for(tmp_path, address), Secret(""), None)]
    assert states == [
        ("address", CheckStatus.OK),
        ("server", CheckStatus.OK),
        ("tls", CheckStatus.FAILED),
        ("database-user", CheckStatus.NOT_CHECKED),
        ("practice", CheckStatus.NOT_CHECKED),
    ]


# The resolver takes it for 127.0.0.1, and the program doesn't: no address of another computer is needed here.
ELSEWHERE = "127.1"


def test_a_check_warns_of_an_open_connection_that_leaves_this_computer(setup: TlsSetup, tmp_path: Path) -> None:
    for user, refusal in (("root", CheckStatus.OK), ("certified", CheckStatus.FAILED)):
        found = run_check(tmp_path, replace(setup.address(None, user), host=ELSEWHERE))
        assert found["database-user"].status is refusal
        assert found["tls"].status is CheckStatus.WARNING
        assert "is not encrypted" in found["tls"].sentence


def test_a_verified_connection_is_reported_even_if_the_user_is_refused(setup: TlsSetup, tmp_path: Path) -> None:
    results = run_check(tmp_path, setup.address(Tls(setup.ours.certificate_file), user="certified"))
    assert results["database-user"].status is CheckStatus.FAILED
    assert results["server"].status is CheckStatus.OK
    assert results["tls"] == CheckResult("tls", CheckStatus.OK, "Encrypted and verified.")


def test_a_refusal_before_encryption_is_not_reported_as_encrypted(tmp_path: Path) -> None:
    with refusing_server() as port:
        results = run_check(tmp_path, ServerAddress("127.0.0.1", port, DATABASE, "root", tls=Tls()))
    assert results["database-user"].status is CheckStatus.FAILED
    assert results["server"].status is CheckStatus.OK
    assert results["tls"].status is CheckStatus.NOT_CHECKED


@contextmanager
def refusing_server() -> Iterator[int]:
    """Run a server that refuses the user before anything else, and yield its port."""
    packet = b"\xff" + (1045).to_bytes(2, "little") + b"#28000Access denied"

    def refuse() -> None:
        with listener.accept()[0] as connection:
            connection.sendall(len(packet).to_bytes(3, "little") + b"\0" + packet)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = Thread(target=refuse)
        thread.start()
        yield listener.getsockname()[1]
        thread.join()


# -- files and addresses ---------------------------------------------------------------


@pytest.mark.parametrize("kind", ["authority", "certificate", "key"])
def test_unusable_files_are_refused(tmp_path: Path, kind: str) -> None:
    invalid = tmp_path / "invalid.pem"
    invalid.write_text("no certificate")
    own = create_authority(tmp_path, "own")
    tls = {
        "authority": Tls(invalid),
        "certificate": Tls(None, invalid),
        "key": Tls(None, own.certificate_file, tmp_path / "missing"),
    }[kind]
    with pytest.raises(ConfigurationError, match="cannot be used"):
        tls.context()


@pytest.mark.parametrize(
    ("url", "verified"),
    [
        ("mysql://u@db.example/opendental", True),
        ("mysql://u@10.0.0.5/opendental", True),
        ("mysql://u@127.0.0.1/opendental", False),
        ("mysql://u@127.9.9.9/opendental", False),
        ("mysql://u@[::1]/opendental", False),
        ("mysql://u@localhost/opendental", False),
        ("mysql://u@LocalHost/opendental", False),
        ("mysql://u@localhost./opendental", False),
        ("mysql://u@[::ffff:127.0.0.1]/opendental", False),
        ("mysql://u@[::ffff:10.0.0.5]/opendental", True),
        ("mysql://u@localhost../opendental", True),
        ("mysql://u@localhost.example/opendental", True),
        ("mysql://u@db/opendental?unix_socket=/run/s", False),
    ],
)
def test_only_local_connections_are_not_verified(url: str, verified: bool) -> None:
    address = parse_address(url)
    assert isinstance(address, ServerAddress)
    assert (address.tls is not None) is verified
    assert address.is_local is not verified
    assert address.tls_if_offered is (not verified and not address.socket)
