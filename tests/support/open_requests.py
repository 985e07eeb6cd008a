"""Requests to open practices in tests: SQLite practices at a fixed time, and one that behaves like a server."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from random import Random
from typing import Any

from core.base.errors import LoginRefused, ServerUnreachable
from core.base.runtime import RuntimeContext
from core.base.secret import Secret
from core.companion.store import Companion
from core.database.address import FileAddress, ServerAddress
from core.database.engines import file_engine
from core.headquarters.authority import Headquarters
from core.model.authority_name import AuthorityName
from core.office.inspected_database import InspectedDatabase
from core.office.office import Office
from core.offices.catalog import OfficeCatalog
from core.offices.config_file import read_configuration
from core.offices.configured_office import ConfiguredOffice
from core.offices.open_request import LaunchContext, OpenRequest
from core.offices.paths import Paths

NOW = datetime(2024, 11, 5, 9, 3, 7)
FILE = Path("practice.sqlite3")
DATABASE_PASSWORD = "the-database-password"
PATHS = Paths(Path("config.toml"), Path("debug.log"))


def runtime() -> RuntimeContext:
    """Return a context with a fixed time, a seeded random generator and a fixed computer."""
    random = Random(8)  # noqa: S311 - it picks what the demo shows
    return RuntimeContext(lambda: NOW, random, computer="desk-7, 203.0.113.9", account="admin")


def file_request(file: Path, *, demo: bool = False) -> OpenRequest:
    """Return the request for an SQLite practice that is no configured office."""
    return OpenRequest(ConfiguredOffice("", FileAddress(file)), LaunchContext(runtime(), PATHS), demo=demo)


def with_office(request: OpenRequest, **changes: Any) -> OpenRequest:
    """Return the request with fields of its office changed."""
    return replace(request, office=replace(request.office, **changes))


def catalog_of(configuration: Path, *, read_only: bool = False) -> OfficeCatalog:
    """Return the offices of a configuration file, which is read now."""
    context = LaunchContext(runtime(), replace(PATHS, configuration=configuration), {}, read_only)
    return OfficeCatalog(read_configuration(configuration), context)


@dataclass(frozen=True)
class ServerOpenRequest(OpenRequest):
    """Opens an SQLite practice as if it were on a server: with a database password, and users who sign in."""

    def open(self, password: Secret, known: InspectedDatabase | None = None, *, signs_in: bool = True) -> Office:  # noqa: ARG002
        """Open the practice if the password is right."""
        if password.reveal() != DATABASE_PASSWORD:
            raise LoginRefused(
                "The server refuses this database user or its password.",
                "This is the password of the database user, not of an Open Dental user.",
            )
        office = with_office(file_request(FILE), read_only=self.read_only).open(password)
        office.info = replace(
            office.info, database="opendental", host="db.example", server="MariaDB 10.11.6", database_user="apisetup@%"
        )
        if self.authority is AuthorityName.HEADQUARTERS:
            info = office.info
            # As on a server, the companion can be written even if the practice can't.
            companion = Companion(file_engine(self.companion_stem), shared=False)
            companion.prepare(self.context.runtime.clock)
            computer = self.context.runtime.computer
            office = Office(
                office._practice,
                companion,
                Headquarters(office._practice, companion, computer),
                self.office.agreement(),
                computer,
            )
            office.info = info
        return office


@dataclass(frozen=True)
class UnreachableServerRequest(OpenRequest):
    """Opens nothing, because no server answers."""

    def open(self, password: Secret, known: InspectedDatabase | None = None, *, signs_in: bool = True) -> Office:  # noqa: ARG002
        """Fail."""
        raise ServerUnreachable(
            "No database server answers there.", "Check the host's name, the port, the firewall and the server."
        )


def server_request(
    *, authority: AuthorityName = AuthorityName.HEADQUARTERS, password: str | None = None, answers: bool = True
) -> OpenRequest:
    """Return the request for a practice on a server, whose rows are those of the SQLite practice in `FILE`."""
    request_type = ServerOpenRequest if answers else UnreachableServerRequest
    office = ConfiguredOffice(
        name="",
        address=ServerAddress(host="db.example", port=3306, database="opendental", user="apisetup"),
        authority=authority,
        companion=FileAddress(Path("companion.sqlite3")),
    )
    return request_type(
        office, LaunchContext(runtime(), PATHS), password=None if password is None else Secret(password)
    )
