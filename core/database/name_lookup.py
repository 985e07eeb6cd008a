"""Looking up the addresses of a host name, within a deadline.

The system's own lookup has none: with a name server that doesn't answer, it takes minutes, and can't be interrupted.
"""

from __future__ import annotations

import math
import socket
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any

LOOKUP_SECONDS = 10
"""The longest time that a lookup may take. Resolvers ask the next name server after 5."""


@dataclass(frozen=True)
class HostAddress:
    """An address to which a socket can be connected.

    Attributes:
        family: The address family, as of `socket.socket`.
        protocol: The protocol, as of `socket.socket`.
        address: The argument of `socket.connect`: an IP address and a port, and for IPv6 two more numbers.
    """

    family: int
    protocol: int
    address: tuple[Any, ...]


class NameLookupTimeout(TimeoutError):
    """The name service didn't answer within the deadline."""


def look_up(host: str, port: int, seconds: float = math.inf) -> list[HostAddress]:
    """Return the addresses of a host, in the order in which to try them; there is at least one.

    Args:
        host: A host name or an IP address.
        port: The TCP port.
        seconds: The deadline, if it's sooner than `LOOKUP_SECONDS`.

    Raises:
        NameLookupTimeout: The name service didn't answer.
        OSError: There is no such name, or no such name service.
        UnicodeError: The name can't be one of a host.
    """
    limit = min(seconds, LOOKUP_SECONDS)
    answers: SimpleQueue[list[HostAddress] | Exception] = SimpleQueue()

    def ask() -> None:
        try:
            answers.put(_ask_system(host, port))
        except Exception as error:  # noqa: BLE001 - raised in the thread that waits
            answers.put(error)

    # As a daemon, since Python waits at exit for all other threads: the program must be able to end before the lookup.
    Thread(target=ask, name="name lookup", daemon=True).start()
    try:
        answer = answers.get(timeout=limit)
    except Empty:
        raise NameLookupTimeout(f"the name service did not answer within {limit:.2g} seconds") from None
    if isinstance(answer, Exception):
        raise answer
    return answer


def _ask_system(host: str, port: int) -> list[HostAddress]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    if not found:
        raise OSError("the name has no address")
    return [HostAddress(family, protocol, address) for family, _kind, protocol, _name, address in found]
