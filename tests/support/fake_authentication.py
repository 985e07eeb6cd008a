"""A server that speaks as much of MySQL's protocol as signing in takes, and may ask for the password in any way."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from threading import Thread

from tests.support.certificates import Issued

SALT = b"0123456789abcdefghij"
_PROTOCOL_41, _SSL, _SECURE, _PLUGIN_AUTH = 0x0200, 0x0800, 0x8000, 0x0008_0000
OK = b"\x00\x00\x00\x02\x00\x00\x00"


class Session:
    """The server's side of one connection.

    Attributes:
        received: All packets of the client, as they were before encryption.
        encrypted: True once TLS began.
    """

    def __init__(self, connection: socket.socket, plugin: str, own: Issued | None) -> None:
        self._connection = connection
        self._plugin = plugin.encode()
        self._own = own
        self._next = 0
        self.received: list[bytes] = []
        self.encrypted = False

    def greet(self) -> bytes:
        """Send the greeting, start TLS if the client asks for it, and return the client's sign-in packet."""
        first = self._greet()
        if self._own is None or not int.from_bytes(first[:4], "little") & _SSL:
            return first
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self._own.certificate_file, self._own.key_file)
        self._connection = context.wrap_socket(self._connection, server_side=True)
        self.encrypted = True
        return self.read()

    def greet_and_break_tls(self) -> None:
        """Send the greeting, and answer the client's TLS handshake with something else."""
        self._greet()
        self._connection.recv(1)
        self._connection.sendall(b"no TLS here")

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def _greet(self) -> bytes:
        offered = _PROTOCOL_41 | _SECURE | _PLUGIN_AUTH | (_SSL if self._own else 0)
        self.send(
            b"\x0a8.0.0-fake\0"
            + (1).to_bytes(4, "little")
            + SALT[:8]
            + b"\0"
            + (offered & 0xFFFF).to_bytes(2, "little")
            + b"\x2d\x02\x00"
            + (offered >> 16).to_bytes(2, "little")
            + bytes([len(SALT) + 1])
            + bytes(10)
            + SALT[8:]
            + b"\0"
            + self._plugin
            + b"\0"
        )
        return self.read()

    def switch_to(self, plugin: str, data: bytes = SALT + b"\0") -> bytes:
        """Ask for another method, and return the client's answer."""
        self.send(b"\xfe" + plugin.encode() + b"\0" + data)
        return self.read()

    def ask(self, data: bytes) -> bytes:
        """Send more data of the method, and return the client's answer."""
        self.send(b"\x01" + data)
        return self.read()

    def send(self, content: bytes) -> None:
        """Send a packet."""
        self._connection.sendall(len(content).to_bytes(3, "little") + bytes([self._next]) + content)

    def read(self) -> bytes:
        """Read a packet."""
        header = self._read_exactly(4)
        self._next = (header[3] + 1) % 256
        content = self._read_exactly(int.from_bytes(header[:3], "little"))
        self.received.append(content)
        return content

    def _read_exactly(self, count: int) -> bytes:
        content = b""
        while len(content) < count:
            part = self._connection.recv(count - len(content))
            if not part:
                raise ConnectionResetError
            content += part
        return content


class FakeServer:
    """A running fake server.

    Attributes:
        port: Its port; 0 for a Unix socket.
        sessions: The connections so far, in their order.
    """

    def __init__(self, listener: socket.socket) -> None:
        self._listener = listener
        self.port: int = listener.getsockname()[1] if listener.family == socket.AF_INET else 0
        self.sessions: list[Session] = []

    @property
    def received(self) -> bytes:
        """Everything that clients sent, as it was before encryption."""
        return b"|".join(packet for session in self.sessions for packet in session.received)


@contextmanager
def fake_mysql(
    sign_in: Callable[[Session], None],
    *,
    plugin: str = "mysql_native_password",
    own: Issued | None = None,
    unix_socket: Path | None = None,
) -> Iterator[FakeServer]:
    """Run a server; at the end, wait until its connections have ended.

    Args:
        sign_in: Speaks to each client; the connection ends with it.
        plugin: The method that the greeting announces.
        own: The certificate for TLS; None to offer none.
        unix_socket: The path of a Unix socket to listen on, instead of a port of 127.0.0.1.
    """
    if unix_socket is not None:
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(unix_socket))
        listener.listen()
    else:
        listener = socket.create_server(("127.0.0.1", 0))
    server = FakeServer(listener)

    def serve() -> None:
        with suppress(OSError):
            while True:
                session = Session(listener.accept()[0], plugin, own)
                server.sessions.append(session)
                with closing(session), suppress(OSError):
                    sign_in(session)

    thread = Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        # Closing alone doesn't wake the thread that waits in accept().
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()
        listener.close()
