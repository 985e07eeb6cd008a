"""The rights that this program needs on a practice's tables: exactly those granted by the manual's script."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Right:
    """A privilege on a table, or on some of its columns."""

    privilege: str
    table: str
    columns: tuple[str, ...] = ()
    """The columns that need the privilege; empty for the whole table."""
    without: str = field(default="", compare=False)
    """The effect of a missing optional right, as the rest of a sentence."""
    since: tuple[int, ...] = field(default=(), compare=False)
    """The version of Open Dental that brought the table; empty for all of them."""

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

_NO_STATE = "it isn't known why a subscription is late, or where Open Dental runs"
_NO_FHIR = "FHIR subscriptions aren't shown whole"
_SUBSCRIPTIONS = (22, 1, 1)

_NO_TYPES = "payment types can't be added or changed"

OPTIONAL = (
    Right(
        "SELECT", "dbmlog", without="verification can't identify the audit entries that Database Maintenance removed"
    ),
    Right("SELECT", "apisubscription", without="subscriptions aren't shown", since=_SUBSCRIPTIONS),
    Right(
        "UPDATE",
        "apisubscription",
        ("DateTimeStop",),
        without="subscriptions can't be ended or resumed",
        since=_SUBSCRIPTIONS,
    ),
    Right("DELETE", "apisubscription", without="subscriptions can't be deleted", since=_SUBSCRIPTIONS),
    Right("SELECT", "computer", ("ComputerNum", "CompName", "LastHeartBeat"), without=_NO_STATE),
    Right("INSERT", "definition", without=_NO_TYPES),
    Right("UPDATE", "definition", ("ItemName", "ItemValue", "ItemOrder", "IsHidden"), without=_NO_TYPES),
    Right("SELECT", "fhirsubscription", without=_NO_FHIR),
    Right("SELECT", "fhircontactpoint", without=_NO_FHIR),
    Right("SELECT", "eservicesignal", without="it isn't known whether the eConnector runs"),
    Right(
        "SELECT",
        "alertitem",
        ("AlertItemNum", "Type", "Description"),
        without="two eConnectors and differing clocks aren't noticed",
    ),
    Right(
        "SELECT",
        "updatehistory",
        ("UpdateHistoryNum", "DateTimeUpdated", "ProgramVersion"),
        without="it isn't known whether the last update installed the API service",
    ),
)
"""Rights without which this program does less, or says what it can't know."""
