"""TCP connections to headquarters, with a deadline for the lookup of the name. Imported only with the first request."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import httpcore
import httpx

from core.database.name_lookup import look_up


def create_transport(ssl_context: Any) -> httpx.HTTPTransport:
    """Create a transport of httpx that verifies with this SSL context, and uses no proxy."""
    transport = httpx.HTTPTransport(verify=ssl_context, trust_env=False, retries=0)
    # httpx has no public way to choose what makes its connections.
    transport._pool._network_backend = _Network()
    return transport


class _Network(httpcore.SyncBackend):
    """Connects as httpcore does, but doesn't wait longer for the name service than for the server."""

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """Look the name up, and connect to the first of its addresses that answers.

        Raises:
            httpcore.ConnectError: There is no such name, or no address can be connected to. The error of the operating
                system is the cause.
        """
        try:
            found = look_up(host, port, math.inf if timeout is None else timeout)
        except OSError as error:
            raise httpcore.ConnectError(str(error)) from error
        failure: Exception | None = None
        for address in found:
            try:
                return super().connect_tcp(str(address.address[0]), port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        assert failure is not None  # noqa: S101 - a name has at least one address
        raise failure
