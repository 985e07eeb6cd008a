"""Asking whether the port of the API service answers. Done only on request, since it's another computer's port."""

from __future__ import annotations

import socket

from core.diagnosis.facts import PortProbe

SERVICE_PORT = 30223
_TIMEOUT = 5.0


def probe_service(host: str, port: int = SERVICE_PORT, timeout: float = _TIMEOUT) -> PortProbe:
    """Connect to the API service's port, send nothing, and close the connection. Blocks.

    An answer proves that something listens there. No answer doesn't prove that the service is down.

    Args:
        host: The update server.
        port: The port.
        timeout: The longest wait in seconds.
    """
    try:
        with socket.create_connection((host, port), timeout=timeout):
            return PortProbe(host, answered=True)
    except (OSError, UnicodeError):
        return PortProbe(host, answered=False)
