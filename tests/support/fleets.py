"""Fleets of sample practices: several SQLite files, or databases on the test server."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from threading import Event

from core.companion.opening import CompanionSource
from core.database.address import FileAddress, ServerAddress
from core.fleet.cut_off import FleetChange
from core.fleet.cut_off_plan import plan_cut_off
from core.fleet.developers import Developer, find_developer, find_developers
from core.fleet.fleet import Credentials, Fleet
from core.fleet.store import FleetStore
from core.model.authority_name import AuthorityName
from core.model.fleet import OfficeState
from core.model.fleet_change import FleetPlan
from core.offices.configured_office import ConfiguredOffice
from core.offices.open_request import LaunchContext, OpenRequest
from core.offices.password_source import PasswordSource, SourceKind
from core.offices.paths import Paths
from tests.support.databases import NOW, copy_private, runtime
from tests.support.sealed_keys import register

RECEIPT = "R20241106-0A1B2C"
BRIDGE = "Appointment Bridge"
NAMES = ("North", "South", "West")


class SampleFleet:
    """Several offices of a directory.

    Args:
        directory: The directory of the configuration file.
        offices: The offices.
        password: The database password of offices on a server.
    """

    def __init__(self, directory: Path, offices: Sequence[ConfiguredOffice], password: str = "") -> None:
        self.paths = Paths(directory / "config.toml", directory / "debug.log")
        context = LaunchContext(runtime(), self.paths, {"FLEET_PASSWORD": password})
        self.requests = [OpenRequest(office, context) for office in offices]
        self.now = NOW
        self.shared: Callable[[], CompanionSource] | None = None

    def clock(self) -> datetime:
        """Return the local time."""
        return self.now

    def open(self) -> Fleet:
        """Return the fleet as another start of the program has it, with the last answers loaded."""
        fleet = Fleet(self.requests, FleetStore(self.paths.fleet, self.clock, self.shared), self.clock)
        fleet.load()
        return fleet

    def signed_in(self, credentials: Credentials | None = None) -> Fleet:
        """Return the fleet after the sign-in."""
        fleet = self.open()
        fleet.sign_in(credentials, ignore, Event())
        return fleet

    def change(self, fleet: Fleet, plan: FleetPlan) -> FleetChange:
        """Return the change of a plan."""
        return FleetChange(fleet, plan, self.paths.receipts, self.clock)


def file_fleet(directory: Path, template: Path, *names: str) -> SampleFleet:
    """Make copies of an SQLite practice and return them as a fleet."""
    for name in names:
        copy_private(template, directory / f"{name}.sqlite3")
    return fleet_of_files(directory, *names)


def fleet_of_files(directory: Path, *names: str) -> SampleFleet:
    """Return SQLite practices that exist as a fleet."""
    return SampleFleet(
        directory, [ConfiguredOffice(each, FileAddress(directory / f"{each}.sqlite3")) for each in names]
    )


def server_fleet(directory: Path, addresses: Sequence[ServerAddress], companion: Path, password: str) -> SampleFleet:
    """Return practices on a server, each with a companion copied from a template, as a fleet with local registries."""
    offices = []
    for number, address in enumerate(addresses, 1):
        own = directory / f"companion-{number}.sqlite3"
        copy_private(companion, own)
        source = PasswordSource(SourceKind.ENVIRONMENT, "FLEET_PASSWORD")
        offices.append(
            ConfiguredOffice(
                f"Office {number}", address, source, authority=AuthorityName.LOCAL, companion=FileAddress(own)
            )
        )
    return SampleFleet(directory, offices, password)


def ignore(_state: object) -> None:
    """Ignore what is reported."""


def developer_of(fleet: Fleet, name: str = BRIDGE) -> Developer:
    """Return a developer of a fleet."""
    found = find_developer(find_developers(fleet.states, fleet.store.joined_names()), name)
    assert found is not None
    return found


def cut_off_plan(fleet: Fleet, name: str = BRIDGE, receipt: str = RECEIPT) -> FleetPlan:
    """Return the plan that cuts a developer off in all offices."""
    return plan_cut_off(developer_of(fleet, name), fleet.states, receipt)


def state_of(fleet: Fleet, office: str) -> OfficeState:
    """Return what is known of an office."""
    return next(state for state in fleet.states if state.office == office)


def with_tags(fleet: SampleFleet, office: str, *tags: str) -> None:
    """Give an office tags."""
    fleet.requests = [
        replace(each, office=replace(each.office, tags=tags)) if each.office.name == office else each
        for each in fleet.requests
    ]


def change_file(fleet: SampleFleet, office: str, statement: str, *values: object) -> None:
    """Change an SQLite practice, as another program would."""
    with closing(sqlite3.connect(fleet.paths.configuration.parent / f"{office}.sqlite3")) as connection, connection:
        connection.execute(statement, values)


def read_file(fleet: SampleFleet, office: str, query: str) -> list[tuple[object, ...]]:
    """Read rows of an SQLite practice."""
    path = fleet.paths.configuration.parent / f"{office}.sqlite3"
    with closing(sqlite3.connect(path)) as connection:
        register(connection, path)
        return connection.execute(query).fetchall()
