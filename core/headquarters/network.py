"""TCP connections to headquarters, with a deadline for the lookup of the name."""

from __future__ import annotations

import math
import ssl
from typing import TYPE_CHECKING, Any

from core.database.name_lookup import look_up

if TYPE_CHECKING:
    import httpcore
    import httpx


def create_transport(ssl_context: ssl.SSLContext) -> httpx.HTTPTransport:
    """Create a transport of httpx that verifies with this SSL context, and uses no proxy."""
    import httpx

    transport = httpx.HTTPTransport(verify=ssl_context, trust_env=False, retries=0)
    # httpx has no public way to choose what makes its connections.
    pool: Any = transport._pool
    pool._network_backend = _Network(pool._network_backend)
    return transport


class _Network:
    """Connects as httpcore does, but doesn't wait longer for the name service than for the server.

    Args:
        backend: Makes the connections.
    """

    def __init__(self, backend: httpcore.NetworkBackend) -> None:
        self._backend = backend

    def connect_tcp(self, host: str, port: int, timeout: float | None = None, **options: Any) -> httpcore.NetworkStream:
        """Look the name up, and connect to the first of its addresses that answers.

        Raises:
            httpcore.ConnectError: There is no such name, or no address can be connected to. The error of the operating
                system is the cause.
            httpcore.ConnectTimeout: An address didn't answer in time.
        """
        import httpcore

        try:
            found = look_up(host, port, math.inf if timeout is None else timeout)
        except OSError as error:
            raise httpcore.ConnectError(str(error)) from error
        failure: Exception | None = None
        for address in found:
            try:
                return self._backend.connect_tcp(str(address.address[0]), port, timeout, **options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        assert failure is not None  # noqa: S101 - a name has at least one address
        raise failure
