"""A TCP server that speaks as much of MySQL's protocol as a test wants, or something else."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

Script = Callable[[socket.socket], None]
"""Serves one connection, which is closed at its end."""

_CAPABILITIES = 0x0008_A20F
"""Long passwords, found rows, long flags, connect with a database, protocol 4.1, transactions, plugins."""
TLS = 0x0800
"""The capability that offers TLS."""
_SECURE_CONNECTION = 0x8000


@contextmanager
def fake_mysql(script: Script) -> Iterator[int]:
    """Serve every connection with a script, each in a thread of its own, and return the port."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve(client: socket.socket) -> None:
        with client, suppress(OSError):
            script(client)

    def accept() -> None:
        with suppress(OSError):
            while True:
                client, _address = listener.accept()
                threading.Thread(target=serve, args=(client,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield listener.getsockname()[1]
    finally:
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()


def packet(number: int, content: bytes) -> bytes:
    """Return a packet of the protocol."""
    return len(content).to_bytes(3, "little") + bytes([number]) + content


def greeting(
    *,
    protocol: int = 10,
    version: bytes = b"8.0.99-fake",
    plugin: bytes = b"mysql_native_password",
    capabilities: int = 0,
) -> bytes:
    """Return the packet with which a server greets a client."""
    flags = _CAPABILITIES | _SECURE_CONNECTION | capabilities
    content = bytes([protocol]) + version + b"\0" + (7).to_bytes(4, "little") + b"saltsalt\0"
    content += (flags & 0xFFFF).to_bytes(2, "little") + b"\x2d\x02\x00" + (flags >> 16).to_bytes(2, "little")
    return packet(0, content + b"\x15" + bytes(10) + b"saltsaltsalt\0" + plugin + b"\0")


def ok(number: int) -> bytes:
    """Return the packet that says that all went well."""
    return packet(number, b"\x00\x00\x00\x02\x00\x00\x00")


def error(number: int, code: int, message: str, state: str = "HY000") -> bytes:
    """Return the packet of an error."""
    return packet(number, b"\xff" + code.to_bytes(2, "little") + f"#{state}{message}".encode())


def switch_to(plugin: str) -> bytes:
    """Return the packet that asks for another authentication plugin."""
    return packet(2, b"\xfe" + plugin.encode() + b"\0" + b"saltsaltsaltsaltsalt\0")


def read_packet(client: socket.socket) -> bytes:
    """Read a packet of the client; return nothing at the end of the connection."""
    header = _read(client, 4)
    return _read(client, int.from_bytes(header[:3], "little")) if header else b""


def answering(*, statement: Callable[[bytes], bytes | None]) -> Script:
    """Return a script of a server that accepts everybody.

    Args:
        statement: Returns the answer to a command, or None for an OK packet.
    """

    def serve(client: socket.socket) -> None:
        client.sendall(greeting())
        read_packet(client)
        client.sendall(ok(2))
        while command := read_packet(client):
            client.sendall(statement(command) or ok(1))

    return serve


def sending(*parts: bytes) -> Script:
    """Return a script that sends each part, waits for a packet after each, and closes the connection."""

    def serve(client: socket.socket) -> None:
        for part in parts:
            client.sendall(part)
            read_packet(client)

    return serve


def _read(client: socket.socket, length: int) -> bytes:
    content = b""
    while len(content) < length:
        part = client.recv(length - len(content))
        if not part:
            return b""
        content += part
    return content
