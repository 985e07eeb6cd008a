"""An office as the configuration file names it: where it is and how it is opened, never what it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path

from core.base.errors import ConfigurationError, HeadquartersUnreachable
from core.database.address import Address, FileAddress, ServerAddress
from core.database.tls import Tls, is_local
from core.model.api_key import AuthorityName
from core.offices.config_table import Problem, Table
from core.offices.password_source import PROMPT, Kind, PasswordSource, parse_password_source

MAX_NAME_LENGTH = 60
MAX_LOCK_MINUTES = 525_600
"""Minutes: a year."""
_ON_SERVER = (
    "host",
    "port",
    "socket",
    "database",
    "user",
    "password_from",
    "tls",
    "tls_ca",
    "tls_cert",
    "tls_key",
    "companion",
    "headquarters_url",
)
_ANYWHERE = ("authority", "license_file", "license_title", "read_only", "production", "lock_after_minutes")
_TLS_FILES = ("tls_ca", "tls_cert", "tls_key")

PathResolver = Callable[[str], Path]
"""Makes a path in full of one in the file."""


@dataclass(frozen=True)
class ConfiguredOffice:
    """One table `[offices.NAME]`."""

    name: str
    address: Address
    """With the protection of its line."""
    password_from: PasswordSource = PROMPT
    authority: AuthorityName | None = None
    """None is the default: headquarters for a server, the local registry for a file."""
    companion: Path | None = None
    """None is the default: a file beside the configuration."""
    headquarters_url: str = ""
    """Where headquarters is asked, instead of the address in the practice's preferences."""
    license_file: Path | None = None
    """None is that of `[license]`, which holds for all offices."""
    license_title: str | None = None
    read_only: bool = False
    production: bool = False
    """Whether real patients' data are in it; a word in the first line says so."""
    lock_after_minutes: int | None = None
    """Hide everything after so many minutes without a key; the practice's own limit holds where it is shorter."""


def office_from(name: str, table: Table, place: PathResolver) -> ConfiguredOffice:
    """Read the table of an office.

    Raises:
        Problem: A name is not known, a value cannot be used, or two say different things.
    """
    check_name(name, table.keys)
    if "password" in table:
        raise table.problem(
            "password",
            "an office has a password; passwords have no place in this file.",
            'Take it out, change it, since it stood here, and name where it comes from: password_from = "prompt".',
        )
    table.refuse_unknown(("file", *_ON_SERVER, *_ANYWHERE))
    in_file = "file" in table
    authority = table.one_of("authority", *(each.value for each in AuthorityName))
    if in_file and authority == AuthorityName.HEADQUARTERS.value:
        raise table.problem("authority", "an SQLite practice has no headquarters.", 'Leave it out, or write "local".')
    license_file, license_title = table.text("license_file"), table.text("license_title")
    if license_title is not None and license_file is None:
        raise table.problem("license_title", "license_title stands without license_file.", "Name the text's file, too.")
    companion = table.text("companion")
    return ConfiguredOffice(
        name=name,
        address=_file_address(table, place) if in_file else _server_address(table, place),
        password_from=_password_source(table, place),
        authority=AuthorityName(authority) if authority is not None else None,
        companion=place(companion) if companion else None,
        headquarters_url=_headquarters_url(table),
        license_file=place(license_file) if license_file else None,
        license_title=license_title,
        read_only=table.flag("read_only"),
        production=table.flag("production"),
        lock_after_minutes=table.number("lock_after_minutes", at_least=1, at_most=MAX_LOCK_MINUTES),
    )


def check_name(name: str, keys: tuple[str, ...]) -> None:
    """Refuse a name that a line of the list could not show as it is.

    Raises:
        Problem: The name is empty, too long, or cannot be printed.
    """
    if not name.strip() or name != name.strip():
        raise Problem(keys, "the name of an office is empty, or has blanks around it.", "Give it a name.")
    if not name.isprintable():
        raise Problem(keys, "the name of an office has characters that cannot be printed.", "Take them out.")
    if len(name) > MAX_NAME_LENGTH:
        raise Problem(keys, f"the name of an office has more than {MAX_NAME_LENGTH} characters.", "Shorten it.")


def _file_address(table: Table, place: PathResolver) -> FileAddress:
    for name in _ON_SERVER:
        if name in table:
            raise table.problem(name, f"file and {name} name two different practices.", "Choose one of them.")
    return FileAddress(place(table.text("file") or ""))


def _server_address(table: Table, place: PathResolver) -> ServerAddress:
    host, socket = table.text("host"), table.text("socket")
    if host is not None and socket is not None:
        raise table.problem("socket", "host and socket say two things.", "Choose one of them.")
    if socket is not None and "port" in table:
        raise table.problem("port", "a socket has no port.", "Leave the port out.")
    if host is not None and ":" in host and not _is_address(host):
        raise table.problem(
            "host",
            "host must be a name or an address without a port.",
            "Name the port in port, and an IPv6 address without brackets.",
        )
    database, user = table.text("database"), table.text("user")
    if database is None or user is None or not (host or socket):
        raise Problem(
            table.keys, f"the office {table.keys[-1]} needs host, database and user.", "Add what is missing, or file."
        )
    return ServerAddress(
        host=host or "localhost",
        port=table.number("port", at_least=1, at_most=65_535) or 3306,
        database=database,
        user=user,
        socket=str(place(socket)) if socket else "",
        tls=_tls(table, place, local=is_local(host or "localhost", socket or "")),
    )


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _tls(table: Table, place: PathResolver, *, local: bool) -> Tls | None:
    wanted = table.one_of("tls", "verify", "off")
    files = {name: text for name in _TLS_FILES if (text := table.text(name)) is not None}
    if wanted == "off" and files:
        raise table.problem("tls", f"tls is off, and {next(iter(files))} says how it is on.", "Choose one of them.")
    if "tls_key" in files and "tls_cert" not in files:
        raise table.problem("tls_key", "tls_key stands without tls_cert.", "Name the certificate, too.")
    if wanted == "off" or (wanted is None and not files and local):
        return None
    return Tls(*(place(files[name]) if name in files else None for name in _TLS_FILES))


def _headquarters_url(table: Table) -> str:
    url = table.text("headquarters_url") or ""
    if not url:
        return url
    # Imported here, since few offices have one, and every start reads this file.
    from core.headquarters.transport import validate_address

    if table.text("authority") == AuthorityName.LOCAL.value:
        raise table.problem(
            "headquarters_url", "headquarters is not asked where authority is local.", "Choose one of them."
        )
    try:
        validate_address(url)
    except HeadquartersUnreachable as error:
        raise table.problem("headquarters_url", f"headquarters_url: {error.sentence}", error.hint) from None
    return url


def _password_source(table: Table, place: PathResolver) -> PasswordSource:
    text = table.text("password_from")
    if text is None:
        return PROMPT
    try:
        source = parse_password_source(text)
    except ConfigurationError as error:
        raise table.problem("password_from", f"password_from: {error.sentence}", error.hint) from None
    return PasswordSource(source.kind, str(place(source.detail))) if source.kind is Kind.FILE else source
