"""Privileges of the database user on a practice, read with SHOW GRANTS before anything is tried.

The privilege tables of information_schema can't replace SHOW GRANTS. They lack roles, PROXY, privileges on stored
programs, MariaDB's grants to PUBLIC and MySQL's partial revokes, so a user could seem to have rights that the server
denies. They also take more time and more statements.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from core.practice.required_rights import AUDIT_WRITE_GRANTS, NEEDED, OPTIONAL, Right

_ALL = "ALL PRIVILEGES"


@dataclass(frozen=True)
class Grants:
    """The rights of the database user on a practice, compared with those that this program needs."""

    known: bool
    """False if the grants can't be read or parsed; the other fields are empty then."""
    missing: tuple[str, ...] = ()
    """Rights that the program needs and the user lacks, such as `UPDATE (Enabled) on program`."""
    excess: tuple[str, ...] = ()
    """Rights that the user has and the program doesn't need, described for an admin."""
    elsewhere: int = 0
    """The number of other databases of the server on which the user has rights that the program needs, and no others.
    A user for several offices has them."""
    missing_optional: tuple[Right, ...] = ()
    """Rights that the user lacks, and without which the program only does or knows less."""
    missing_to_write: str = ""
    """The missing rights that every change needs, such as `INSERT on securitylog`; empty if none of them is missing."""


@dataclass(frozen=True)
class Grant:
    """A GRANT or REVOKE statement in the output of SHOW GRANTS.

    Args:
        privileges: Each privilege with its columns in lower case; no columns mean all of them.
        database: The database, as a LIKE pattern if there is no table; None for all databases.
        table: The table; None for all tables.
        grant_option: True for a grant with GRANT OPTION.
        revoked: True for a partial REVOKE.
    """

    privileges: tuple[tuple[str, frozenset[str]], ...]
    database: str | None
    table: str | None
    grant_option: bool = False
    revoked: bool = False

    def covers(self, database: str) -> bool:
        """Return True if the grant applies to a database or to one of its tables."""
        if self.database is None:
            return True
        # The database is a pattern in grants on all of its tables, and an exact name in grants on one table.
        pattern = re.escape(self.database) if self.table is not None else _like_to_regex(self.database)
        return re.fullmatch(pattern, database, re.IGNORECASE) is not None

    def gives(self, right: Right) -> bool:
        """Return True if the grant gives a right on all columns."""
        if not self._applies_to(right):
            return False
        return any(privilege in (right.privilege, _ALL) and not columns for privilege, columns in self.privileges)

    def columns_given(self, right: Right) -> frozenset[str]:
        """Return the columns, in lower case, for which the grant gives a right's privilege."""
        if not self._applies_to(right):
            return frozenset()
        of_each = (columns for privilege, columns in self.privileges if privilege == right.privilege)
        return frozenset(chain.from_iterable(of_each))

    def _applies_to(self, right: Right) -> bool:
        return self.table is None or self.table.lower() == right.table


def read_grants(connection: Connection, database: str, tables: Iterable[str]) -> Grants:
    """Read the rights of the connected user from the server.

    Args:
        connection: To the practice.
        database: The practice's database.
        tables: The tables that the practice has, in lower case.
    """
    try:
        lines = _show_grants(connection)
    except DBAPIError:
        return Grants(known=False)
    return evaluate_grants(lines, database, frozenset(tables))


def evaluate_grants(lines: Sequence[str], database: str, tables: frozenset[str]) -> Grants:
    """Compare the output of SHOW GRANTS with the rights that this program needs.

    Args:
        lines: The rows of SHOW GRANTS. If one of them can't be parsed, the result is unknown.
        database: The practice's database.
        tables: The tables that the practice has, in lower case.
    """
    parsed = [_parse_line(line) for line in lines if not _GRANTS_NO_RIGHT.match(line)]
    grants = [grant for grant in parsed if grant is not None]
    if len(grants) < len(parsed):
        return Grants(known=False)
    covering = [grant for grant in grants if grant.covers(database)]
    elsewhere, here = _split_off_elsewhere(grants, database)
    missing = [right for right in NEEDED if right.table in tables and not _has_right(covering, right)]
    proxy = ["may act as another user (PROXY)"] if any(line.startswith("GRANT PROXY ") for line in lines) else []
    return Grants(
        known=True,
        missing=tuple(map(str, missing)),
        missing_optional=tuple(right for right in OPTIONAL if not _has_right(covering, right)),
        excess=(*proxy, *_list_excess(here, database)),
        elsewhere=elsewhere,
        missing_to_write=_format_by_privilege([right for right in missing if right in AUDIT_WRITE_GRANTS]),
    )


def _show_grants(connection: Connection) -> list[str]:
    lines = [str(row[0]) for row in connection.execute(text("SHOW GRANTS")).all()]
    if not any(re.match(r"GRANT [`'\"]", line) for line in lines):
        return lines
    # The user has roles. The rights of the active role may have to be read separately.
    role = connection.scalar(text("SELECT CURRENT_ROLE()"))
    if not role or str(role).upper() == "NONE":
        return lines
    mariadb = "mariadb" in str(connection.scalar(text("SELECT VERSION()"))).lower()
    statement = "SHOW GRANTS FOR CURRENT_ROLE" if mariadb else f"SHOW GRANTS FOR CURRENT_USER() USING {role}"
    # MySQL names a role with its host, such as `reader`@`%`, and PyMySQL would take that for a placeholder.
    rows = connection.exec_driver_sql(statement, execution_options={"no_parameters": True}).all()
    # Newer servers list the rights of active roles with those of the user.
    return list(dict.fromkeys((*lines, *(str(row[0]) for row in rows))))


# -- parsing SHOW GRANTS ---------------------------------------------------------------

_LINE = re.compile(
    r"(?P<verb>GRANT|REVOKE) (?P<privileges>.+?) ON (?:TABLE )?(?P<object>\S.*?)"
    r" (?:TO|FROM) (?:[`'\"]|PUBLIC\b).*?(?P<option> WITH .*)?$"
)
_GRANTS_NO_RIGHT = re.compile(r"GRANT (USAGE|PROXY) ON |SET DEFAULT ROLE |GRANT [`'\"].*[`'\"] TO ")
_PRIVILEGE = re.compile(r"([A-Z][A-Z_ ]*[A-Z])\s*(?:\(([^)]*)\))?\s*(?:, *|$)")
_NAME = r"(?:`((?:[^`]|``)*)`|([^`.\s]+))"
_OBJECT = re.compile(rf"(?:\*|{_NAME})\.(?:\*|{_NAME})")
_STORED_PROGRAM = re.compile("FUNCTION|PROCEDURE|PACKAGE")


def _parse_line(line: str) -> Grant | None:
    statement = _LINE.match(line)
    if statement is None:
        return None
    target = _OBJECT.fullmatch(statement["object"])
    privileges = _parse_privileges(statement["privileges"])
    if privileges is None or (target is None and not _STORED_PROGRAM.match(statement["object"])):
        return None
    database, table = (_unquote(target[1], target[2]), _unquote(target[3], target[4])) if target else ("", "")
    grant_option = "GRANT OPTION" in (statement["option"] or "")
    return Grant(privileges, database, table, grant_option, revoked=statement["verb"] == "REVOKE")


def _parse_privileges(list_text: str) -> tuple[tuple[str, frozenset[str]], ...] | None:
    """Parse a list such as `SELECT, UPDATE (Enabled)`; return None if it isn't one."""
    privileges, position = [], 0
    while position < len(list_text):
        match = _PRIVILEGE.match(list_text, position)
        if match is None:
            return None
        columns = frozenset(each.strip(" `").lower() for each in (match[2] or "").split(",") if each.strip())
        privileges.append((_ALL if match[1] == "ALL" else match[1], columns))
        position = match.end()
    return tuple(privileges)


def _unquote(quoted: str | None, unquoted: str | None) -> str | None:
    return quoted.replace("``", "`") if quoted is not None else unquoted


def _like_to_regex(pattern: str) -> str:
    parts = re.findall(r"\\.|.", pattern, re.DOTALL)
    wildcards = {"%": ".*", "_": "."}
    return "".join(wildcards.get(part) or re.escape(part[1:] if len(part) == 2 else part) for part in parts)


# -- missing rights ----------------------------------------------------------------------


def _has_right(covering: Sequence[Grant], right: Right) -> bool:
    """Return True if grants that apply to the practice's database give a right together."""
    granted = [grant for grant in covering if not grant.revoked]
    if any(grant.gives(right) for grant in covering if grant.revoked):
        # A partial revoke restricts grants on all databases, but not those on a single table.
        granted = [grant for grant in granted if grant.table is not None]
    if any(grant.gives(right) for grant in granted):
        return True
    columns = frozenset(chain.from_iterable(grant.columns_given(right) for grant in granted))
    return bool(right.columns) and {column.lower() for column in right.columns} <= columns


def _format_by_privilege(rights: Sequence[Right]) -> str:
    """Format rights grouped by privilege, such as `INSERT on securitylog, signalod`."""
    privileges = dict.fromkeys(right.privilege for right in rights)
    tables = {each: [right.table for right in rights if right.privilege == each] for each in privileges}
    return "; ".join(f"{privilege} on {', '.join(tables[privilege])}" for privilege in privileges)


# -- rights that aren't needed -----------------------------------------------------------


def _list_excess(grants: Sequence[Grant], database: str) -> list[str]:
    descriptions: list[str] = []
    for grant in grants:
        if grant.revoked:
            continue
        target = _format_target(grant)
        if grant.grant_option:
            descriptions.append(f"has GRANT OPTION on {target}")
        privileges = [
            _format_privilege(name, columns)
            for name, columns in grant.privileges
            if not _is_needed(grant, name, columns, database)
        ]
        if privileges:
            descriptions.append(f"{', '.join(privileges)} on {target}")
    return descriptions


def _split_off_elsewhere(grants: Sequence[Grant], database: str) -> tuple[int, list[Grant]]:
    """Split off the grants on other databases that are needed on databases of other offices.

    Returns:
        The number of these databases, and the other grants.
    """
    elsewhere = [
        grant
        for grant in grants
        if grant.database and not grant.covers(database) and not grant.grant_option and not grant.revoked
        if all(_is_needed_somewhere(grant, name, columns) for name, columns in grant.privileges)
    ]
    return len({grant.database for grant in elsewhere}), [grant for grant in grants if grant not in elsewhere]


def _is_needed(grant: Grant, privilege: str, columns: frozenset[str], database: str) -> bool:
    return grant.covers(database) and _is_needed_somewhere(grant, privilege, columns)


def _is_needed_somewhere(grant: Grant, privilege: str, columns: frozenset[str]) -> bool:
    """Return True for a privilege that the program needs on the table of a grant, in whichever database it is."""
    if grant.table is None:
        return False
    needed = [
        right for right in (*NEEDED, *OPTIONAL) if (right.table, right.privilege) == (grant.table.lower(), privilege)
    ]
    return any(
        not right.columns or (bool(columns) and columns <= {each.lower() for each in right.columns}) for right in needed
    )


def _format_privilege(privilege: str, columns: frozenset[str]) -> str:
    return f"{privilege} ({', '.join(sorted(columns))})" if columns else privilege


def _format_target(grant: Grant) -> str:
    if grant.database is None:
        return "all databases of the server"
    if grant.table is None:
        return f"all tables of {grant.database}"
    return f"{grant.database}.{grant.table}" if grant.database else "a stored program"
