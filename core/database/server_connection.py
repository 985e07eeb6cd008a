"""Connections to MySQL and MariaDB: PyMySQL's, with one deadline, a size limit, and every failure as a driver error.

PyMySQL raises its own errors for what servers usually do. For everything else, such as another protocol on the port,
plugins that need a package, or packets that are too short, it raises whatever Python does: `struct.error`,
`IndexError`, `RuntimeError`. SQLAlchemy passes these on, and keeps the connection in its pool. Here they become errors
of the driver, and the connection is closed.

This module is imported with the first server engine, since it imports PyMySQL.
"""

from __future__ import annotations

import os
import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from io import BufferedReader
from threading import Timer
from typing import Any, Self

from pymysql.charset import charset_by_name
from pymysql.connections import Connection
from pymysql.constants import CLIENT, CR, FIELD_TYPE
from pymysql.converters import conversions, convert_datetime
from pymysql.err import Error, OperationalError

from core.base.errors import ApiSetupError
from core.database.answer_reader import AnswerReader
from core.database.connect_failure import ConnectFailure, FailedStep
from core.database.name_lookup import look_up

MAX_CONNECT_BYTES = 65_536
"""The most that a server may send before the first statement. Real ones send less than 2,000 bytes."""

_PROTOCOL = 10
"""The version of the protocol that servers since MySQL 3.21 speak; it's the first byte of their greeting."""
_SHORTEST_MASKED = 4
"""Shorter passwords are not masked in messages: replacing each `a` would reveal the password."""


class ConnectFailed(OperationalError):
    """A connection could not be made. PyMySQL's error, or the one that it didn't foresee, is the cause."""

    def __init__(self, failure: ConnectFailure) -> None:
        super().__init__(failure.code, failure.message)
        self.failure = failure


class AnswerUnusable(OperationalError):
    """PyMySQL can't read an answer; the connection is closed. The number has SQLAlchemy discard it."""

    def __init__(self, reason: str) -> None:
        super().__init__(CR.CR_SERVER_LOST, reason)
        self.reason = reason


class ServerConnection(Connection):
    """A connection of PyMySQL that fails only with errors of PyMySQL.

    Args:
        attempt_seconds: The deadline of the whole attempt to connect, however slowly bytes arrive.
        answer_seconds: The deadline of each whole answer to a statement.
        options: As of PyMySQL.
    """

    def __init__(self, *, attempt_seconds: float, answer_seconds: float, **options: Any) -> None:
        self._attempt_seconds = attempt_seconds
        self._answer_seconds = answer_seconds
        self._reader: AnswerReader | None = None
        self._bytes_left = MAX_CONNECT_BYTES
        self._is_reached = False
        self._is_greeted = False
        super().__init__(conv=CONVERSIONS, **options)

    def connect(self, sock: socket.socket | None = None) -> None:
        """Connect, and run the initial statements.

        Raises:
            ConnectFailed: No connection could be made.
        """
        # Only while it connects: later, this is called twice for each row.
        self._read_bytes = self._read_limited
        self._reader = None
        with _Deadline(self._attempt_seconds) as deadline:
            try:
                sock = sock or self._open_socket(deadline)
                self._is_reached = True
                deadline.watch(sock)
                super().connect(sock)
                self._read_with_deadlines()
            except ApiSetupError:
                # An authentication method that is refused here.
                self._force_close()
                raise
            except Exception as error:
                self._force_close()
                raise ConnectFailed(self._describe(error, expired=deadline.expired)) from error
            finally:
                del self._read_bytes

    def set_character_set(self, charset: str, collation: str | None = None) -> None:
        """Take a character set for the texts of statements. The initial statement sets it on the server."""
        self.charset, self.encoding, self.collation = charset, charset_by_name(charset).encoding, collation

    def query(self, sql: str | bytes, unbuffered: bool = False) -> Any:
        """Run a statement."""
        with self._driver_errors_only():
            return super().query(sql, unbuffered)

    def ping(self, reconnect: bool = False) -> None:
        """Check that the server still answers."""
        with self._driver_errors_only():
            super().ping(reconnect)

    def commit(self) -> None:
        """Commit the transaction."""
        with self._driver_errors_only():
            super().commit()

    def rollback(self) -> None:
        """Roll the transaction back."""
        with self._driver_errors_only():
            super().rollback()

    # PyMySQL has no public hook for these two. Each statement is sent by the second one.

    def _read_with_deadlines(self) -> None:
        self._reader = AnswerReader(self._sock, self._read_timeout, self._answer_seconds)
        # Closed, since the socket would stay open as long as this file.
        self._rfile.close()
        self._rfile: BufferedReader = BufferedReader(self._reader)

    def _execute_command(self, command: int, sql: str | bytes) -> None:
        if self._reader is not None and self._sock is not None:
            self._reader.begin()
        super()._execute_command(command, sql)

    @contextmanager
    def _driver_errors_only(self) -> Iterator[None]:
        try:
            yield
        except Error as error:
            if not error.args or not isinstance(error.args[0], int):
                # Such as a packet out of sequence: what follows on this connection can't be trusted either.
                self._force_close()
                raise AnswerUnusable("") from error
            raise
        except Exception as error:
            self._force_close()
            raise AnswerUnusable(_unusable_reason(error)) from error

    # -- connecting ----------------------------------------------------------------

    # PyMySQL has no public hook for these. Without them, a server could send gigabytes as its greeting, and a
    # program that isn't a database server would be sent the user's name.

    def _read_limited(self, num_bytes: int) -> bytes:
        self._bytes_left -= num_bytes
        if self._bytes_left < 0:
            self._force_close()
            raise OperationalError(CR.CR_SERVER_HANDSHAKE_ERR, "its greeting is too long")
        return bytes(super()._read_bytes(num_bytes))

    def _get_server_information(self) -> None:
        super()._get_server_information()
        if self.protocol_version != _PROTOCOL:
            raise OperationalError(CR.CR_VERSION_ERROR, f"it uses protocol version {self.protocol_version}")
        self._is_greeted = True

    def _open_socket(self, deadline: _Deadline) -> socket.socket:
        if self.unix_socket:
            # PyMySQL sends passwords in clear text over sockets that stay on this computer, as MySQL's own client does.
            self._secure = True
            self.host_info = "Localhost via UNIX socket"
            return _connect(socket.AF_UNIX, 0, self.unix_socket, self.connect_timeout)
        failure: OSError | None = None
        for found in look_up(self.host, self.port, deadline.remaining):
            try:
                seconds = min(self.connect_timeout, deadline.remaining)
                sock = _connect(found.family, found.protocol, found.address, seconds)
            except OSError as error:
                failure = error
                continue
            self.host_info = f"socket {self.host}:{self.port}"
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            return sock
        assert failure is not None  # noqa: S101 - a name has at least one address
        raise failure

    def _describe(self, error: Exception, *, expired: bool) -> ConnectFailure:
        arguments: tuple[Any, ...] = error.args if isinstance(error, Error) else ()
        code = arguments[0] if arguments and isinstance(arguments[0], int) else 0
        message = str(arguments[1]) if code and len(arguments) > 1 else str(arguments[0]) if arguments else ""
        cause = getattr(error, "original_exception", None) or _cause_of(error)
        if expired:
            cause = TimeoutError(f"no connection within {self._attempt_seconds:g} seconds")
        if not code and isinstance(error, RuntimeError):
            # PyMySQL's message if a plugin needs a package that isn't installed.
            code, message = CR.CR_AUTH_PLUGIN_CANNOT_LOAD, str(error)
        elif not code and isinstance(error, AttributeError):
            # PyMySQL offers the plugin for passwords from before MySQL 4.1, and lacks its function.
            code, message = CR.CR_AUTH_PLUGIN_CANNOT_LOAD, f"PyMySQL lacks {error.name}"
        return ConnectFailure(
            step=self._failed_step(code, cause),
            place=self.unix_socket or f"{self.host}:{self.port}",
            code=code,
            message=self._without_password(message),
            cause=cause,
            encrypted=bool(self.ssl),
            offers_tls=self._is_greeted and bool(self.server_capabilities & CLIENT.SSL),
        )

    def _failed_step(self, code: int, cause: BaseException | None) -> FailedStep:
        if not self._is_reached:
            return FailedStep.REACH
        if isinstance(cause, ssl.SSLError):
            return FailedStep.TLS
        if self._is_greeted or (code >= _FIRST_SERVER_ERROR and code not in _CLIENT_ERRORS):
            return FailedStep.SIGN_IN
        if isinstance(cause, OSError) or code == CR.CR_SERVER_LOST:
            return FailedStep.REACH
        return FailedStep.GREETING

    def _without_password(self, message: str) -> str:
        password = self.password.decode("utf-8", "replace")
        return message.replace(password, "***") if len(password) >= _SHORTEST_MASKED else message


def _to_datetime(text: str) -> Any:
    """Convert a time as PyMySQL does: to a datetime, or to text if it isn't one, such as `0000-00-00 00:00:00`.

    PyMySQL uses a regular expression, which takes a quarter of the time of reading a page of the Audit Trail.
    """
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return convert_datetime(text)


CONVERSIONS = {**conversions, FIELD_TYPE.DATETIME: _to_datetime, FIELD_TYPE.TIMESTAMP: _to_datetime}
"""The functions that convert the values of each type."""

_FIRST_SERVER_ERROR = 1000
_CLIENT_ERRORS = range(2000, 3000)
"""The error numbers that clients such as PyMySQL use; all others come from servers."""


class _Deadline:
    """Shuts down a socket when the time for a connection attempt is over.

    The timeout of a socket applies to each read, so a server that sends a byte now and then never exceeds it.
    """

    def __init__(self, seconds: float) -> None:
        self.expired = False
        self._end = time.monotonic() + seconds
        self._socket: socket.socket | None = None
        self._timer: Timer | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        if self._timer is not None:
            self._timer.cancel()
            # An expiring timer still uses the socket.
            self._timer.join()
        if self._socket is not None:
            self._socket.close()

    @property
    def remaining(self) -> float:
        """The seconds until the end; never 0, which would make a socket non-blocking."""
        return max(self._end - time.monotonic(), 0.001)

    def watch(self, sock: socket.socket) -> None:
        """Shut the connection of a socket down at the end. A duplicate is kept, since TLS takes the socket over."""
        # `SSLSocket.dup` isn't implemented.
        self._socket = socket.socket(fileno=os.dup(sock.fileno()))
        timer = Timer(self.remaining, self._expire)
        timer.daemon = True
        timer.start()
        # Only now: a timer that a signal kept from starting can't be joined.
        self._timer = timer

    def _expire(self) -> None:
        self.expired = True
        if self._socket is not None:
            with suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)


def _connect(family: int, protocol: int, address: Any, seconds: float) -> socket.socket:
    sock = socket.socket(family, socket.SOCK_STREAM, protocol)
    try:
        sock.settimeout(seconds)
        sock.connect(address)
    except BaseException:
        sock.close()
        raise
    return sock


def _cause_of(error: BaseException) -> BaseException | None:
    """Return the error of the operating system or the name lookup that made an attempt fail; None if there is none."""
    if isinstance(error, OSError | UnicodeError):
        return error
    # PyMySQL raises "Lost connection" while it handles a timeout, and doesn't name that as the cause.
    return error.__context__ if isinstance(error.__context__, OSError) else None


def _unusable_reason(error: Exception) -> str:
    if isinstance(error, RuntimeError) and "LOAD_LOCAL" in str(error):
        return "it asks for a file of this computer (LOAD DATA LOCAL), which is never sent"
    if isinstance(error, UnicodeDecodeError):
        return "it contains a text that isn't valid in the character set of the connection"
    return ""
