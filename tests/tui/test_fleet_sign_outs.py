"""The ends of sign-ins to several offices: recorded when they end, and never waited for long."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from threading import Event

import pytest

from core.base.errors import ServerUnreachable
from core.base.secret import Secret
from core.fleet.fleet import Credentials
from core.model.authority_name import AuthorityName
from core.office.office import Office
from core.offices.catalog import OfficeCatalog
from core.offices.open_request import OpenRequest
from tests.support import embedded_rows as rows
from tests.support.fleets import ignore
from tests.support.open_requests import DATABASE_PASSWORD, ServerOpenRequest, catalog_of, server_request, with_office
from tests.support.signing_in import set_password
from tui.flows.fleet_access import FleetAccess

SIGNED_OUT, IDLE = "User: admin has logged off.", "User: admin has auto logged off."


@pytest.fixture
def access(demo: OpenRequest, monkeypatch: pytest.MonkeyPatch) -> FleetAccess:
    """Return the access to one office on a server."""
    set_password("admin", "secret")
    server = server_request(authority=AuthorityName.LOCAL, password=DATABASE_PASSWORD)
    office = with_office(server, name="Downtown", companion=None)
    monkeypatch.setattr(OfficeCatalog, "open_requests", lambda _catalog: (office,))
    return FleetAccess(catalog_of(Path("config.toml").absolute()))


@pytest.fixture
def held() -> Iterator[Event]:
    """Return an event until which an office doesn't answer, once it is asked to."""
    released = Event()
    yield released
    released.set()


def sign_in(access: FleetAccess) -> None:
    fleet = access.open()
    fleet.sign_in(Credentials("admin", Secret("secret")), ignore, Event())
    assert fleet.is_signed_in, fleet.states


def test_quitting_records_the_end_of_each_sign_in(access: FleetAccess) -> None:
    sign_in(access)
    access.sign_out_and_wait()
    assert rows.audit_texts()[-1] == SIGNED_OUT
    assert not access.is_recording


def test_the_time_without_keys_is_recorded_as_such(access: FleetAccess) -> None:
    sign_in(access)
    assert access.sign_out(idle=True)
    access.sign_out_and_wait()
    assert rows.audit_texts()[-1] == IDLE
    assert not access.sign_out()


def test_quitting_does_not_wait_for_an_office_that_does_not_answer(
    access: FleetAccess, held: Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    sign_in(access)

    def answer_late(*_arguments: object, **_options: object) -> Office:
        held.wait(20)
        raise ServerUnreachable("No database server answers there.", "Check the host's name.")

    monkeypatch.setattr(ServerOpenRequest, "open", answer_late)
    monkeypatch.setattr("tui.flows.fleet_access.SHUTDOWN_TIMEOUT", 0.05)
    begin = time.monotonic()
    access.sign_out_and_wait()
    assert time.monotonic() - begin < 10
    assert access.is_recording
