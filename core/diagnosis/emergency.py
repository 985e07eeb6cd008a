"""The ways to cut off a developer while headquarters can't be asked to disable the key."""

from __future__ import annotations

from core.diagnosis.facts import Facts


def emergency_exits(facts: Facts) -> tuple[str, ...]:
    """Return the ways to cut a developer off without headquarters, and what each one does and doesn't do.

    Returns:
        Nothing if keys can be disabled.
    """
    keys, practice = facts.keys, facts.practice
    if not keys.is_remote or not keys.failure:
        return ()
    server = practice.server_name
    on = practice.program is not None and practice.program.enabled
    switch = (
        "Switch the API off in API Setup. This stops every developer, not only one. Workstations and services act on it"
        " when they have read the setting again."
    )
    return (
        "Headquarters can't be asked, so no key can be disabled now. To cut a developer off anyway:",
        *([switch] if on else []),
        f"Stop the eConnector and the service OpenDentalAPIService on {server}. This stops remote calls and the"
        " API service at once, for every developer, and also the office's other eServices.",
        "A workstation's local API keeps answering while somebody is logged on there.",
        "Neither takes back what the developer has already received. Disable the key as soon as headquarters answers.",
    )
