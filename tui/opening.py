"""Opening an office: choosing the first one, and an embedded one without a sign-in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.base.secret import Secret
from tui.headings import unconnected_heading
from tui.platform.shell import TerminalApp
from tui.session import Session

if TYPE_CHECKING:
    from core.office.office import Office
    from core.offices.catalog import OfficeCatalog
    from core.offices.open_request import OpenRequest
    from tui.flows.fleet_access import FleetAccess
    from tui.screens.offices import OfficesScreen


def fleet_access(offices: OfficeCatalog | None) -> FleetAccess | None:
    """Return what opens the fleet; None without a list of offices."""
    if offices is None:
        return None
    from tui.flows.fleet_access import FleetAccess

    return FleetAccess(offices)


async def choose_first_office(
    app: TerminalApp, offices: OfficeCatalog | None, fleet: FleetAccess | None
) -> OpenRequest:
    """Show the list of offices until one is chosen."""
    assert offices is not None  # noqa: S101 - only a configuration file with offices leaves the request open
    assert fleet is not None  # noqa: S101 - it comes with the offices
    app.show_heading(unconnected_heading())
    request: OpenRequest | None = None
    while request is None:
        request = await app.push_screen_wait(offices_screen()(offices, fleet))
    return request


def open_embedded(request: OpenRequest) -> Session:
    """Open an office that needs no password and no sign-in, for the operating system's account."""
    return sign_in_account(request.open(Secret("")), request)


def sign_in_account(office: Office, request: OpenRequest) -> Session:
    """Sign in to an open office without passwords as the operating system's account."""
    from core.users.service import READERS

    return Session(office, office.users.account(request.context.runtime.account, *READERS))


def offices_screen() -> type[OfficesScreen]:
    """Import the offices screen, which is needed only if the configuration file lists offices."""
    from tui.screens.offices import OfficesScreen

    return OfficesScreen
