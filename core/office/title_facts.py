"""The facts about a practice for the title line, as the connected server reports them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.model.practice_info import PracticeInfo

if TYPE_CHECKING:
    from core.database.address import ServerAddress
    from core.practice.inspection import DatabaseProfile
    from core.practice.practice import Practice


def practice_info(practice: Practice, line: str) -> PracticeInfo:
    """Return the facts about a practice.

    Args:
        practice: The practice.
        line: The protection of the connection; empty for an SQLite file.
    """
    profile, reason = practice.profile, practice.read_only
    return PracticeInfo(
        title=profile.practice_title or "(practice without a title)",
        database=profile.database,
        host=profile.host,
        line=line,
        server=profile.server,
        version=profile.database_version,
        database_user=profile.user,
        read_only=f"{reason.sentence} {reason.hint}" if reason else "",
        notes=tuple(note.sentence for note in profile.notes),
    )


def describe_encryption(profile: DatabaseProfile, address: ServerAddress) -> str:
    """Return the protection of the connection: what the server reports, and whether the server was verified."""
    if address.tls is not None:
        return f"encrypted and verified ({profile.tls})"
    place = "local" if address.is_local else ""
    if profile.tls:
        return f"encrypted, not verified ({', '.join(filter(None, (profile.tls, place)))})"
    return f"not encrypted ({place})" if place else "not encrypted"
