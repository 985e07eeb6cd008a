"""A practice database as its inspection found it, which can be used again when it is opened again soon."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Engine

from core.database.driver_errors import translate_errors
from core.practice.inspection import DatabaseProfile, inspect_database

if TYPE_CHECKING:
    from core.practice.grants import Grants


@dataclass(frozen=True)
class InspectedDatabase:
    """A practice database as its inspection found it."""

    profile: DatabaseProfile
    grants: Grants | None
    """The rights of the database user; None for an SQLite file."""


def inspect_engine(engine: Engine) -> InspectedDatabase:
    """Inspect a database.

    Raises:
        PracticeUnavailable: The database can't be used.
    """
    with translate_errors(), engine.connect() as writable:
        connection = writable.execution_options(read_only=True)
        profile = inspect_database(connection)
        return InspectedDatabase(profile, _read_grants(connection, profile) if profile.host else None)


def _read_grants(connection: Connection, profile: DatabaseProfile) -> Grants:
    from core.practice.grants import read_grants

    return read_grants(connection, profile.database, profile.tables)
