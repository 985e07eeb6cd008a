"""The title line of an office: which practice and database, what a mistake would cost, and who is signed in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui.session import NO_SETUP
from tui.widgets.safe_text import sanitize
from tui.widgets.title_line import PRODUCTION, READ_ONLY, Heading

if TYPE_CHECKING:
    from core.model.practice_info import PracticeInfo
    from core.offices.open_request import OpenRequest
    from core.users.service import SignedIn


def office_heading(info: PracticeInfo, request: OpenRequest, signed_in: SignedIn | None = None) -> Heading:
    """Return the title line of an open office, as the connected server reports it."""
    read_only = bool(info.read_only)
    if signed_in is not None:
        read_only = read_only or not (signed_in.writable and signed_in.has_setup)
    return Heading(
        practice=info.title,
        database=info.database,
        host=info.host,
        versions=f"Open Dental {info.version} · {info.server}",
        user=sanitize(signed_in.actor.user_name, 24) if signed_in else "",
        flags=_flags(request, read_only=read_only or request.read_only),
        reason=NO_SETUP if signed_in is not None and not signed_in.has_setup else "",
    )


def unconnected_heading(request: OpenRequest | None = None) -> Heading:
    """Return the title line before a server is connected."""
    return Heading(practice="Not connected", flags=_configured_flags(request) if request else ())


def _configured_flags(request: OpenRequest) -> tuple[str, ...]:
    production = (PRODUCTION,) if request.office.production else ()
    return (*production, READ_ONLY) if request.read_only else production


def _flags(request: OpenRequest, *, read_only: bool) -> tuple[str, ...]:
    """Return the words that say what a mistake would cost: a server that can be written to is taken for production."""
    if not request.on_server:
        kind = "DEMO" if request.demo else "EMBEDDED"
        return (kind, READ_ONLY) if read_only else (kind,)
    production = (PRODUCTION,) if request.office.production or not read_only else ()
    return (*production, READ_ONLY) if read_only else production
