"""Programs at the address of a server that are no database server, or an unusual one: one clear message each."""

from __future__ import annotations

import re
import socket
import time
from contextlib import suppress
from queue import Queue

import pytest

from core.base.errors import (
    ApiSetupError,
    ConnectionLost,
    InsecureConnection,
    LoginRefused,
    PracticeUnavailable,
    ServerUnreachable,
    StatementStopped,
)
from core.base.secret import Secret
from core.database import engines
from core.database.address import ServerAddress
from core.database.driver_errors import translate_errors
from core.database.engines import refuse_writes, server_engine
from core.database.server_connection import MAX_CONNECT_BYTES
from core.database.tls import Tls
from tests.support.fake_mysql import (
    TLS,
    Script,
    answering,
    error,
    fake_mysql,
    greeting,
    ok,
    packet,
    read_packet,
    sending,
    switch_to,
)
from tests.support.pseudo_terminal import DEADLINE

PASSWORD = "correct horse battery"


@pytest.fixture(autouse=True)
def _short_timeout(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines, "READ_SECONDS", 0.5)


def connect(script: Script, *, tls: Tls | None = None, statement: str = "SELECT 1") -> ApiSetupError:
    """Connect to a server with this script, run a statement, and return the error."""
    with fake_mysql(script) as port:
        engine = refuse_writes(server_engine(ServerAddress("127.0.0.1", port, "d", "u", tls=tls), Secret(PASSWORD)))
        try:
            with pytest.raises(ApiSetupError) as caught, translate_errors(), engine.connect() as connection:
                connection.exec_driver_sql(statement)
        finally:
            engine.dispose()
    assert PASSWORD not in str(caught.value)
    return caught.value


# -- other programs on the port --------------------------------------------------------


@pytest.mark.parametrize(
    "script",
    [
        sending(b"SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3\r\n"),
        sending(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n"),
        sending(b"220 mail.example ESMTP\r\n"),
        sending(bytes.fromhex("05000000 0b 08051a00")),
        sending(packet(0, b"\x09" + b"3.20.32\0" + bytes(4) + b"saltsalt\0")),
        sending(greeting(protocol=9)),
        sending(packet(0, b"\x0a")),
        sending(packet(0, b"\x0a8.0\0")),
        sending(packet(0, b"")),
        sending(packet(0, b"\x0anonsense\0" + bytes(60))),
        sending(packet(3, b"\x0a8.0.1\0")),
        sending(packet(0, bytes(MAX_CONNECT_BYTES + 1))),
    ],
    ids=[
        "SSH",
        "HTTP",
        "SMTP",
        "X protocol",
        "MySQL 3.20",
        "protocol 9",
        "one byte",
        "no thread",
        "empty",
        "no version",
        "out of sequence",
        "oversized",
    ],
)
def test_another_program_on_the_port_is_no_mysql_server(script: Script) -> None:
    failure = connect(script)
    assert isinstance(failure, ServerUnreachable)
    assert failure.sentence.startswith("Another program, not MySQL, answers at 127.0.0.1:")


def test_a_connection_that_is_closed_at_once_is_no_mysql_server() -> None:
    failure = connect(lambda _client: None)
    assert isinstance(failure, ServerUnreachable)
    assert failure.sentence.endswith(": the connection was closed.")


def test_an_endless_greeting_is_not_read_to_its_end() -> None:
    sent = 0

    def flood(client: socket.socket) -> None:
        nonlocal sent
        while True:
            # The longest packet says that another one follows.
            sent += client.send(b"\xff\xff\xff" + bytes([sent // 2**24 % 256]) + bytes(2**24 - 1))

    failure = connect(flood)
    assert failure.sentence.startswith("Another program, not MySQL, answers at ")
    assert sent < 2**26  # what fits into the buffers of the two sockets


@pytest.mark.parametrize("after", ["greeting", "sign-in"])
def test_one_deadline_covers_the_attempt_however_slowly_bytes_arrive(
    after: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engines, "ATTEMPT_SECONDS", 0.3)

    def drip(client: socket.socket) -> None:
        if after == "sign-in":
            client.sendall(greeting())
            read_packet(client)
        client.sendall(b"\xff\x00\x00" + (b"\x02" if after == "sign-in" else b"\x00"))
        with suppress(OSError):
            while True:
                client.sendall(b"\x0a")
                time.sleep(0.01)

    failure = connect(drip)
    assert isinstance(failure, ServerUnreachable)
    assert "the connection timed out" in failure.sentence


# -- signing in to the server ----------------------------------------------------------


@pytest.mark.parametrize("plugin", ["client_ed25519", "auth_gssapi_client", "unheard_of"])
def test_a_plugin_that_is_not_supported_is_named(plugin: str) -> None:
    failure = connect(sending(greeting(), switch_to(plugin), error(4, 1045, "no")))
    assert isinstance(failure, LoginRefused)
    assert "wants to check the password in a way that apisetup doesn't support" in failure.sentence
    assert failure.sentence.endswith(").")
    assert "authentication plugin" in failure.hint


@pytest.mark.parametrize(
    "script",
    [
        sending(greeting(), b"garbage that is no packet of the protocol"),
        sending(greeting(), packet(2, b"")),
        sending(greeting(), packet(2, b"\x01")),
        sending(greeting(), packet(2, b"\xfe")),
        sending(greeting(), packet(2, b"\x07")),
        sending(greeting(plugin=b"caching_sha2_password"), packet(2, b"\x01\x04"), packet(4, b"\x01no key")),
        sending(greeting(plugin=b"\xff\xff\xff")),
        sending(greeting(), packet(2, bytes(MAX_CONNECT_BYTES))),
    ],
)
def test_an_answer_to_the_sign_in_that_makes_no_sense_is_no_mysql_server(script: Script) -> None:
    failure = connect(script)
    assert isinstance(failure, PracticeUnavailable)
    assert re.search("server|not MySQL", failure.sentence)
    assert failure.hint


def test_a_connection_that_is_closed_while_signing_in_was_not_made() -> None:
    failure = connect(sending(greeting()))
    assert isinstance(failure, ServerUnreachable)
    assert "answered, but the connection was closed before sign-in was complete" in failure.sentence


@pytest.mark.parametrize(
    ("code", "message", "kind", "means", "advice"),
    [
        (1130, "Host 'h' is not allowed to connect to this MySQL server", LoginRefused, "no connections from", "SSH"),
        (1129, "Host 'h' is blocked because of many connection errors", LoginRefused, "blocks this", "FLUSH HOSTS"),
        (1040, "Too many connections", ServerUnreachable, "too many connections", "Try again"),
        (3118, "Access denied for user 'u'@'h'. Account is locked.", LoginRefused, "is locked", "UNLOCK"),
        (4151, "Access denied, this account is locked", LoginRefused, "is locked", "UNLOCK"),
        (4150, "User 'u' is blocked because of too many credential errors", LoginRefused, "wrong passwords", "Wait"),
        (3955, "Access denied for user 'u'@'h'. Account is blocked", LoginRefused, "wrong passwords", "Wait"),
        (1862, "Your password has expired", LoginRefused, "expired", "IDENTIFIED BY"),
        (1820, "You must SET PASSWORD before executing this statement", LoginRefused, "expired", "IDENTIFIED BY"),
        (3159, "Connections using insecure transport are prohibited", InsecureConnection, "encrypted", "--tls verify"),
        (1045, "Access denied for user 'u'@'h' (using password: YES)", LoginRefused, "refuses", "not of an Open"),
        (1184, "Aborted connection 7 to db: 'd' user: 'u'", ConnectionLost, "closed the connection", "Try again"),
        (9999, "Something new happened to 'x'", PracticeUnavailable, "error 9999", "If this persists"),
    ],
)
@pytest.mark.parametrize("greets", [False, True])
def test_a_refusal_is_explained_and_quoted_completely(
    greets: bool, code: int, message: str, kind: type[ApiSetupError], means: str, advice: str
) -> None:
    refusal = error(2 if greets else 0, code, message)
    failure = connect(sending(greeting(), refusal) if greets else sending(refusal))
    assert type(failure) is kind
    assert means in failure.sentence
    assert message.removesuffix(".") in failure.sentence
    assert str(code) in failure.sentence
    assert advice in failure.hint


def test_a_refused_password_may_mean_that_tls_is_required() -> None:
    refusal = error(2, 1045, "Access denied for user 'u'@'h' (using password: YES)")
    assert "--tls verify" in connect(sending(greeting(capabilities=TLS), refusal)).hint
    assert "--tls" not in connect(sending(greeting(), refusal)).hint


def test_a_server_that_quotes_the_password_is_masked() -> None:
    failure = connect(sending(greeting(), error(2, 1045, f"Access denied with {PASSWORD}")))
    assert "Access denied with ***" in failure.sentence


def test_a_server_without_tls_gets_nothing() -> None:
    received: Queue[bytes] = Queue()

    def serve(client: socket.socket) -> None:
        client.sendall(greeting())
        received.put(read_packet(client))

    assert isinstance(connect(serve, tls=Tls()), InsecureConnection)
    assert received.get(timeout=DEADLINE) == b""


# -- statements ------------------------------------------------------------------------


def test_a_server_that_does_not_say_which_one_it_is_can_not_be_used() -> None:
    def serve(client: socket.socket) -> None:
        client.sendall(greeting(version=b"who knows"))
        read_packet(client)
        client.sendall(ok(2))
        while read_packet(client):
            client.sendall(ok(1))

    failure = connect(serve)
    assert isinstance(failure, PracticeUnavailable)
    assert failure.hint


def drip_answer_to(statement: bytes) -> Script:
    """Return a script that answers all statements until this one, whose answer of 255 bytes comes byte by byte."""

    def drip(client: socket.socket) -> None:
        client.sendall(greeting())
        read_packet(client)
        client.sendall(ok(2))
        while statement not in read_packet(client):
            client.sendall(ok(1))
        client.sendall(b"\xff\x00\x00\x01")
        while True:
            client.sendall(b"\x01")
            time.sleep(0.02)

    return drip


def test_the_deadline_of_the_attempt_covers_the_initial_statements(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines, "ATTEMPT_SECONDS", 0.3)
    failure = connect(drip_answer_to(b"SET NAMES utf8mb4"))
    assert isinstance(failure, ServerUnreachable)
    assert "answered, but the connection timed out before sign-in was complete" in failure.sentence


@pytest.mark.parametrize("statement", ["SELECT 1", "SET SESSION TRANSACTION READ ONLY"])
def test_each_statement_has_a_deadline_however_slowly_its_answer_arrives(
    statement: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engines, "ANSWER_SECONDS", 0.3)
    failure = connect(drip_answer_to(statement.encode()))
    assert isinstance(failure, StatementStopped)
    assert failure.sentence == "The server did not respond in time, so the connection was closed."


def test_the_deadline_of_a_statement_begins_anew_with_each_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines, "ANSWER_SECONDS", 0.4)

    def serve(client: socket.socket) -> None:
        client.sendall(greeting())
        read_packet(client)
        client.sendall(ok(2))
        while read_packet(client):
            time.sleep(0.1)
            client.sendall(ok(1))

    with fake_mysql(serve) as port:
        engine = server_engine(ServerAddress("127.0.0.1", port, "d", "u"), Secret(PASSWORD))
        with engine.connect() as connection:
            for _ in range(6):
                connection.exec_driver_sql("SELECT 1")
        engine.dispose()


@pytest.mark.parametrize(
    "answer",
    [
        packet(1, b"\xfb/etc/passwd"),
        packet(1, b""),
        packet(9, b"\x00"),
        packet(1, b"\xfc"),
        packet(1, b"\x01") + packet(2, b"\x03"),
        packet(1, b"\xfe\xff\xff\xff\xff\xff\xff\xff\xff"),
    ],
    ids=["LOCAL INFILE", "empty", "out of sequence", "no length", "no column", "many columns"],
)
def test_an_answer_that_makes_no_sense_closes_the_connection(answer: bytes) -> None:
    failure = connect(answering(statement=lambda command: answer if b"SELECT" in command else None))
    assert isinstance(failure, PracticeUnavailable)
    assert "connection" in failure.sentence
    assert failure.hint


def test_a_server_that_asks_for_a_local_file_is_told_apart() -> None:
    failure = connect(answering(statement=lambda command: packet(1, b"\xfb/etc/passwd") if b"SEL" in command else None))
    assert type(failure) is ConnectionLost
    assert "LOAD DATA LOCAL" in failure.sentence


def test_the_limit_leaves_room_for_what_a_server_announces() -> None:
    large = packet(2, b"\x00\x00\x00\x02\x00\x00\x00" + bytes(MAX_CONNECT_BYTES // 2))

    def serve(client: socket.socket) -> None:
        client.sendall(greeting())
        read_packet(client)
        client.sendall(large)
        while read_packet(client):
            client.sendall(ok(1))

    with fake_mysql(serve) as port:
        engine = server_engine(ServerAddress("127.0.0.1", port, "d", "u"), Secret(PASSWORD))
        with engine.connect() as connection:
            connection.exec_driver_sql("SELECT 1")
        engine.dispose()
