"""The content of API Setup for an office, and the messages about the office and the session."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui.session import NO_SETUP

if TYPE_CHECKING:
    from core.model.api_key import KeyList
    from core.model.settings import SettingsPage
    from tui.session import Session


def audit_trail_refusal(names: tuple[str, ...]) -> str:
    """Return the message that the Audit Trail needs a permission, and who can grant it."""
    who = f"{', '.join(names)} can" if names else "someone with SecurityAdmin can"
    return f"The Audit Trail needs the permission AuditTrail (122). In Open Dental, {who} grant it in Setup > Security."


def load_keys(session: Session) -> KeyList:
    """Read the keys alone, after settling a change whose answer was lost."""
    session.office.resolve_pending()
    return session.office.keys.list()


def load_settings(session: Session) -> SettingsPage:
    """Read the settings alone. The first call imports their service, so it is made in a thread like the others."""
    return session.office.settings.load()


def copy_remark(session: Session, keys: KeyList) -> tuple[str, ...]:
    """Return how the practice's copy of keys differs from the local registry, and which key makes it match."""
    if session.office.keys.is_remote or not keys.notes:
        return ()
    if not session.signed_in.has_setup:
        return keys.notes
    return (*keys.notes, "Press = to synchronize it with the registry.")


def read_only_remark(session: Session) -> tuple[str, ...]:
    """Return what a read-only session can't do."""
    if session.may_change:
        return ()
    if session.signed_in.writable:
        return (f"Read-only: {NO_SETUP}. Press i to see why.",)
    return ("Read-only: nothing is logged and nothing can be saved. Press i to see why.",)


def about_lines(session: Session) -> list[str]:
    """Return the details of the practice, its database and this session."""
    info, authority = session.office.info, session.office.keys.authority
    return [
        f"Practice       {info.title}",
        f"Database       {info.database}",
        *([f"Server         {info.host}"] if info.host else []),
        *([f"Connection     {info.line}"] if info.line else []),
        f"Server version {info.server}",
        *([f"Database user  {info.database_user}"] if info.database_user else []),
        f"Open Dental    {info.version}",
        f"User           {session.actor.user_name}",
        f"Computer       {session.actor.computer}",
        "",
        *([f"Read-only: {session.read_only_reason}", ""] if not session.may_change else []),
        f"Keys: {authority.explanation}",
        *(line for note in info.notes for line in ("", note)),
    ]
