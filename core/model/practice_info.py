"""The facts about an open practice that the header shows, as the connected server reports them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class PracticeInfo:
    """The practice and its server."""

    title: str
    database: str
    host: str
    """Empty for an SQLite file."""
    line: str
    """The protection of the connection to the server; empty for an SQLite file."""
    server: str
    """Product and version."""
    version: str
    """The version of Open Dental that the database belongs to."""
    database_user: str
    read_only: str
    """The reason nothing can be written, and the remedy; empty if the practice can be written to."""
    notes: tuple[str, ...]
    """Remarks about this database for the admin, one sentence each."""
