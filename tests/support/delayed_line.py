"""A long line to the test server: a TCP proxy that delays each direction, in a process of its own.

In the process of a test, its threads would take turns with what is measured. Connections don't wait for each other.
"""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import cast

from tests.support.server import Server

ROOT = Path(__file__).parents[2]


@contextmanager
def delayed_line(server: Server, delay: float) -> Iterator[int]:
    """Start a proxy to the server, yield the local port on which it listens, and end it.

    Args:
        server: The server to forward to.
        delay: The seconds by which each direction is delayed; a round trip takes twice that.
    """
    command = [sys.executable, "-m", "tests.support.delayed_line", server.host, str(server.port), str(delay)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield int(process.stdout.readline())
        finally:
            process.terminate()


class _End(asyncio.Protocol):
    """One end of a forwarded connection.

    Args:
        delay: The seconds by which what it receives is delayed.
    """

    def __init__(self, delay: float) -> None:
        self._delay = delay
        self._other: _End | None = None
        self._transport: asyncio.Transport | None = None
        self._waiting: deque[bytes | None] = deque()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Send small packets at once."""
        self._transport = cast("asyncio.Transport", transport)
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def data_received(self, data: bytes) -> None:
        """Forward data later."""
        self._forward_later(data)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - as in every protocol
        """Close the other end later."""
        self._forward_later(None)

    def join(self, other: _End) -> None:
        """Forward to another end from now on."""
        self._other = other

    def take(self, data: bytes | None) -> None:
        """Send data; None closes the connection."""
        if self._transport is None:
            return
        if data is None:
            self._transport.close()
        elif not self._transport.is_closing():
            self._transport.write(data)

    def _forward_later(self, data: bytes | None) -> None:
        self._waiting.append(data)
        asyncio.get_running_loop().call_later(self._delay, self._forward)

    def _forward(self) -> None:
        # In the order of arrival, whatever timers of the same moment do.
        data = self._waiting.popleft()
        if self._other is not None:
            self._other.take(data)


class _ClientEnd(_End):
    """The end of a client. It connects to the server one round trip after the client did.

    Args:
        address: The host and the port of the server.
        delay: The seconds by which each direction is delayed.
    """

    def __init__(self, address: tuple[str, int], delay: float) -> None:
        super().__init__(delay)
        self._address = address
        self._task: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Connect to the server. It speaks first, so nothing arrives from the client until then."""
        super().connection_made(transport)
        self._task = asyncio.create_task(self._connect())

    async def _connect(self) -> None:
        await asyncio.sleep(2 * self._delay)
        server = _End(self._delay)
        server.join(self)
        await asyncio.get_running_loop().create_connection(lambda: server, *self._address)
        self.join(server)


async def _serve(host: str, port: int, delay: float) -> None:
    loop = asyncio.get_running_loop()
    listener = await loop.create_server(lambda: _ClientEnd((host, port), delay), "127.0.0.1", 0, backlog=512)
    print(listener.sockets[0].getsockname()[1], flush=True)
    await listener.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve(sys.argv[1], int(sys.argv[2]), float(sys.argv[3])))
