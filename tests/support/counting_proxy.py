"""A TCP proxy that counts the round trips to the test server, and can delay each direction like a long line."""

from __future__ import annotations

import selectors
import socket
import threading
import time
from contextlib import suppress
from typing import Self

from tests.support.server import Server

_COM_QUERY = 3
_HEADER_LENGTH = 4


class CountingProxy:
    """A proxy that forwards connections to the server.

    A burst is what a client sends before the server answers: one round trip, however many packets it has.

    Args:
        server: The server to forward to.
        delay: The seconds by which each direction is delayed; a round trip takes twice that.

    Attributes:
        port: The local port on which the proxy listens.
        delay: The seconds by which each direction is delayed from now on.
        bursts: One text for each burst so far: the statement, or the kind of packet.
    """

    def __init__(self, server: Server, delay: float = 0.0) -> None:
        self._server = server
        self.delay = delay
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.bursts: list[str] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._listener.close()

    def take(self) -> list[str]:
        """Return the bursts since the last call."""
        bursts, self.bursts = self.bursts, []
        return bursts

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _address = self._listener.accept()
                # A connection costs a round trip of its own before anybody says anything.
                self.bursts.append("connect")
                time.sleep(2 * self.delay)
                server = socket.create_connection((self._server.host, self._server.port))
                for each in (client, server):
                    each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                threading.Thread(target=self._forward, args=(client, server), daemon=True).start()

    def _forward(self, client: socket.socket, server: socket.socket) -> None:
        with client, server, selectors.DefaultSelector() as both, suppress(OSError):
            both.register(client, selectors.EVENT_READ, server)
            both.register(server, selectors.EVENT_READ, client)
            from_client = False
            while True:
                for key, _events in both.select():
                    assert isinstance(key.fileobj, socket.socket)
                    data = key.fileobj.recv(1 << 20)
                    if not data:
                        return
                    if key.fileobj is client and not from_client:
                        self.bursts.append(_describe(data))
                    # A large answer arrives in many pieces, one right after the other.
                    if from_client != (key.fileobj is client) or key.fileobj is client:
                        time.sleep(self.delay)
                    from_client = key.fileobj is client
                    key.data.sendall(data)


def _describe(data: bytes) -> str:
    if len(data) <= _HEADER_LENGTH or data[_HEADER_LENGTH] != _COM_QUERY:
        return f"packet {data[_HEADER_LENGTH:][:1].hex()}"
    return data[_HEADER_LENGTH + 1 :].decode(errors="replace")
