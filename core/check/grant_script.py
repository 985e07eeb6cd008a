"""The GRANT script for a database user: the rights that `check` compares with, for a role and some features."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

from core.practice.required_rights import AUDIT_WRITE_GRANTS, NEEDED, OPTIONAL, Right


class Feature(Enum):
    """The features that need rights of their own; the values are the words for the command line."""

    SETTINGS = "settings"
    KEYS = "keys"
    PAYMENT_TYPES = "payment-types"
    SUBSCRIPTIONS = "subscriptions"
    WHY = "why"
    VERIFICATION = "verification"


class Role(Enum):
    """The purpose of a database user."""

    ADMIN = "admin"
    """Reads and changes."""
    READ_ONLY = "read-only"
    """Only reads, so that not even the sign-in is recorded."""
    AUDITOR = "auditor"
    """Reads, and records sign-ins and exports in the Audit Trail. Customer keys can't be read."""


@dataclass(frozen=True)
class GrantTarget:
    """A database, and the user that gets rights on it.

    Args:
        database: The database's name.
        user: The user's name.
        host: Where the user connects from, as MySQL's account names have it.
    """

    database: str = "opendental"
    user: str = "apisetup"
    host: str = "%"

    @property
    def account(self) -> str:
        """The account as statements name it."""
        return f"{_text(self.user)}@{_text(self.host)}"


ALL_FEATURES = tuple(Feature)

_OF_TABLE = {
    "dbmlog": {Feature.VERIFICATION},
    "apisubscription": {Feature.SUBSCRIPTIONS, Feature.WHY},
    "computer": {Feature.SUBSCRIPTIONS, Feature.WHY},
    "fhirsubscription": {Feature.SUBSCRIPTIONS},
    "fhircontactpoint": {Feature.SUBSCRIPTIONS},
    "eservicesignal": {Feature.WHY},
    "alertitem": {Feature.WHY},
    "updatehistory": {Feature.WHY},
}
"""The features that need to read a table; the tables that aren't here are always read."""
_CHANGES = {
    "preference": {Feature.SETTINGS, Feature.PAYMENT_TYPES},
    "program": {Feature.SETTINGS},
    "programproperty": {Feature.SETTINGS},
    "definition": {Feature.PAYMENT_TYPES},
    "apikey": {Feature.KEYS},
    "apisubscription": {Feature.SUBSCRIPTIONS},
}
"""The features that change a table; the tables of the Audit Trail and the users are always written."""
_SIGN_IN = "userod"


def required_rights(role: Role, features: Collection[Feature] = ALL_FEATURES) -> tuple[Right, ...]:
    """Return the rights that a user needs for a role and some features."""
    return tuple(right for right in (*NEEDED, *OPTIONAL) if _is_required(right, role, features))


def grant_statements(
    target: GrantTarget, role: Role = Role.ADMIN, features: Collection[Feature] = ALL_FEATURES
) -> tuple[str, ...]:
    """Return the statements that create a user and grant the rights for a role and some features."""
    rights = required_rights(role, features)
    tables = dict.fromkeys(right.table for right in rights)
    return (
        f"CREATE USER {target.account} IDENTIFIED BY 'choose-a-long-one';",
        *(_grant(target, table, [right for right in rights if right.table == table]) for table in tables),
    )


def _is_required(right: Right, role: Role, features: Collection[Feature]) -> bool:
    if right.privilege == "SELECT":
        if right.table == "apikey":
            return role is not Role.AUDITOR
        readers = _OF_TABLE.get(right.table)
        return readers is None or not readers.isdisjoint(features)
    if role is Role.READ_ONLY:
        return False
    writers = _CHANGES.get(right.table)
    if writers is None:
        return right in AUDIT_WRITE_GRANTS or right.table == _SIGN_IN
    return role is Role.ADMIN and not writers.isdisjoint(features)


def _grant(target: GrantTarget, table: str, rights: Sequence[Right]) -> str:
    return f"GRANT {', '.join(_privileges(rights))} ON {_name(target.database)}.{table} TO {target.account};"


def _privileges(rights: Sequence[Right]) -> Iterator[str]:
    for right in rights:
        yield f"{right.privilege} ({', '.join(right.columns)})" if right.columns else right.privilege


def _name(text: str) -> str:
    """Return the name of a database as statements write it: in backticks, unless it needs none."""
    return text if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", text) else f"`{text.replace('`', '``')}`"


def _text(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("'", "''")
    return f"'{escaped}'"
