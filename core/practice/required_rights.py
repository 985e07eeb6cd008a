"""The rights that this program needs on a practice's tables, and no more: what the README's GRANT script gives."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Right:
    """One privilege on one table."""

    privilege: str
    table: str
    columns: tuple[str, ...] = ()
    """Empty where it is needed on the whole table."""

    def __str__(self) -> str:
        columns = f" ({', '.join(self.columns)})" if self.columns else ""
        return f"{self.privilege}{columns} on {self.table}"


_USER_COLUMNS = ("UserNum", "UserName", "Password", "IsHidden", "DateTFail", "FailedAttempts")

AUDIT_WRITE_GRANTS = tuple(
    Right(privilege, table)
    for table in ("securitylog", "securityloghash", "signalod")
    for privilege in ("SELECT", "INSERT")
)
"""Without these nothing can be logged, so nothing can be changed."""

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
"""Everything, by table; a table that this version of Open Dental does not have needs none."""
