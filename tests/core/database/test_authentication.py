"""The password on its way to a server: never in clear text or under a stranger's key unless the server is verified."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from core.base.errors import ApiSetupError, ConfigurationError, InsecureConnection, LoginRefused
from core.base.secret import Secret
from core.database.address import ServerAddress
from core.database.driver_errors import translate_errors
from core.database.engines import server_engine
from core.database.tls import Tls
from tests.support.certificates import Issued, create_authority, create_certificate
from tests.support.fake_authentication import OK, SALT, FakeServer, Session, fake_mysql
from tests.support.server import Server

PASSWORD = "correct-horse-battery"
CLEAR_TEXT = ("mysql_clear_password", "dialog")
SHA2 = ("caching_sha2_password", "sha256_password")
_WANTS_PASSWORD = b"\x04"


class Keys:
    """A pair of RSA keys of a server."""

    def __init__(self, directory: Path, name: str) -> None:
        self._private = rsa.generate_private_key(65537, 2048)
        self.public = self._private.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        self.file = directory / f"{name}.pem"
        self.file.write_bytes(self.public)

    def decrypt(self, packet: bytes) -> bytes:
        """Return the password in a packet."""
        oaep = padding.OAEP(mgf=padding.MGF1(algorithm=hashes.SHA1()), algorithm=hashes.SHA1(), label=None)  # noqa: S303
        mixed = self._private.decrypt(packet, oaep)
        return bytes(each ^ SALT[index % len(SALT)] for index, each in enumerate(mixed))


@pytest.fixture
def own(tmp_path: Path) -> Issued:
    """The certificate of a server; its authority is the file `authority.pem`."""
    return create_certificate(tmp_path, "server", create_authority(tmp_path, "authority"), ["127.0.0.1"])


@pytest.fixture
def keys(tmp_path: Path) -> Keys:
    """The keys of a server."""
    return Keys(tmp_path, "public_key")


def address_of(server: FakeServer) -> ServerAddress:
    """Return the address of a server on this computer."""
    return ServerAddress("127.0.0.1", server.port, "opendental", "oduser")


def connect(address: ServerAddress, password: str = PASSWORD) -> None:
    """Sign in; the server ends the connection after that."""
    engine = server_engine(address, Secret(password))
    try:
        with translate_errors(), engine.connect():
            pass
    finally:
        engine.dispose()


def failure(address: ServerAddress) -> ApiSetupError:
    """Return the error of signing in."""
    with pytest.raises(ApiSetupError) as failed:
        connect(address)
    return failed.value


def asks_by_switch(plugin: str, *more: bytes) -> Callable[[Session], None]:
    """Return a server that switches to a method after the greeting, and then asks for more."""

    def sign_in(session: Session) -> None:
        session.greet()
        session.switch_to(plugin, b"\x04Password: " if plugin == "dialog" else SALT + b"\0")
        for data in more:
            session.ask(data)
        session.send(OK)

    return sign_in


def asks_at_once(*data: bytes) -> Callable[[Session], None]:
    """Return a server that asks for data of the method that its greeting announces."""

    def sign_in(session: Session) -> None:
        session.greet()
        for each in data:
            session.ask(each)
        session.send(OK)

    return sign_in


# -- clear text ------------------------------------------------------------------------


@pytest.mark.parametrize("plugin", CLEAR_TEXT)
@pytest.mark.parametrize("offers_tls", [False, True])
def test_no_password_in_clear_text_to_a_server_that_is_not_verified(
    own: Issued, plugin: str, *, offers_tls: bool
) -> None:
    for sign_in, announced in (
        (asks_by_switch(plugin), "mysql_native_password"),
        (asks_at_once(b"\x04Password: "), plugin),
    ):
        with fake_mysql(sign_in, plugin=announced, own=own if offers_tls else None) as server:
            refused = failure(address_of(server))
            assert failure(replace(address_of(server), tls_off=True)).sentence == refused.sentence
        assert isinstance(refused, InsecureConnection)
        assert f"in clear text ({plugin})" in refused.sentence
        assert "--tls verify" in refused.hint
        assert server.sessions[0].encrypted is offers_tls
        assert PASSWORD.encode() not in server.received


@pytest.mark.parametrize("plugin", CLEAR_TEXT)
def test_a_verified_server_gets_the_password_in_clear_text(own: Issued, tmp_path: Path, plugin: str) -> None:
    with fake_mysql(asks_by_switch(plugin), own=own) as server:
        failure(replace(address_of(server), tls=Tls(tmp_path / "authority.pem")))
    assert PASSWORD.encode() + b"\0" in server.sessions[0].received


@pytest.mark.parametrize("plugin", CLEAR_TEXT)
def test_a_unix_socket_counts_as_verified(tmp_path: Path, plugin: str) -> None:
    path = tmp_path / "mysqld.sock"
    with fake_mysql(asks_by_switch(plugin), unix_socket=path) as server:
        failure(replace(address_of(server), socket=str(path)))
    assert PASSWORD.encode() + b"\0" in server.sessions[0].received


def test_the_old_password_format_is_refused_everywhere(own: Issued, tmp_path: Path) -> None:
    with fake_mysql(asks_by_switch("mysql_old_password", b""), own=own) as server:
        for tls in (None, Tls(tmp_path / "authority.pem")):
            refused = failure(replace(address_of(server), tls=tls))
            assert isinstance(refused, LoginRefused)
            assert "before 4.1" in refused.sentence


# -- the server's public key -------------------------------------------------------------


def wants_password(plugin: str, key: bytes, *, switch: bool) -> Callable[[Session], None]:
    """Return a server that wants the password itself, and sends a public key before it."""

    def sign_in(session: Session) -> None:
        session.greet()
        # In its sign-in packet, the driver has asked for the key of the method that the greeting announced.
        answer = session.switch_to(plugin) if switch else b"\x01"
        if plugin == "caching_sha2_password":
            answer = session.ask(_WANTS_PASSWORD)
        if answer in (b"\x01", b"\x02"):
            session.ask(key)
        session.send(OK)

    return sign_in


@pytest.mark.parametrize("plugin", SHA2)
@pytest.mark.parametrize("switch", [False, True])
def test_a_key_that_the_server_sends_is_not_used(keys: Keys, plugin: str, *, switch: bool) -> None:
    announced = "mysql_native_password" if switch else plugin
    with fake_mysql(wants_password(plugin, keys.public, switch=switch), plugin=announced) as server:
        refused = failure(address_of(server))
    assert isinstance(refused, InsecureConnection)
    assert "so the password wasn't sent" in refused.sentence
    assert "--server-public-key" in refused.hint
    # The hash of the password is shorter than anything encrypted with RSA.
    assert max(map(len, server.sessions[0].received)) < 200


@pytest.mark.parametrize("plugin", SHA2)
@pytest.mark.parametrize("switch", [False, True])
def test_the_password_is_encrypted_with_the_key_that_the_admin_names(
    tmp_path: Path, keys: Keys, plugin: str, *, switch: bool
) -> None:
    strangers = Keys(tmp_path, "stranger")
    announced = "mysql_native_password" if switch else plugin
    with fake_mysql(wants_password(plugin, strangers.public, switch=switch), plugin=announced) as server:
        failure(replace(address_of(server), server_public_key=keys.file))
    (encrypted,) = {packet for packet in server.sessions[0].received if len(packet) == 256}
    assert keys.decrypt(encrypted) == PASSWORD.encode() + b"\0"


def test_with_a_key_the_password_is_not_entrusted_to_tls_without_verification(own: Issued, keys: Keys) -> None:
    with fake_mysql(
        wants_password("caching_sha2_password", keys.public, switch=True), plugin="mysql_native_password", own=own
    ) as server:
        failure(replace(address_of(server), server_public_key=keys.file))
    assert not server.sessions[0].encrypted
    assert PASSWORD.encode() not in server.received


@pytest.mark.parametrize("content", [b"", b"no key", None])
def test_a_file_that_is_no_public_key_is_refused(tmp_path: Path, own: Issued, content: bytes | None) -> None:
    file = tmp_path / "key.pem"
    file.write_bytes(own.certificate_file.read_bytes() if content is None else content)
    with pytest.raises(ConfigurationError, match="isn't the public key of a server"):
        server_engine(ServerAddress("127.0.0.1", 3306, "d", "u", server_public_key=file), Secret(""))
    with pytest.raises(ConfigurationError, match="can't be read: No such file"):
        server_engine(ServerAddress("127.0.0.1", 3306, "d", "u", server_public_key=tmp_path / "missing"), Secret(""))


# -- TLS on this computer --------------------------------------------------------------


@pytest.mark.parametrize("plugin", SHA2)
def test_a_local_server_that_offers_tls_gets_the_password_through_it(own: Issued, plugin: str) -> None:
    with fake_mysql(asks_by_switch(plugin, _WANTS_PASSWORD), own=own) as server:
        failure(address_of(server))
    (session,) = server.sessions
    assert session.encrypted
    assert PASSWORD.encode() + b"\0" in session.received


@pytest.mark.parametrize("host", ["localhost", "LocalHost", "localhost.", "::ffff:127.0.0.1"])
def test_each_spelling_of_this_computer_leads_to_it(host: str) -> None:
    with fake_mysql(asks_at_once()) as server:
        failure(replace(address_of(server), host=host))
    assert b"oduser" in server.received


def test_tls_is_not_used_locally_where_it_is_turned_off(own: Issued) -> None:
    with fake_mysql(asks_at_once(), own=own) as server:
        failure(replace(address_of(server), tls_off=True))
    assert not server.sessions[0].encrypted


def test_a_local_server_whose_tls_fails_is_signed_in_to_without_it(own: Issued) -> None:
    def sign_in(session: Session) -> None:
        if len(server.sessions) == 1:
            session.greet_and_break_tls()
            return
        session.greet()
        session.send(OK)

    with fake_mysql(sign_in, own=own) as server:
        failure(address_of(server))
    first, second = server.sessions
    assert (first.encrypted, second.encrypted) == (False, False)
    assert b"oduser" in second.received[0]


# -- a real MySQL ------------------------------------------------------------------------


@pytest.fixture
def mysql_address(server: Server) -> Iterator[ServerAddress]:
    """The address of a user on MySQL 8 or later whose password the server doesn't remember yet."""
    user = server.temporary_name()
    with server.connection() as connection, connection.cursor() as cursor:
        cursor.execute("SHOW STATUS LIKE 'Caching_sha2_password_rsa_public_key'")
        if not cursor.rowcount:
            pytest.skip("this server doesn't have the method caching_sha2_password")
    server.execute(f"CREATE USER '{user}'@'%' IDENTIFIED WITH caching_sha2_password BY '{PASSWORD}'")
    try:
        yield ServerAddress(server.host, server.port, "information_schema", user)
    finally:
        server.execute(f"DROP USER '{user}'@'%'")


def test_mysql_on_this_computer_works_out_of_the_box(mysql_address: ServerAddress) -> None:
    assert mysql_address.is_local
    connect(mysql_address)


def test_mysql_without_tls_works_with_its_public_key(
    mysql_address: ServerAddress, server: Server, tmp_path: Path
) -> None:
    with server.connection() as connection, connection.cursor() as cursor:
        cursor.execute("SHOW STATUS LIKE 'Caching_sha2_password_rsa_public_key'")
        key = tmp_path / "public_key.pem"
        key.write_text(cursor.fetchone()[1])
    plain = replace(mysql_address, tls_off=True)
    assert "which isn't known here" in failure(plain).sentence
    connect(replace(plain, server_public_key=key))
    # The server remembers it now, so that a hash is enough.
    connect(plain)
