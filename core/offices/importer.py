"""Offices out of what an office has already: a workstation's configuration, or the list of a central manager."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PureWindowsPath
from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element

from core.base.errors import ConfigurationError
from core.database.address import ServerAddress
from core.offices.config_table import Problem, Table
from core.offices.configured_office import MAX_NAME_LENGTH, ConfiguredOffice, office_from

if TYPE_CHECKING:
    from core.base.secret import Secret

_LARGEST_FILE = 1_000_000


@dataclass(frozen=True)
class Found:
    """What was found in one place."""

    offices: tuple[ConfiguredOffice, ...]
    remarks: tuple[str, ...]
    """What was left out, and what has to be done by hand; in plain words."""


def from_workstation(path: Path, name: str | None = None) -> Found:
    """Read a workstation's `FreeDentalConfig.xml`; its password is never taken.

    Args:
        path: The file, as copied from the workstation.
        name: What to call the office; else it is called after its database and server.

    Raises:
        ConfigurationError: The file cannot be read, is something else, or names no database.
    """
    root = _parsed(path)
    if (
        root.tag.lower() not in ("connectionsettings", "freedentalconfig")
        and _below(root, "DatabaseConnection") is None
    ):
        raise ConfigurationError(
            f"{path} is no FreeDentalConfig.xml: it has no DatabaseConnection.",
            "It is beside OpenDental.exe on a workstation.",
        )
    connection = _below(root, "DatabaseConnection")
    host, database = _text(connection, "ComputerName"), _text(connection, "Database")
    if connection is None or not host or not database:
        if _text(_below(root, "ServerConnection"), "URI"):
            raise ConfigurationError(
                f"The workstation of {path} connects by Open Dental's Middle Tier, so no database address is in it.",
                "Take the file of a computer that connects to the database itself, such as the server.",
            )
        raise ConfigurationError(f"{path} names no computer and database.", "Take another workstation's file.")
    user = _text(connection, "User") or "apisetup"
    try:
        office, remarks = _office(name or "", host, database, user), list[str]()
    except Problem as problem:
        raise ConfigurationError(
            f"{path} names a database that cannot be opened: {problem.sentence}",
            "Correct it there, or name the database yourself: apisetup offices add.",
        ) from problem
    authority = _text(connection, "SslCa")
    if authority and isinstance(office.address, ServerAddress) and office.address.tls is not None:
        remarks.append(
            f"The certificate {PureWindowsPath(authority).name} is on the workstation; copy it, and name it as tls_ca."
        )
    remarks.append(_password_remark(connection))
    if user.lower() == "root":
        remarks.append("The workstation's database user is root; the README's own user may do less, and is safer.")
    return Found((office,), tuple(remarks))


def from_central_manager(address: ServerAddress, password: Secret, taken: Iterable[str]) -> Found:
    """Read the offices that Open Dental's central manager lists in the table `centralconnection`; this blocks.

    Its encrypted passwords are not ours to read, and are not asked for.

    Args:
        address: The central manager's own database.
        password: Of its database user.
        taken: Names that offices have already.

    Raises:
        PracticeUnavailable: The database cannot be read, or is none of a central manager.
    """
    from core.offices.central_connections import read_central_connections

    names, offices, remarks = {each.casefold() for each in taken}, list[ConfiguredOffice](), list[str]()
    for row in read_central_connections(address, password):
        note = row.note.splitlines()[0] if row.note else ""
        called = note or row.service or f"Connection {row.number}"
        if not row.server or not row.database:
            why = "is reached by Middle Tier" if row.service else "names no server and database"
            remarks.append(f"{called} {why}, and is left out.")
            continue
        try:
            office = _office(note, row.server, row.database, row.user or address.user)
        except Problem as problem:
            remarks.append(f"{called} is left out: {problem.sentence}")
            continue
        name = _unused(office.name, names)
        names.add(name.casefold())
        offices.append(replace(office, name=name))
    if offices:
        remarks.append("Passwords are not taken: they are encrypted there. Each office asks for its own.")
    return Found(tuple(offices), tuple(remarks))


def renamed(found: Found, taken: Sequence[str]) -> Found:
    """The same with names that no office has yet."""
    names, offices = {each.casefold() for each in taken}, list[ConfiguredOffice]()
    for office in found.offices:
        name = _unused(office.name, names)
        names.add(name.casefold())
        offices.append(replace(office, name=name))
    return replace(found, offices=tuple(offices))


def _office(name: str, server: str, database: str, user: str) -> ConfiguredOffice:
    """An office by the rules of the configuration file, in which it is to stand.

    Raises:
        Problem: One of the values cannot stand there.
    """
    host, port = _host_and_port(server)
    values = {"host": host, "port": port, "database": database, "user": user}
    return office_from(_name(name) or _name(f"{database}@{host}"), Table((), values), Path)


def _host_and_port(server: str) -> tuple[str, int]:
    """`host`, `host:port`, or an IPv6 address with or without brackets; anything else stays as it is."""
    found = re.fullmatch(r"\[(.+)\](?::([0-9]{1,5}))?|([^:]+):([0-9]{1,5})", server.strip())
    if found is None:
        return server.strip(), 3306
    return found[1] or found[3], int(found[2] or found[4] or 3306)


def _password_remark(connection: Element) -> str:
    if _text(connection, "Password"):
        return "Its password stands there in clear; it is not copied. apisetup asks for the database password."
    if _text(connection, "MySQLPassHash"):
        return (
            "Its password is encrypted in a way that only Open Dental reads. apisetup asks for the database password."
        )
    return "It has no password. apisetup asks for the database password."


def _name(wanted: str) -> str:
    printable = "".join(each if each.isprintable() else " " for each in wanted)
    return " ".join(printable.split())[:MAX_NAME_LENGTH].strip()


def _unused(name: str, taken: set[str]) -> str:
    number, unused = 2, name
    while unused.casefold() in taken:
        ending = f" ({number})"
        unused = f"{name[: MAX_NAME_LENGTH - len(ending)]}{ending}"
        number += 1
    return unused


def _parsed(path: Path) -> Element:
    """The root of an XML file, which may not bring definitions of its own."""
    from defusedxml import DefusedXmlException
    from defusedxml.ElementTree import ParseError, fromstring

    try:
        with path.open("rb") as file:
            content = file.read(_LARGEST_FILE + 1)
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read: {error.strerror}.", "Name another file.") from error
    if len(content) > _LARGEST_FILE:
        raise ConfigurationError(f"{path} is too large for a FreeDentalConfig.xml.", "Name another file.")
    try:
        root: Element = fromstring(content, forbid_dtd=True)
    except (DefusedXmlException, ParseError, ValueError, LookupError) as error:
        raise ConfigurationError(
            f"{path} is no XML file that can be used.", "A FreeDentalConfig.xml is beside OpenDental.exe."
        ) from error
    return root


def _below(element: Element | None, name: str) -> Element | None:
    """The first element of that name, whose case does not count."""
    if element is None:
        return None
    return next((each for each in element.iter() if str(each.tag).lower() == name.lower()), None)


def _text(element: Element | None, name: str) -> str:
    found = _below(element, name)
    return " ".join((found.text or "").split()) if found is not None else ""
