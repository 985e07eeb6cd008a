"""A proxy that ends TLS in front of a server: the client's connection is encrypted, the server's own is not."""

from __future__ import annotations

import selectors
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Thread

from tests.support.certificates import Issued
from tests.support.server import Server

_CLIENT_SSL = 0x0800
"""The capability flag by which a client of MySQL says that its next packet comes through TLS."""


@contextmanager
def tls_terminator(server: Server, own: Issued) -> Iterator[int]:
    """Yield the port of a proxy that shows this certificate and passes everything on unencrypted.

    Args:
        server: A server that offers TLS and also accepts its users without it.
        own: The certificate that clients verify.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(own.certificate_file, own.key_file)

    def accept() -> None:
        with suppress(OSError):
            while True:
                near = listening.accept()[0]
                far = socket.create_connection((server.host, server.port))
                Thread(target=_serve, args=(near, far, context), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listening:
        accepting = Thread(target=accept, daemon=True)
        accepting.start()
        yield listening.getsockname()[1]
        # Closing alone doesn't wake the thread that waits in accept().
        listening.shutdown(socket.SHUT_RDWR)
        accepting.join()


def _serve(near: socket.socket, far: socket.socket, context: ssl.SSLContext) -> None:
    with near, far, suppress(OSError):
        _send(near, 0, _read(far))
        _read(near)  # the request for TLS
        with context.wrap_socket(near, server_side=True) as encrypted:
            login = _read(encrypted)
            flags = int.from_bytes(login[:4], "little") & ~_CLIENT_SSL
            # The server got one packet less than the client sent, so it numbers its packets differently.
            _send(far, 1, flags.to_bytes(4, "little") + login[4:])
            _send(encrypted, 3, _read(far))
            _copy(encrypted, far)


def _read(source: socket.socket) -> bytes:
    """Read one packet of MySQL's protocol: three bytes of length, the packet's number, the content."""
    header = _read_exactly(source, 4)
    return _read_exactly(source, int.from_bytes(header[:3], "little"))


def _read_exactly(source: socket.socket, count: int) -> bytes:
    content = b""
    while len(content) < count:
        part = source.recv(count - len(content))
        if not part:
            raise ConnectionResetError
        content += part
    return content


def _send(target: socket.socket, number: int, content: bytes) -> None:
    target.sendall(len(content).to_bytes(3, "little") + bytes([number]) + content)


def _copy(encrypted: ssl.SSLSocket, plain: socket.socket) -> None:
    with selectors.DefaultSelector() as both:
        both.register(encrypted, selectors.EVENT_READ, plain)
        both.register(plain, selectors.EVENT_READ, encrypted)
        while True:
            for key, _events in both.select():
                assert isinstance(key.fileobj, socket.socket)
                data = key.fileobj.recv(65536)
                # A selector doesn't see what TLS has decrypted already.
                while data and encrypted.pending():
                    data += encrypted.recv(65536)
                if not data:
                    return
                key.data.sendall(data)
