"""The reasons why a connection to a database server can't be made or used, and what they mean for an admin."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from enum import Enum

from core.base.errors import ApiSetupError, ConnectionLost, ServerUnreachable
from core.database.name_lookup import NameLookupTimeout
from core.database.server_errors import USE_TLS, WRONG_PASSWORD, server_error
from core.database.tls import insecure_connection

CHECK_NAMES = "Check this computer's network and its name servers, or give the server's IP address."
"""The hint for a name service that doesn't answer."""


class FailedStep(Enum):
    """The step of a connection attempt that failed."""

    REACH = "reach"
    """The name, the network, or a connection that was closed before the server had said anything."""
    GREETING = "greeting"
    """Something answered, but it isn't a MySQL or MariaDB server."""
    TLS = "tls"
    """The TLS handshake."""
    SIGN_IN = "sign-in"
    """Everything after the server's greeting."""


@dataclass(frozen=True)
class ConnectFailure:
    """A failed attempt to connect."""

    step: FailedStep
    place: str
    """The address that was tried: `host:port`, or the path of a socket."""
    code: int
    """The error number of the server or of PyMySQL; 0 if there is none."""
    message: str
    """The message of the server or of PyMySQL, complete, without the password; may be empty."""
    cause: BaseException | None = None
    """The error of the operating system or the TLS library; None if there is none."""
    encrypted: bool = False
    """True if the connection uses TLS."""
    offers_tls: bool = False
    """True if the server's greeting offers TLS."""


def unusable_answer(reason: str = "") -> ConnectionLost:
    """Return the error for something that no MySQL or MariaDB server sends; the connection was closed.

    Args:
        reason: What came, as the end of a sentence; may be empty.
    """
    return ConnectionLost(
        f"The database server's response can't be used{f': {reason}' if reason else ''}. The connection was closed.",
        "Check that this is the address of a MySQL or MariaDB server, and any proxy or firewall on the way.",
    )


def connect_error(failure: ConnectFailure) -> ApiSetupError:
    """Return the error that a failed attempt to connect means."""
    if failure.step is FailedStep.REACH:
        return _unreachable(failure)
    if failure.step is FailedStep.GREETING or failure.code == _NOT_A_HANDSHAKE:
        return _not_mysql(failure)
    insecure = insecure_connection(failure.cause, failure.code)
    if insecure is not None:
        return insecure
    if isinstance(failure.cause, TimeoutError) or failure.code in _CLOSED:
        return ServerUnreachable(
            f"The server at {failure.place} answered, but {_silence(failure)} before sign-in was complete.",
            "Try again. If this persists, the server is too busy, or a proxy or firewall interferes.",
        )
    if failure.code:
        error = server_error(failure.code, failure.message, connecting=True)
        if failure.code == WRONG_PASSWORD and failure.offers_tls and not failure.encrypted:
            # Servers give a user with REQUIRE SSL the same answer as one with a wrong password.
            error.hint += f" If the server requires TLS of this user: {USE_TLS[:1].lower()}{USE_TLS[1:]}"
        return error
    return _not_mysql(failure)


_NOT_A_HANDSHAKE = 2012
"""PyMySQL's error number if what comes isn't what a server sends before the first statement."""
_CLOSED = (2006, 2013)
"""PyMySQL's error numbers if the connection ends while it waits for an answer."""


def _unreachable(failure: ConnectFailure) -> ServerUnreachable:
    if isinstance(failure.cause, NameLookupTimeout):
        return ServerUnreachable(f"The address of the database server isn't known: {failure.cause}.", CHECK_NAMES)
    if isinstance(failure.cause, socket.gaierror | UnicodeError):
        return ServerUnreachable(
            "The database server's host name can't be resolved.",
            "Check its spelling and this computer's DNS.",
        )
    return ServerUnreachable(
        f"No MySQL server answers at {failure.place}: {_silence(failure)}.",
        "Check the host's name, the port, the firewall and the server.",
    )


def _not_mysql(failure: ConnectFailure) -> ServerUnreachable:
    detail = f" ({failure.message})" if failure.code and failure.message else ""
    return ServerUnreachable(
        f"Another program, not MySQL, answers at {failure.place}{detail}.",
        "Check the port. MySQL's is 3306 on most servers; its X protocol (33060) isn't supported.",
    )


def _silence(failure: ConnectFailure) -> str:
    if isinstance(failure.cause, TimeoutError):
        return "the connection timed out"
    reason = failure.cause.strerror if isinstance(failure.cause, OSError) else ""
    return reason or "the connection was closed"
