"""What the header tells of an open office, as the connected server reports it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class PracticeInfo:
    """Which practice this is, and on which server."""

    title: str
    database: str
    host: str
    """Empty for an SQLite file."""
    line: str
    """How the line to the server is protected; empty for an SQLite file."""
    server: str
    """Product and version."""
    version: str
    """The version of Open Dental that the database belongs to."""
    database_user: str
    read_only: str
    """Why nothing is written to it, and what to do about that; empty where it can be written."""
    notes: tuple[str, ...]
    """What an admin should know about this database, in plain words."""
