"""What the database user may do, found out by asking the server and not by failing."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from core.practice.required_rights import AUDIT_WRITE_GRANTS, NEEDED, Right


@dataclass(frozen=True)
class Grants:
    """What the database user may and may not do on a practice."""

    known: bool
    """Whether the server told it in a way that is understood; otherwise nothing is said of it."""
    missing: tuple[str, ...] = ()
    """Rights that the program needs, such as `UPDATE (Enabled) on program`."""
    excess: tuple[str, ...] = ()
    """Rights that it does not need, in words."""
    why_no_writing: str = ""
    """Which rights are missing without which nothing can be logged, and so nothing changed; empty where none is."""


@dataclass(frozen=True)
class Grant:
    """One line of SHOW GRANTS.

    Args:
        privileges: Each privilege with the columns it holds for; without columns for all of them.
        database: The pattern of the database's name; None means every one.
        table: The table; None means every one.
        option: Whether the user may hand the rights on.
        taken: Whether these are rights that are taken away again.
    """

    privileges: tuple[tuple[str, frozenset[str]], ...]
    database: str | None
    table: str | None
    option: bool = False
    taken: bool = False

    def covers(self, database: str) -> bool:
        """Whether it holds for a database."""
        if self.database is None:
            return True
        # Names of tables stand beside a database's exact name; otherwise it is a pattern as in LIKE.
        pattern = re.escape(self.database) if self.table is not None else _as_expression(self.database)
        return re.fullmatch(pattern, database, re.IGNORECASE) is not None

    def gives(self, right: Right) -> bool:
        """Whether it gives all of a right on its table, or some of the columns that are asked for."""
        return any(self._gives(privilege, columns, right) for privilege, columns in self.privileges)

    def columns_given(self, right: Right) -> frozenset[str]:
        """Those columns for which it gives the privilege of a right."""
        if self.table is not None and self.table.lower() != right.table:
            return frozenset()
        of_each = (columns for privilege, columns in self.privileges if privilege == right.privilege)
        return frozenset(chain.from_iterable(of_each))

    def _gives(self, privilege: str, columns: frozenset[str], right: Right) -> bool:
        same_table = self.table is None or self.table.lower() == right.table
        return same_table and privilege in (right.privilege, _ALL) and not columns


_ALL = "ALL PRIVILEGES"
_LINE = re.compile(
    r"(?P<verb>GRANT|REVOKE) (?P<privileges>.+?) ON (?:TABLE )?(?P<object>\S.*?)"
    r" (?:TO|FROM) [`'\"].*?(?P<option> WITH .*)?$"
)
_OF_NOTHING = re.compile(r"GRANT (USAGE|PROXY) ON |SET DEFAULT ROLE |GRANT [`'\"].*[`'\"] TO ")
_PART = re.compile(r"([A-Z][A-Z_ ]*[A-Z])\s*(?:\(([^)]*)\))?\s*(?:,|$)")
_NAME = r"(?:`((?:[^`]|``)*)`|([^`.\s]+))"


def read_grants(connection: Connection, database: str, tables: Iterable[str]) -> Grants:
    """Ask the server what the connected user may do.

    Args:
        connection: To the practice.
        database: Its name.
        tables: The tables that the practice has.
    """
    try:
        lines = _asked(connection)
    except DBAPIError:
        return Grants(known=False)
    return judged(lines, database, frozenset(tables))


def judged(lines: Sequence[str], database: str, tables: frozenset[str]) -> Grants:
    """What lines of SHOW GRANTS mean for a practice; a line that is not understood makes all of it unknown."""
    grants = [_parsed(line) for line in lines if not _OF_NOTHING.match(line)]
    if any(grant is None for grant in grants):
        return Grants(known=False)
    given = [grant for grant in grants if grant is not None]
    needed = [right for right in NEEDED if right.table in tables]
    missing = [right for right in needed if not _has(given, database, right)]
    proxy = ["may act as another user (PROXY)"] if any(line.startswith("GRANT PROXY ") for line in lines) else []
    return Grants(
        known=True,
        missing=tuple(map(str, missing)),
        excess=(*proxy, *_excess(given, database)),
        why_no_writing=_by_privilege([right for right in missing if right in AUDIT_WRITE_GRANTS]),
    )


def _by_privilege(rights: Sequence[Right]) -> str:
    """Rights in few words: `INSERT on securitylog, signalod`."""
    privileges = dict.fromkeys(right.privilege for right in rights)
    tables = {each: [right.table for right in rights if right.privilege == each] for each in privileges}
    return "; ".join(f"{privilege} on {', '.join(tables[privilege])}" for privilege in privileges)


def _asked(connection: Connection) -> list[str]:
    lines = [str(row[0]) for row in connection.execute(text("SHOW GRANTS")).all()]
    if not any(re.match(r"GRANT [`'\"]", line) for line in lines):
        return lines
    # Of a role only that it was granted is shown; what it gives is asked for, if it is active.
    role = connection.scalar(text("SELECT CURRENT_ROLE()"))
    if not role or str(role).upper() == "NONE":
        return lines
    mariadb = "mariadb" in str(connection.scalar(text("SELECT VERSION()"))).lower()
    question = "SHOW GRANTS FOR CURRENT_ROLE" if mariadb else f"SHOW GRANTS FOR CURRENT_USER() USING {role}"
    return [*lines, *(str(row[0]) for row in connection.exec_driver_sql(question).all())]


def _parsed(line: str) -> Grant | None:
    found = _LINE.match(line)
    if found is None:
        return None
    place = re.fullmatch(rf"(?:\*|{_NAME})\.(?:\*|{_NAME})", found["object"])
    privileges = _privileges(found["privileges"])
    if privileges is None or (place is None and not re.match("FUNCTION|PROCEDURE|PACKAGE", found["object"])):
        return None
    database, table = (_unquoted(place[1], place[2]), _unquoted(place[3], place[4])) if place else ("", "")
    option = "GRANT OPTION" in (found["option"] or "")
    return Grant(privileges, database, table, option, taken=found["verb"] == "REVOKE")


def _privileges(words: str) -> tuple[tuple[str, frozenset[str]], ...] | None:
    parts, at = [], 0
    while at < len(words):
        found = _PART.match(words, at)
        if found is None:
            return None
        columns = frozenset(each.strip(" `").lower() for each in (found[2] or "").split(",") if each.strip())
        parts.append((found[1].replace("ALL", _ALL) if found[1] == "ALL" else found[1], columns))
        at = found.end()
        while at < len(words) and words[at] == " ":
            at += 1
    return tuple(parts)


def _unquoted(quoted: str | None, plain: str | None) -> str | None:
    return quoted.replace("``", "`") if quoted is not None else plain


def _as_expression(pattern: str) -> str:
    parts = re.findall(r"\\.|.", pattern, re.DOTALL)
    wild = {"%": ".*", "_": "."}
    return "".join(wild.get(part) or re.escape(part[1:] if len(part) == 2 else part) for part in parts)


def _has(grants: Sequence[Grant], database: str, right: Right) -> bool:
    there = [grant for grant in grants if grant.covers(database) and not grant.taken]
    taken = [grant for grant in grants if grant.covers(database) and grant.taken]
    if any(grant.gives(right) for grant in taken):
        there = [grant for grant in there if grant.table is not None]
    if any(grant.gives(right) for grant in there):
        return True
    columns = frozenset(chain.from_iterable(grant.columns_given(right) for grant in there))
    return bool(right.columns) and {column.lower() for column in right.columns} <= columns


# -- more than is needed ---------------------------------------------------------------


def _excess(grants: Sequence[Grant], database: str) -> list[str]:
    words: list[str] = []
    for grant in grants:
        if grant.taken:
            continue
        if grant.option:
            words.append(f"may hand on its rights on {_where(grant)} (GRANT OPTION)")
        names = [name for name, columns in grant.privileges if not _is_needed(grant, name, columns, database)]
        if names:
            columns = dict(grant.privileges)
            words.append(f"{', '.join(_worded(name, columns[name]) for name in names)} on {_where(grant)}")
    return words


def _is_needed(grant: Grant, privilege: str, columns: frozenset[str], database: str) -> bool:
    if grant.table is None or not grant.covers(database):
        return False
    needed = [right for right in NEEDED if (right.table, right.privilege) == (grant.table.lower(), privilege)]
    return any(
        not right.columns or (bool(columns) and columns <= {each.lower() for each in right.columns}) for right in needed
    )


def _worded(privilege: str, columns: frozenset[str]) -> str:
    return f"{privilege} ({', '.join(sorted(columns))})" if columns else privilege


def _where(grant: Grant) -> str:
    if grant.database is None:
        return "every database of the server"
    if grant.table is None:
        return f"every table of {grant.database}"
    return f"{grant.database}.{grant.table}" if grant.database else "a stored program"
