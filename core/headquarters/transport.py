"""HTTP requests to headquarters: verified, within time and size limits, with failures translated."""

from __future__ import annotations

import re
import socket
import ssl
from contextlib import suppress
from dataclasses import dataclass
from socket import gaierror
from threading import Timer
from typing import TYPE_CHECKING, Any
from urllib.parse import SplitResult, urlsplit

from core.base.certificates import explain_rejection
from core.base.errors import HeadquartersError, HeadquartersStep, HeadquartersUnreachable, NoUsableAnswer, cause_chain
from core.database.local_host import is_local
from core.database.name_lookup import NameLookupTimeout
from core.headquarters.network import create_transport
from core.headquarters.requests import quote_text, unusable_answer

if TYPE_CHECKING:
    import httpx

CONNECT_SECONDS = 10.0
RESPONSE_SECONDS = 30.0
MAX_RESPONSE_BYTES = 16_000_000
"""Enough for a list of ten thousand keys."""

_PRINTABLE = re.compile(r"[^\s\x00-\x1f\x7f]+")


@dataclass(frozen=True)
class Limits:
    """The time and size limits of a request."""

    connect_seconds: float = CONNECT_SECONDS
    """The time to look the name up, again the time to connect to an address, and again that for the TLS handshake."""
    response_seconds: float = RESPONSE_SECONDS
    """The time from the connection to the last byte of the response, no matter how often bytes arrive."""
    response_bytes: int = MAX_RESPONSE_BYTES


@dataclass(frozen=True)
class Reply:
    """A complete HTTP response."""

    status: int
    content_type: str
    content: bytes


def post(address: str, content: bytes, soap_action: str, ssl_context: ssl.SSLContext, limits: Limits) -> Reply:
    """Send a request once, over a new connection, and block until the response is complete.

    Redirects aren't followed, and the environment's proxies aren't used.

    Args:
        address: An `https` URL; `http` is allowed only for this computer.
        content: The SOAP envelope.
        soap_action: The value of the header `SOAPAction`, including its quotation marks.
        ssl_context: Verifies the server's certificate.
        limits: The time and size limits.

    Raises:
        HeadquartersUnreachable: Nothing was sent.
        NoUsableAnswer: At least a part of the request was sent, and no complete response was received.
    """
    parts = validate_address(address)
    # Imported on first use: it takes long, and most runs never contact headquarters.
    import httpx

    timeout = httpx.Timeout(limits.response_seconds, connect=limits.connect_seconds)
    transport = create_transport(ssl_context)
    with _Deadline(limits.response_seconds) as deadline:
        try:
            with (
                httpx.Client(transport=transport, trust_env=False, timeout=timeout) as client,
                client.stream(
                    "POST",
                    parts.geturl(),
                    content=content,
                    headers=_headers(soap_action),
                    extensions={"trace": deadline.trace},
                ) as response,
            ):
                reply = _read_reply(response, limits.response_bytes)
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            raise _connect_error(error, parts, limits, connected=deadline.connected) from error
        except (httpx.InvalidURL, UnicodeError) as error:
            raise _invalid_address() from error
        except httpx.TransportError as error:
            raise _connection_lost(error, limits, expired=deadline.expired) from error
        if deadline.expired:
            # Without a Content-Length, a response cut off at the deadline looks complete.
            raise _timed_out(limits)
        return reply


def validate_address(address: str) -> SplitResult:
    """Check that a registration key may be sent to an address, and return the address in parts.

    Raises:
        HeadquartersUnreachable: The address is blank, invalid or unencrypted.
    """
    if not address.strip():
        raise HeadquartersUnreachable(
            HeadquartersStep.ADDRESS,
            "This practice has no address of Open Dental's headquarters (preference WebServiceHQServerURL is blank).",
            "Enter it in Open Dental, or for this office in the configuration file.",
        )
    try:
        parts = urlsplit(address.strip())
        host, _port = parts.hostname, parts.port
    except ValueError as error:
        raise _invalid_address() from error
    if not host or not _PRINTABLE.fullmatch(address.strip()) or parts.username is not None:
        raise _invalid_address()
    # A name that ends in a dot may be looked up in DNS, even localhost.
    if parts.scheme == "https" or (parts.scheme == "http" and is_local(host, "") and not host.endswith(".")):
        return parts
    raise HeadquartersUnreachable(
        HeadquartersStep.ADDRESS,
        "The address of Open Dental's headquarters does not begin with https://, so nothing was sent to it: the"
        " registration key and the keys could be read on the way.",
        "Correct the preference WebServiceHQServerURL.",
    )


def _invalid_address() -> HeadquartersUnreachable:
    return HeadquartersUnreachable(
        HeadquartersStep.ADDRESS,
        "The address of Open Dental's headquarters (preference WebServiceHQServerURL) isn't valid.",
        "It must have the form https://host/path.",
    )


def _headers(soap_action: str) -> dict[str, str]:
    return {
        "Content-Type": "text/xml; charset=utf-8",
        "SOAPAction": soap_action,
        "Accept": "text/xml",
        # Without compression, a small response can't expand to a huge one.
        "Accept-Encoding": "identity",
        "Connection": "close",
        "User-Agent": "apisetup",
    }


class _Deadline:
    """Shuts down a connection when the time for the whole response is over.

    The timeouts of httpx can't do this. They apply to each read from the socket, so a server that sends a byte now and
    then would never exceed them. A timeout of asyncio could, but its name lookups run in a thread pool that Python
    joins at exit, so the program couldn't quit while a name server doesn't answer.

    Attributes:
        connected: True once the TCP connection is made, which starts the timer.
        expired: True once the time is over.
    """

    def __init__(self, seconds: float) -> None:
        self.connected = False
        self.expired = False
        self._socket: socket.socket | None = None
        self._timer = Timer(seconds, self._expire)
        self._timer.daemon = True

    def __enter__(self) -> _Deadline:
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()

    def trace(self, event: str, info: dict[str, Any]) -> None:
        """Handle a trace event of httpx: keep the socket, and start the timer with the first connection."""
        if event not in ("connection.connect_tcp.complete", "connection.start_tls.complete"):
            return
        self._socket = info["return_value"].get_extra_info("socket")
        if not self.connected:
            self.connected = True
            self._timer.start()
        if self.expired:
            self._shut_down()

    def _expire(self) -> None:
        self.expired = True
        self._shut_down()

    def _shut_down(self) -> None:
        if self._socket is not None:
            with suppress(OSError):
                # SSLSocket.shutdown would also drop the TLS state that another thread is reading with.
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)


def _read_reply(response: httpx.Response, max_bytes: int) -> Reply:
    if response.headers.get("Content-Encoding", "identity").strip().lower() not in ("", "identity"):
        raise unusable_answer("it is compressed, which was not requested")
    content = bytearray()
    for chunk in response.iter_raw():
        content += chunk
        if len(content) > max_bytes:
            raise unusable_answer(f"it is longer than {max_bytes // 1_000_000} MB, and was not read to its end")
    return Reply(response.status_code, response.headers.get("Content-Type", ""), bytes(content))


def _connect_error(
    error: httpx.TransportError, parts: SplitResult, limits: Limits, *, connected: bool
) -> HeadquartersError:
    """Return the error for a connection that couldn't be made, or whose TLS handshake failed."""
    host, cause = quote_text(parts.hostname or "", {}), _find_cause(error)
    if isinstance(cause, NameLookupTimeout):
        return HeadquartersUnreachable(
            HeadquartersStep.NAME,
            f"The address of {host} isn't known: {cause}, so nothing was sent to Open Dental's headquarters.",
            "Check this computer's network and its name servers.",
            passing=True,
        )
    if isinstance(cause, gaierror):
        return HeadquartersUnreachable(
            HeadquartersStep.NAME,
            f"The host name of Open Dental's headquarters, {host}, can't be resolved.",
            "Check this computer's network and DNS, and the preference WebServiceHQServerURL.",
            passing=cause.errno == socket.EAI_AGAIN,
        )
    if isinstance(cause, ssl.SSLError) or connected:
        return _handshake_error(cause, host, limits)
    reason = f"no answer in {limits.connect_seconds:g} seconds"
    if isinstance(cause, OSError) and not isinstance(cause, TimeoutError):
        reason = cause.strerror or "connection failed"
    return HeadquartersUnreachable(
        HeadquartersStep.CONNECTION,
        f"Open Dental's headquarters cannot be reached at {host}, port {_port(parts)} ({reason}).",
        "Check this computer's network, and that the firewall lets it connect there.",
        passing=True,
    )


def _handshake_error(cause: BaseException | None, host: str, limits: Limits) -> HeadquartersUnreachable:
    if isinstance(cause, ssl.SSLCertVerificationError):
        return _verification_error(cause)
    reason = f"it was not ready in {limits.connect_seconds:g} seconds"
    if isinstance(cause, ssl.SSLError):
        reason = cause.reason or "TLS failed"
    elif isinstance(cause, OSError) and not isinstance(cause, TimeoutError):
        reason = cause.strerror or "the connection was closed"
    return HeadquartersUnreachable(
        HeadquartersStep.TLS,
        f"The encrypted connection to {host} failed ({reason}), so nothing was sent to it.",
        "Check the address in the preference WebServiceHQServerURL, and whether a firewall here inspects TLS"
        " connections.",
        passing=not isinstance(cause, ssl.SSLError),
    )


def _verification_error(error: ssl.SSLCertVerificationError) -> HeadquartersUnreachable:
    rejection = explain_rejection(error)
    return HeadquartersUnreachable(
        HeadquartersStep.TLS,
        f"The certificate at headquarters' address {rejection.reason}, so nothing was sent to it.",
        "Check the address in the preference WebServiceHQServerURL, this computer's clock and its certificates, and"
        f" whether a firewall here inspects TLS connections. If it does, correct its certificate. {rejection.hint}",
    )


def _connection_lost(error: httpx.TransportError, limits: Limits, *, expired: bool) -> NoUsableAnswer:
    """Return the error for a connection that failed after something may have been sent."""
    import httpx

    if expired or isinstance(error, httpx.TimeoutException):
        return _timed_out(limits)
    return NoUsableAnswer(
        "The connection to Open Dental's headquarters was lost before the response was complete.",
        "Try again. If this persists, check this computer's network and firewall.",
        passing=True,
        arrived=False,
    )


def _timed_out(limits: Limits) -> NoUsableAnswer:
    return NoUsableAnswer(
        f"Open Dental's headquarters did not send a complete response within {limits.response_seconds:g} seconds.",
        "Try again later.",
        passing=True,
        arrived=False,
    )


def _find_cause(error: BaseException) -> BaseException | None:
    """Return the error of the operating system or TLS library that caused an error; None if there is none."""
    return next((each for each in cause_chain(error, suppressed=True) if isinstance(each, OSError)), None)


def _port(parts: SplitResult) -> int:
    return parts.port or (443 if parts.scheme == "https" else 80)
