"""The URLs that subscriptions send to: shown without secrets, and judged by how they protect what is sent."""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import SplitResult, urlsplit

_LOCAL_NAMES = ("localhost", "localhost.localdomain")
_HIDDEN = "…"


def shown_address(address: str, *secrets: str) -> str:
    """Return a URL without its user, its password, the values of its query, its fragment, and known secrets.

    Args:
        address: The URL, or whatever stands in its place.
        secrets: Texts that must not be shown, such as customer keys.
    """
    for secret in filter(None, secrets):
        address = address.replace(secret, _HIDDEN)
    address = re.sub(r"//[^/?#]*@", f"//{_HIDDEN}@", address, count=1)
    address, marker, _ = address.partition("#")
    path, question, query = address.partition("?")
    values = re.sub(r"=[^&]*", f"={_HIDDEN}", query) if "=" in query else _HIDDEN if query else ""
    return f"{path}{question}{values}{marker and marker + _HIDDEN}"


def unprotected_host(address: str, workstation: str) -> str:
    """Return the host to which an address sends unencrypted over a network; blank if it doesn't.

    Args:
        address: The URL.
        workstation: The computer that sends; a service on the same computer needs no network.
    """
    parts = _split(address)
    if parts is None or parts.scheme.lower() != "http":
        return ""
    host = (parts.hostname or "").rstrip(".")
    if not host or host in _LOCAL_NAMES or host == workstation.strip().casefold() or _is_loopback(host):
        return ""
    return host


def has_host(address: str) -> bool:
    """Return True for a complete http or https URL; nothing can be sent to anything else."""
    parts = _split(address)
    return parts is not None and parts.scheme.lower() in ("http", "https") and bool(parts.hostname)


def _split(address: str) -> SplitResult | None:
    try:
        parts = urlsplit(address.strip())
        _ = parts.hostname
    except ValueError:
        return None
    return parts


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
