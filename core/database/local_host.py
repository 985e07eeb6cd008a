"""Hosts on this computer, to which a connection needs no protection."""

from __future__ import annotations

from ipaddress import IPv6Address, ip_address


def is_local(host: str, socket: str) -> bool:
    """Return True if a connection to the host or socket stays on this computer."""
    if socket or plain_host(host) == "localhost":
        return True
    try:
        address = ip_address(host)
    except ValueError:
        return False
    # Before Python 3.13, an IPv4 address within an IPv6 one isn't taken for a loopback address.
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return (mapped or address).is_loopback


def plain_host(host: str) -> str:
    """Return a host as it is connected to: `localhost` in all its spellings is this computer, not a name for DNS."""
    # As resolvers do, ignore the case and the dot at the end of a complete name.
    return "localhost" if host.lower().removesuffix(".") == "localhost" else host
