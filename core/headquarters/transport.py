"""One request to headquarters over HTTP: verified, within limits, and its failures put into words."""

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

from core.base.errors import HeadquartersError, HeadquartersStep, HeadquartersUnreachable, NoUsableAnswer
from core.database.tls import EXPIRED, WRONG_HOST, is_local
from core.headquarters.requests import quoted, unusable_answer

if TYPE_CHECKING:
    import httpx

CONNECT_SECONDS = 10.0
RESPONSE_SECONDS = 30.0
MAX_RESPONSE_BYTES = 16_000_000
"""In bytes; ten thousand keys fit into that."""


_PLAIN = re.compile(r"[^\s\x00-\x1f\x7f]+")


@dataclass(frozen=True)
class Limits:
    """How long a request may take, and how much it may bring."""

    connect_seconds: float = CONNECT_SECONDS
    """For the connection, and again for its encryption."""
    answer_seconds: float = RESPONSE_SECONDS
    """From the connection to the last byte of the answer, however busily it comes."""
    answer_bytes: int = MAX_RESPONSE_BYTES


@dataclass(frozen=True)
class Reply:
    """What the server answered, read to its end."""

    status: int
    content_type: str
    content: bytes


def post(address: str, content: bytes, soap_action: str, trust: ssl.SSLContext, limits: Limits) -> Reply:
    """Send one request over a connection of its own, once, and read the answer; this blocks.

    Neither redirects nor the environment's proxies are followed.

    Args:
        address: `https://...`; plain `http` only to this computer.
        content: The envelope.
        soap_action: With its quotation marks.
        trust: Whose certificates are accepted.
        limits: When to give up.

    Raises:
        HeadquartersUnreachable: Nothing was sent.
        NoUsableAnswer: The request was sent, at least in part, and no whole answer came.
    """
    parts = validate_address(address)
    # Imported here, since it takes its time and not every start asks headquarters.
    import httpx

    headers = {
        "Content-Type": "text/xml; charset=utf-8",
        "SOAPAction": soap_action,
        "Accept": "text/xml",
        # A small answer that unpacks to a huge one is not possible without packing.
        "Accept-Encoding": "identity",
        "Connection": "close",
        "User-Agent": "apisetup",
    }
    timeout = httpx.Timeout(limits.answer_seconds, connect=limits.connect_seconds)
    transport = httpx.HTTPTransport(verify=trust, trust_env=False, retries=0)
    with _Deadline(limits.answer_seconds) as watch:
        try:
            with (
                httpx.Client(transport=transport, trust_env=False, timeout=timeout) as client,
                client.stream(
                    "POST", parts.geturl(), content=content, headers=headers, extensions={"trace": watch.trace}
                ) as response,
            ):
                reply = _read(response, limits.answer_bytes)
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            raise _not_connected(error, parts, limits, connected=watch.connected) from error
        except (httpx.InvalidURL, UnicodeError) as error:
            raise _unreadable_address() from error
        except httpx.TransportError as error:
            raise _lost(error, limits, late=watch.over) from error
        if watch.over:
            # Without a length, an answer that was cut off ends like one that is complete.
            raise _late(limits)
        return reply


class _Deadline:
    """Shuts a connection down when its time is over.

    The timeouts of a socket begin anew with every byte, so a server that sends one now and then would never meet them.
    """

    def __init__(self, seconds: float) -> None:
        self.over = False
        self.connected = False
        self._socket: socket.socket | None = None
        self._timer = Timer(seconds, self._end)
        self._timer.daemon = True

    def __enter__(self) -> _Deadline:
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()

    def trace(self, event: str, info: dict[str, Any]) -> None:
        """Take over each socket that the HTTP library tells of."""
        if event not in ("connection.connect_tcp.complete", "connection.start_tls.complete"):
            return
        self._socket = info["return_value"].get_extra_info("socket")
        if not self.connected:
            self.connected = True
            self._timer.start()
        if self.over:
            self._shut()

    def _end(self) -> None:
        self.over = True
        self._shut()

    def _shut(self) -> None:
        if self._socket is not None:
            with suppress(OSError):
                # Not the method of SSLSocket, which would take the encryption away from under the reader.
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)


def validate_address(address: str) -> SplitResult:
    """The parts of an address to which a registration key may be sent.

    Raises:
        HeadquartersUnreachable: It is none, and why.
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
        raise _unreadable_address() from error
    if not host or not _PLAIN.fullmatch(address.strip()) or parts.username is not None:
        raise _unreadable_address()
    if parts.scheme == "https" or (parts.scheme == "http" and is_local(host, "")):
        return parts
    raise HeadquartersUnreachable(
        HeadquartersStep.ADDRESS,
        "The address of Open Dental's headquarters does not begin with https://, so nothing was sent to it: the"
        " registration key and the keys could be read on the way.",
        "Correct the preference WebServiceHQServerURL.",
    )


def _unreadable_address() -> HeadquartersUnreachable:
    return HeadquartersUnreachable(
        HeadquartersStep.ADDRESS,
        "The address of Open Dental's headquarters (preference WebServiceHQServerURL) is none that can be used.",
        "It looks like https://host/path.",
    )


def _read(response: httpx.Response, at_most: int) -> Reply:
    if response.headers.get("Content-Encoding", "identity").strip().lower() not in ("", "identity"):
        raise unusable_answer("it is compressed, which was not asked for")
    content = bytearray()
    for chunk in response.iter_raw():
        content += chunk
        if len(content) > at_most:
            raise unusable_answer(f"it is longer than {at_most // 1_000_000} MB, and was not read to its end")
    return Reply(response.status_code, response.headers.get("Content-Type", ""), bytes(content))


def _not_connected(
    error: httpx.TransportError, parts: SplitResult, limits: Limits, *, connected: bool
) -> HeadquartersError:
    """The meaning of a connection that was not made."""
    host, cause = quoted(parts.hostname or "", {}), _cause(error)
    if isinstance(cause, gaierror):
        return HeadquartersUnreachable(
            HeadquartersStep.NAME,
            f"The name {host} of Open Dental's headquarters is not found from this computer.",
            "Check this computer's network and name server, and the preference WebServiceHQServerURL.",
            passing=cause.errno == socket.EAI_AGAIN,
        )
    if isinstance(cause, ssl.SSLError) or connected:
        return _not_encrypted(cause, host, limits)
    why = f"no answer in {limits.connect_seconds:g} seconds"
    if isinstance(cause, OSError) and not isinstance(cause, TimeoutError):
        why = cause.strerror or "connection failed"
    return HeadquartersUnreachable(
        HeadquartersStep.CONNECTION,
        f"Open Dental's headquarters cannot be reached at {host}, port {_port(parts)} ({why}).",
        "Check this computer's network, and that the firewall lets it connect there.",
        passing=True,
    )


def _not_encrypted(cause: BaseException | None, host: str, limits: Limits) -> HeadquartersUnreachable:
    if isinstance(cause, ssl.SSLCertVerificationError):
        return _unverified(cause)
    why = f"it was not ready in {limits.connect_seconds:g} seconds"
    if isinstance(cause, ssl.SSLError):
        why = cause.reason or "TLS failed"
    elif isinstance(cause, OSError) and not isinstance(cause, TimeoutError):
        why = cause.strerror or "the connection was closed"
    return HeadquartersUnreachable(
        HeadquartersStep.TLS,
        f"No encrypted line could be made with {host} ({why}), so nothing was sent to it.",
        "Check the address in the preference WebServiceHQServerURL, and whether a firewall here opens such lines.",
        passing=not isinstance(cause, ssl.SSLError),
    )


def _unverified(error: ssl.SSLCertVerificationError) -> HeadquartersUnreachable:
    if error.verify_code in WRONG_HOST:
        return HeadquartersUnreachable(
            HeadquartersStep.TLS,
            "The certificate at headquarters' address is for another host name, so nothing was sent to it.",
            "Check the address in the preference WebServiceHQServerURL, and whether a firewall here opens such lines.",
        )
    if error.verify_code in EXPIRED:
        return HeadquartersUnreachable(
            HeadquartersStep.TLS,
            "The certificate at headquarters' address is not valid at this time, so nothing was sent to it.",
            "Check the clock of this computer; else Open Dental has to renew it.",
        )
    return HeadquartersUnreachable(
        HeadquartersStep.TLS,
        "The certificate at headquarters' address was not signed by anybody who is trusted here"
        f" ({error.verify_message}), so nothing was sent to it.",
        "Check whether a firewall here opens such lines, and that this computer's certificates are up to date.",
    )


def _lost(error: httpx.TransportError, limits: Limits, *, late: bool) -> NoUsableAnswer:
    """The meaning of a connection that failed after something may have been sent."""
    import httpx

    if late or isinstance(error, httpx.TimeoutException):
        return _late(limits)
    return NoUsableAnswer(
        "The line to Open Dental's headquarters broke before its whole answer was here.",
        "Try again; if it stays so, check this computer's network and firewall.",
        passing=True,
    )


def _late(limits: Limits) -> NoUsableAnswer:
    return NoUsableAnswer(
        f"Open Dental's headquarters did not answer completely within {limits.answer_seconds:g} seconds.",
        "Try again later.",
        passing=True,
    )


def _cause(error: BaseException) -> BaseException | None:
    """What the operating system or the TLS library said underneath; None where they said nothing."""
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, OSError):
        cause = cause.__cause__ or cause.__context__
    return cause


def _port(parts: SplitResult) -> int:
    return parts.port or (443 if parts.scheme == "https" else 80)
