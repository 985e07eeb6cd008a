"""A TCP proxy in front of the test server; it can cut connections, stall them, or lose one answer."""

from __future__ import annotations

import selectors
import socket
import threading
from contextlib import suppress

from tests.support.server import Server


class TcpProxy:
    """A proxy that forwards connections to the server until a test disturbs them.

    Args:
        server: The server to forward to.

    Attributes:
        port: The local port on which the proxy listens.
        connections: The number of connections opened to the proxy so far.
    """

    def __init__(self, server: Server) -> None:
        self._server = server
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.connections = 0
        self._open: list[socket.socket] = []
        self._is_cut = False
        self._stalled = threading.Event()
        self._cut_at: bytes | None = None
        self._reaches_server = self._stays_cut = True
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        """Close all connections, and refuse new ones."""
        self._is_cut = True
        for each in self._open:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
        self._open.clear()

    def stall(self) -> None:
        """Forward nothing any more without closing anything, like a network whose cable was pulled."""
        self._stalled.set()

    def reconnect(self) -> None:
        """Accept and forward new connections again; connections that were stalled stay stalled."""
        self._is_cut = False
        self._stalled = threading.Event()

    def cut_at(self, data: bytes, *, reaches_server: bool, stays_cut: bool) -> None:
        """Close the connection on which the client sends this data next.

        Args:
            data: What the packet must contain.
            reaches_server: The server gets the packet and answers; only the answer is lost.
            stays_cut: New connections are refused, too.
        """
        self._cut_at, self._reaches_server, self._stays_cut = data, reaches_server, stays_cut

    def close(self) -> None:
        """Close everything."""
        self.cut()
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _address = self._listener.accept()
                self.connections += 1
                if self._is_cut:
                    client.close()
                    continue
                server = socket.create_connection((self._server.host, self._server.port))
                self._open += [client, server]
                threading.Thread(target=self._forward, args=(client, server, self._stalled), daemon=True).start()

    def _forward(self, client: socket.socket, server: socket.socket, stalled: threading.Event) -> None:
        with client, server, selectors.DefaultSelector() as both, suppress(OSError):
            both.register(client, selectors.EVENT_READ, server)
            both.register(server, selectors.EVENT_READ, client)
            while True:
                for key, _events in both.select():
                    assert isinstance(key.fileobj, socket.socket)
                    data = key.fileobj.recv(65536)
                    if not data:
                        return
                    if stalled.is_set():
                        continue
                    if key.fileobj is client and self._cut_at is not None and self._cut_at in data:
                        self._lose_answer(data, server)
                        return
                    key.data.sendall(data)

    def _lose_answer(self, data: bytes, server: socket.socket) -> None:
        self._cut_at = None
        if self._reaches_server:
            server.sendall(data)
            server.recv(65536)
        if self._stays_cut:
            self.cut()
