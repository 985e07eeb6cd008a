"""The name of the computer that a change comes from, as audit entries have it."""

from __future__ import annotations

from collections.abc import Mapping


def computer_name(host: str, environment: Mapping[str, str]) -> str:
    """Return the name of this host and, over SSH, the client's address, joined by ", " as Open Dental joins computers.

    Args:
        host: The name of the machine that the program runs on.
        environment: The process environment; sshd puts `SSH_CONNECTION` (client address first) there.
    """
    client = (environment.get("SSH_CONNECTION") or environment.get("SSH_CLIENT") or "").split(" ")[0]
    return ", ".join(part for part in (host, client) if part)
