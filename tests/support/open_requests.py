"""Practices for the tests of the screens to open: real ones at a fixed time, and one where users sign in."""

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
from core.database.engines import file_engine, read_only_file_engine
from core.headquarters.authority import Headquarters
from core.model.api_key import AuthorityName
from core.office.office import Office
from core.offices.config import Configuration
from core.offices.open_request import OpenRequest
from core.practice.practice import OPENED_READ_ONLY
from tests.support.databases import open_practice

NOW = datetime(2024, 11, 5, 9, 3, 7)
FILE = Path("practice.sqlite3")
DATABASE_PASSWORD = "the-database-password"


def runtime() -> RuntimeContext:
    """Return a runtime context that is the same in every test."""
    random = Random(8)  # noqa: S311 - it picks what the demo shows
    return RuntimeContext(lambda: NOW, random, computer="desk-7, 203.0.113.9", account="admin")


def file_request(file: Path, *, demo: bool = False) -> OpenRequest:
    """Return a request for an SQLite practice, as the command line makes it."""
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
        """Open the practice if the password is `DATABASE_PASSWORD`."""
        if password.reveal() != DATABASE_PASSWORD:
            raise LoginRefused(
                "The server refuses this database user or its password.",
                "This is the password of the database user, not of an Open Dental user.",
            )
        if self.authority is AuthorityName.HEADQUARTERS:
            office = self._open_at_headquarters()
        else:
            office = replace(file_request(FILE), read_only=self.read_only).open(password)
        office.info = replace(
            office.info, database="opendental", host="db.example", server="MariaDB 10.11.6", database_user="apisetup@%"
        )
        return office

    def _open_at_headquarters(self) -> Office:
        engine = read_only_file_engine(FILE) if self.read_only else file_engine(FILE)
        practice = open_practice(engine, self.runtime, OPENED_READ_ONLY if self.read_only else None)
        # As on a server, the companion is a file of its own, which is writable even if the practice is not.
        companion = Companion(file_engine(self.companion_file), shared=False)
        companion.prepare(self.runtime.clock)
        authority = Headquarters(practice, companion, self.runtime.computer)
        return Office(practice, companion, authority, self.configuration.agreement(), self.runtime.computer)


@dataclass(frozen=True)
class UnreachableServerRequest(OpenRequest):
    """Fails, because no server answers."""

    def open(self, password: Secret) -> Office:  # noqa: ARG002
        """Fail."""
        raise ServerUnreachable(
            "No database server answers there.", "Check the host's name, the port, the firewall and the server."
        )


def server_request(
    *, authority: AuthorityName = AuthorityName.HEADQUARTERS, password: str | None = None, answers: bool = True
) -> OpenRequest:
    """Return a request for a practice on a server; its rows are those of the SQLite practice in this directory."""
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
