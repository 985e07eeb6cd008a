"""The rights that this program needs on a practice's tables: exactly those granted by the manual's script."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Right:
    """A privilege on a table, or on some of its columns."""

    privilege: str
    table: str
    columns: tuple[str, ...] = ()
    """The columns that need the privilege; empty for the whole table."""

    def __str__(self) -> str:
        columns = f" ({', '.join(self.columns)})" if self.columns else ""
        return f"{self.privilege}{columns} on {self.table}"


_USER_COLUMNS = ("UserNum", "UserName", "Password", "IsHidden", "DateTFail", "FailedAttempts")

AUDIT_WRITE_GRANTS = tuple(
    Right(privilege, table)
    for table in ("securitylog", "securityloghash", "signalod")
    for privilege in ("SELECT", "INSERT")
)
"""The rights needed for every change, because a change without its audit row is never made."""

NEEDED = (
    Right("SELECT", "preference"),
    Right("UPDATE", "preference", ("ValueString",)),
    Right("SELECT", "program"),
    Right("UPDATE", "program", ("Enabled",)),
    Right("SELECT", "programproperty"),
    Right("UPDATE", "programproperty", ("PropertyValue",)),
    Right("SELECT", "definition"),
    *AUDIT_WRITE_GRANTS,
    Right("SELECT", "userod", _USER_COLUMNS),
    Right("UPDATE", "userod", ("DateTFail", "FailedAttempts")),
    Right("SELECT", "usergroupattach"),
    Right("SELECT", "grouppermission"),
    Right("SELECT", "replicationserver"),
    Right("SELECT", "apikey"),
    Right("INSERT", "apikey"),
    Right("DELETE", "apikey"),
)
"""All rights that this program needs. Tables that a version of Open Dental lacks need none."""

OPTIONAL = (Right("SELECT", "dbmlog"),)
"""Rights without which this program says what it can't know: here, which audit entries Database Maintenance removed."""
