"""Import of offices from a workstation's `FreeDentalConfig.xml`, or from the list of a Central Manager."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path, PureWindowsPath
from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element

from core.base.errors import ConfigurationError
from core.base.regular_file import read_regular_file
from core.database.address import ServerAddress
from core.offices.config_table import ConfigTable, InvalidSetting
from core.offices.configured_office import ConfiguredOffice
from core.offices.connection_string import parse_connection_string
from core.offices.office_table import MAX_NAME_LENGTH, parse_office
from core.offices.server_names import HostFinder, ServerName, parse_server_name

if TYPE_CHECKING:
    from core.base.secret import Secret
    from core.offices.central_connections import CentralConnection

_MAX_FILE_BYTES = 1_000_000


@dataclass(frozen=True)
class ImportResult:
    """The offices that an import found."""

    offices: tuple[ConfiguredOffice, ...]
    remarks: tuple[str, ...]
    """Sentences for the admin: what was left out, and what remains to be done."""


@dataclass(frozen=True)
class _Connection:
    """The database that a workstation connects to."""

    server: ServerName
    database: str
    user: str
    certificate: str
    """The path of the server's certificate authority on the workstation; may be empty."""
    password_remark: str


def import_from_workstation(path: Path, find_host: HostFinder, name: str | None = None) -> ImportResult:
    """Return the office in a workstation's `FreeDentalConfig.xml`. Its password is never imported.

    Args:
        path: The file, copied from the workstation.
        find_host: Finds out what the server is called from here.
        name: A name for the office; by default, a name made of its database and server.

    Raises:
        ConfigurationError: The file can't be read, is something else, or names no database that can be reached.
    """
    connection = _read_connection(path)
    server = _server_from_here(connection.server, find_host)
    if server is None:
        raise ConfigurationError(
            f"{path} names its server {connection.server.text}, which {connection.server.meaning}.",
            "Give the server's name as seen from this computer: --host HOST, or --host HOST:PORT.",
        )
    user = connection.user or "apisetup"
    try:
        office = _make_office(name or "", server, connection.database, user)
    except InvalidSetting as error:
        raise ConfigurationError(
            f"{path} names a database that cannot be opened: {error.sentence}",
            "Fix it there, or add the office yourself: apisetup offices add.",
        ) from error
    return ImportResult((office,), tuple(_workstation_remarks(connection, office, user)))


def import_from_central_manager(
    address: ServerAddress, password: Secret, taken: Iterable[str], find_host: HostFinder
) -> ImportResult:
    """Return the offices in the table `centralconnection` of a Central Manager. Blocks.

    The encrypted passwords in that table are not read.

    Args:
        address: The Central Manager's own database.
        password: The password of the database user.
        taken: The names of existing offices, which the imported ones don't get.
        find_host: Finds out what a server is called from here. Servers that nobody can name are left out.

    Raises:
        PracticeUnavailable: The database can't be read, or isn't one of a Central Manager.
    """
    from core.offices.central_connections import read_central_connections

    offices: list[ConfiguredOffice] = []
    remarks: list[str] = []
    for row in read_central_connections(address, password):
        note = _first_line(row.note)
        label = note or row.service or f"Connection {row.number}"
        if not row.server or not row.database:
            remarks.append(f"{label} {_reason_to_skip(row)}, and was skipped.")
            continue
        named = parse_server_name(row.server)
        server = _server_from_here(named, find_host)
        if server is None:
            remarks.append(f"{label} was skipped: its server {named.text} {named.meaning}. {_how_to_name(named)}")
            continue
        try:
            office = _make_office(note, server, row.database, row.user or address.user)
            offices.append(replace(office, tags=_tags(row)))
        except InvalidSetting as error:
            remarks.append(f"{label} was skipped: {error.sentence}")
    if offices:
        remarks.append("Passwords aren't imported because they are encrypted. Each office prompts for its own.")
    return rename_duplicates(ImportResult(tuple(offices), tuple(remarks)), taken)


def rename_duplicates(result: ImportResult, taken: Iterable[str]) -> ImportResult:
    """Return the result with a number appended to each name that exists already, ignoring case.

    Args:
        result: The imported offices.
        taken: The names of existing offices.
    """
    names, offices = {each.casefold() for each in taken}, list[ConfiguredOffice]()
    for office in result.offices:
        name = _unique_name(office.name, names)
        names.add(name.casefold())
        offices.append(replace(office, name=name))
    return replace(result, offices=tuple(offices))


def _server_from_here(server: ServerName, find_host: HostFinder) -> ServerName | None:
    """Return the server under its name from here; None if nobody knows it."""
    found = find_host(server)
    if found:
        return server.called(found)
    return None if server.is_relative else server


def _make_office(name: str, server: ServerName, database: str, user: str) -> ConfiguredOffice:
    """Return an office, checked by the rules of the configuration file.

    Raises:
        InvalidSetting: One of the values isn't allowed there.
    """
    values = {"host": server.host, "port": server.port, "database": database, "user": user}
    return parse_office(_clean_name(name) or _clean_name(f"{database}@{server.host}"), ConfigTable((), values), Path)


def _read_connection(path: Path) -> _Connection:
    """Return the connection that Open Dental would make: that of `ConnectionString`, or else `DatabaseConnection`."""
    root = _parse_xml(path)
    element = _find_element(root, "DatabaseConnection")
    string = _find_element(root, "ConnectionString")
    if string is not None and (string.text or "").strip():
        return _from_connection_string(path, string.text or "")
    if element is None and root.tag.lower() not in ("connectionsettings", "freedentalconfig"):
        raise ConfigurationError(
            f"{path} isn't a FreeDentalConfig.xml: it has no DatabaseConnection.",
            "The file is next to OpenDental.exe on a workstation.",
        )
    host, database = _find_text(element, "ComputerName"), _find_text(element, "Database")
    if element is None or not host or not database:
        if _find_text(_find_element(root, "ServerConnection"), "URI"):
            raise ConfigurationError(
                f"The workstation of {path} connects by Open Dental's Middle Tier, so no database address is in it.",
                "Take the file of a computer that connects to the database itself, such as the server.",
            )
        raise ConfigurationError(f"{path} names no computer and database.", "Take another workstation's file.")
    return _Connection(
        parse_server_name(host),
        database,
        _find_text(element, "User"),
        _find_text(element, "SslCa"),
        _password_remark(_find_text(element, "Password"), _find_text(element, "MySQLPassHash")),
    )


def _from_connection_string(path: Path, text: str) -> _Connection:
    hint = "Add the office yourself: apisetup offices add."
    try:
        settings = parse_connection_string(text)
    except ValueError:
        # Not chained, because the text may contain a password.
        raise ConfigurationError(f"The ConnectionString in {path} can't be read.", hint) from None
    if not settings.get("database"):
        raise ConfigurationError(f"The ConnectionString in {path} names no database.", hint)
    return _Connection(
        _server_of(path, settings),
        settings["database"],
        settings.get("user", ""),
        settings.get("certificate", ""),
        _password_remark(settings.get("password", ""), ""),
    )


def _server_of(path: Path, settings: dict[str, str]) -> ServerName:
    """Return the server that a connection string names. The driver's defaults are localhost and TCP."""
    server, port = parse_server_name(settings.get("server", "")), settings.get("port", "")
    if "," in server.host or (port and not port.isdecimal()):
        raise ConfigurationError(
            f"The ConnectionString in {path} names several servers, or no usable port.",
            "Add the office yourself: apisetup offices add.",
        )
    # A named pipe or shared memory doesn't leave the computer.
    within = settings.get("protocol", "tcp").casefold() not in ("tcp", "socket", "sockets")
    return replace(
        server,
        text=server.text or "localhost",
        port=int(port[:6]) if port else server.port,
        is_own_computer=within or server.is_own_computer,
    )


def _workstation_remarks(connection: _Connection, office: ConfiguredOffice, user: str) -> Iterable[str]:
    if connection.certificate and isinstance(office.address, ServerAddress) and office.address.tls is not None:
        file = PureWindowsPath(connection.certificate).name
        yield f"The certificate {file} is on the workstation; copy it, and name it as tls_ca."
    yield connection.password_remark
    if user.lower() == "root":
        yield (
            "The workstation's database user is root. A dedicated user is safer: 'apisetup grants' prints its script."
        )


def _password_remark(clear: str, encrypted: str) -> str:
    if clear:
        return "The file has the password in clear text; it isn't copied. apisetup prompts for the database password."
    if encrypted:
        return (
            "Its password is encrypted so that only Open Dental can read it. apisetup prompts for the database"
            " password."
        )
    return "It has no password. apisetup prompts for the database password."


def _how_to_name(server: ServerName) -> str:
    if server.is_own_computer:
        return "Use --host to give that computer's name as seen from here."
    return "Add it yourself: apisetup offices add."


def _tags(row: CentralConnection) -> tuple[str, ...]:
    """Return the groups of a connection as tags."""
    return tuple(tag for group in row.groups if (tag := _clean_name(group)))


def _reason_to_skip(row: CentralConnection) -> str:
    return "is reached by Middle Tier" if row.service else "names no server and database"


def _first_line(text: str) -> str:
    return text.splitlines()[0] if text else ""


def _clean_name(name: str) -> str:
    """Return a name without unprintable characters and repeated spaces, shortened to the maximum length."""
    printable = "".join(each if each.isprintable() else " " for each in name)
    return " ".join(printable.split())[:MAX_NAME_LENGTH].strip()


def _unique_name(name: str, taken: set[str]) -> str:
    number, unique = 2, name
    while unique.casefold() in taken:
        suffix = f" ({number})"
        unique = f"{name[: MAX_NAME_LENGTH - len(suffix)]}{suffix}"
        number += 1
    return unique


def _parse_xml(path: Path) -> Element:
    """Return the root element of an XML file. Documents with a DTD are rejected."""
    from defusedxml import DefusedXmlException
    from defusedxml.ElementTree import ParseError, fromstring

    try:
        content = read_regular_file(path, _MAX_FILE_BYTES)
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read: {error.strerror}.", "Name another file.") from error
    try:
        root: Element = fromstring(content, forbid_dtd=True)
    except (DefusedXmlException, ParseError, ValueError, LookupError) as error:
        raise ConfigurationError(
            f"{path} isn't a valid XML file.", "A FreeDentalConfig.xml is next to OpenDental.exe."
        ) from error
    return root


def _find_element(element: Element | None, name: str) -> Element | None:
    """Return the first descendant of that name, ignoring case."""
    if element is None:
        return None
    return next((each for each in element.iter() if str(each.tag).lower() == name.lower()), None)


def _find_text(element: Element | None, name: str) -> str:
    child = _find_element(element, name)
    return " ".join((child.text or "").split()) if child is not None else ""
