"""Reading a server's answers with a deadline for each whole answer."""

from __future__ import annotations

import io
import math
import socket
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer


class AnswerReader(io.RawIOBase):
    """The bytes that arrive on a connection, as a file for the driver.

    The timeout of a socket applies to each read, so a server that sends a byte now and then never exceeds it.

    Args:
        sock: The connection.
        read_seconds: The timeout of each read, which the socket has already.
        answer_seconds: The deadline of a whole answer.
    """

    def __init__(self, sock: socket.socket, read_seconds: float, answer_seconds: float) -> None:
        super().__init__()
        self._socket = sock
        self._read_seconds = read_seconds
        self._answer_seconds = answer_seconds
        self._end = math.inf

    def begin(self) -> None:
        """Begin the time of an answer, before its statement is sent."""
        self._end = time.monotonic() + self._answer_seconds
        # The end of the last answer may have shortened it.
        self._socket.settimeout(self._read_seconds)

    def readable(self) -> bool:
        """Return True: that is all it does."""
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        """Read what has arrived, and wait for it if necessary.

        Raises:
            TimeoutError: The time of the answer or of this read is over.
        """
        remaining = self._end - time.monotonic()
        if remaining <= 0:
            raise TimeoutError("the answer was not complete in time")
        if remaining < self._read_seconds:
            self._socket.settimeout(remaining)
        return self._socket.recv_into(buffer)
