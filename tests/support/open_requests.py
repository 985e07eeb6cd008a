"""Practices to open in tests: the real ones, at a fixed time, and one whose users sign in as on a server."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from random import Random

from core.base.errors import LoginRefused, ServerUnreachable
from core.base.runtime import RuntimeContext
from core.base.secret import Secret
from core.companion.store import Companion
from core.database.address import FileAddress, ServerAddress
from core.database.engines import file_engine
from core.headquarters.authority import Headquarters
from core.model.api_key import AuthorityName
from core.office.office import Office
from core.offices.config import Configuration
from core.offices.open_request import OpenRequest

NOW = datetime(2024, 11, 5, 9, 3, 7)
FILE = Path("practice.sqlite3")
DATABASE_PASSWORD = "the-database-password"


def runtime() -> RuntimeContext:
    """The same time, the same chances, the same desk."""
    random = Random(8)  # noqa: S311 - it picks what the demo shows
    return RuntimeContext(lambda: NOW, random, computer="desk-7, 203.0.113.9", account="admin")


def opening_of(file: Path, *, demo: bool = False) -> OpenRequest:
    """The opening of an SQLite practice, as the command line makes it."""
    return OpenRequest(
        address=FileAddress(file),
        configuration=Configuration(),
        runtime=runtime(),
        companion_file=file,
        log=file.with_suffix(".log"),
        demo=demo,
    )


@dataclass(frozen=True)
class ServerOpenRequest(OpenRequest):
    """Opens an SQLite practice as if it were on a server: with a database password, and users who sign in."""

    def open(self, password: Secret) -> Office:
        """Open the practice with the one password that is right."""
        if password.reveal() != DATABASE_PASSWORD:
            raise LoginRefused(
                "The server refuses this database user or its password.",
                "This is the password of the database user, not of an Open Dental user.",
            )
        office = replace(opening_of(FILE), read_only=self.read_only).open(password)
        office.info = replace(
            office.info, database="opendental", host="db.example", server="MariaDB 10.11.6", database_user="apisetup@%"
        )
        if self.authority is AuthorityName.HEADQUARTERS:
            facts = office.info
            # As on a server, it can be written to though the practice cannot.
            companion = Companion(file_engine(self.companion_file), shared=False)
            companion.prepare(self.runtime.clock)
            office = Office(
                office._practice,
                companion,
                Headquarters(office._practice, companion, self.runtime.computer),
                self.configuration.agreement(),
                self.runtime.computer,
            )
            office.info = facts
        return office


@dataclass(frozen=True)
class UnreachableServerRequest(OpenRequest):
    """Opens nothing, because no server answers."""

    def open(self, password: Secret) -> Office:  # noqa: ARG002
        """Fail."""
        raise ServerUnreachable(
            "No database server answers there.", "Check the host's name, the port, the firewall and the server."
        )


def server_opening(
    *, authority: AuthorityName = AuthorityName.HEADQUARTERS, password: str | None = None, answers: bool = True
) -> OpenRequest:
    """The opening of a practice on a server, whose rows are those of the SQLite practice here."""
    kind = ServerOpenRequest if answers else UnreachableServerRequest
    return kind(
        address=ServerAddress(host="db.example", port=3306, database="opendental", user="apisetup"),
        configuration=Configuration(),
        runtime=runtime(),
        companion_file=Path("companion.sqlite3"),
        log=Path("debug.log"),
        authority=authority,
        password=None if password is None else Secret(password),
    )
