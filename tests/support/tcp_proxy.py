"""A line to the server for tests that can be cut, mended, made to swallow everything, or to lose one answer."""

from __future__ import annotations

import selectors
import socket
import threading
from contextlib import suppress

from tests.support.databases import Server


class Line:
    """A line to the server.

    Args:
        server: Where it leads.

    Attributes:
        port: The port of this computer where it begins.
    """

    def __init__(self, server: Server) -> None:
        self._server = server
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._open: list[socket.socket] = []
        self._cut_off = False
        self._swallows = threading.Event()
        self._last_words: bytes | None = None
        self._reaches_server = self._stays_cut = True
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        """End all connections, and let no new one through."""
        self._cut_off = True
        for each in self._open:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
        self._open.clear()

    def swallow(self) -> None:
        """Carry nothing any more, without a word to either end, as a network does whose cable was pulled."""
        self._swallows.set()

    def mend(self) -> None:
        """Carry new connections again; those that were swallowed stay so."""
        self._cut_off = False
        self._swallows = threading.Event()

    def cut_at(self, words: bytes, *, reaches_server: bool, stays_cut: bool) -> None:
        """End the connection on which the program sends these words next.

        Args:
            reaches_server: The server gets them, and answers; only the answer is lost.
            stays_cut: No new connection gets through either.
        """
        self._last_words, self._reaches_server, self._stays_cut = words, reaches_server, stays_cut

    def close(self) -> None:
        """Take the line away."""
        self.cut()
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                near, _address = self._listener.accept()
                if self._cut_off:
                    near.close()
                    continue
                far = socket.create_connection((self._server.host, self._server.port))
                self._open += [near, far]
                threading.Thread(target=self._carry, args=(near, far, self._swallows), daemon=True).start()

    def _carry(self, near: socket.socket, far: socket.socket, swallows: threading.Event) -> None:
        with near, far, selectors.DefaultSelector() as both, suppress(OSError):
            both.register(near, selectors.EVENT_READ, far)
            both.register(far, selectors.EVENT_READ, near)
            while True:
                for key, _events in both.select():
                    assert isinstance(key.fileobj, socket.socket)
                    data = key.fileobj.recv(65536)
                    if not data:
                        return
                    if swallows.is_set():
                        continue
                    if key.fileobj is near and self._last_words is not None and self._last_words in data:
                        self._end_with(data, far)
                        return
                    key.data.sendall(data)

    def _end_with(self, data: bytes, far: socket.socket) -> None:
        self._last_words = None
        if self._reaches_server:
            far.sendall(data)
            far.recv(65536)
        if self._stays_cut:
            self.cut()
